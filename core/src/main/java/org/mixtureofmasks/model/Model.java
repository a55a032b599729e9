package org.mixtureofmasks.model;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.format.StoredShares;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ParallelKernels;

/**
 * A LLaMA-style model, dense or a mixture of masks, ready to run. Configuration and weights are
 * immutable; every text is a {@link TextState}, every caller brings a {@link Workspace}, and {@link
 * #newState} makes both for whoever has one text. Callers on different threads may run at the same
 * time: they share the threads and the pool of pages, nothing else.
 */
public final class Model implements AutoCloseable {
  /** Tokens of a pass that warms up: enough for the kernels of many tokens. */
  private static final int WARM_UP_TOKENS = 16;

  private static final int WARM_UP_PASSES = 3;

  /** Receives logits of one position after the other. */
  @FunctionalInterface
  public interface LogitsVisitor {
    /**
     * Called once for each position, in order.
     *
     * @param index counts the tokens of this call from 0
     * @param logits vocab_size floats, valid until the visitor returns
     */
    void logits(int index, float[] logits);
  }

  /** Receives what a {@link #step} gives each of its texts. */
  public interface StepVisitor {
    /**
     * The text has its token.
     *
     * @param text its place in the step
     * @param logits vocab_size floats after the token, valid until the visitor returns
     */
    void logits(int text, float[] logits);

    /**
     * The text cannot have its token and is as it was; the others of the step are not concerned.
     *
     * @param text its place in the step
     * @param why in one line
     */
    void refused(int text, UserError why);
  }

  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final ModelWeights weights;
  private final Arena arena;
  private final @Nullable WeightMove move;
  private final ParallelKernels kernels;
  private final ForwardPass forward;
  private final PackedPass packed;
  private final StepPass stepPass;
  private final KvPool pool;
  private final String description;

  /** Made by {@link ModelLoader}; owns all that it is handed. */
  Model(
      Checkpoint checkpoint,
      ModelConfig config,
      ModelWeights weights,
      Arena arena,
      @Nullable WeightMove move,
      ParallelKernels kernels,
      CacheType cache,
      String description) {
    this.checkpoint = checkpoint;
    this.config = config;
    this.weights = weights;
    this.arena = arena;
    this.move = move;
    this.kernels = kernels;
    this.forward = new ForwardPass(config, weights, kernels, move);
    this.packed = new PackedPass(config, kernels, forward);
    this.stepPass = new StepPass(config, forward);
    this.pool = new KvPool(config, cache.format());
    this.description = description;
  }

  /**
   * Opens a model folder, a .gguf or a llama2.c .bin file, with the kernels that suit this machine.
   *
   * @param model the folder or file
   * @param options threads, and how weights are kept
   * @return the model, which owns threads and mapped files until it is closed
   * @throws BadCheckpoint if it is no model of a known shape: file, offset and reason
   * @throws UserError if huge pages are asked for and cannot be had
   */
  public static Model open(Path model, LoadOptions options) {
    return open(model, options, KernelChoice.get());
  }

  /**
   * Opens a model whose files somebody has opened already, to look at them first.
   *
   * @param checkpoint the model's from now on, also if it cannot be opened
   * @param options threads, and how weights are kept
   * @return the model, which owns threads and mapped files until it is closed
   * @throws BadCheckpoint if it is no model of a known shape: file, offset and reason
   * @throws UserError if huge pages are asked for and cannot be had
   */
  public static Model open(Checkpoint checkpoint, LoadOptions options) {
    return new ModelLoader(options, KernelChoice.get(), WeightFormats.of(options.weights()))
        .open(checkpoint);
  }

  /** Opens a model with kernels of one's choice: for comparisons. */
  static Model open(Path model, LoadOptions options, KernelChoice choice) {
    return new ModelLoader(options, choice, WeightFormats.of(options.weights())).open(model);
  }

  /**
   * The number formats of the matrices in memory, those of routers aside.
   *
   * @return such as "bf16", or several, by bytes and the largest first, as in "q4_k, q6_k"
   */
  public String weightType() {
    return weights.formats();
  }

  /** {@return the shape, and how the FFNs are made sparse if they are} */
  public ModelConfig config() {
    return config;
  }

  /**
   * A text and a workspace of its own: for one caller with one text.
   *
   * @param contextLength tokens that the text can have
   * @return an empty text and its workspace, for passes of up to 128 tokens, of a sparse model 512
   * @throws UserError unless it is in [1, max_position_embeddings]
   */
  public ModelState newState(int contextLength) {
    return newState(contextLength, config.sparse() ? Workspace.SPARSE_BATCH : Workspace.BATCH);
  }

  /**
   * A text and a workspace for passes of another size.
   *
   * @param contextLength tokens that the text can have
   * @param packLimit tokens that are computed together at most, at least 1; working memory grows
   *     with it
   * @return an empty text and its workspace
   * @throws UserError unless contextLength is in [1, max_position_embeddings]
   * @throws IllegalArgumentException if packLimit is below 1
   */
  public ModelState newState(int contextLength, int packLimit) {
    TextState text = newText(contextLength);
    return new ModelState(text, newWorkspace(Math.min(packLimit, contextLength)));
  }

  /**
   * A state that suits {@link #score}: passes of so many tokens that those of a sparse model share
   * their experts' tiles.
   *
   * @param contextLength tokens that a text can have
   * @return an empty text and its workspace, for passes of up to 512 tokens
   * @throws UserError unless it is in [1, max_position_embeddings]
   */
  public ModelState newScoringState(int contextLength) {
    return newState(contextLength, Workspace.SPARSE_BATCH);
  }

  /**
   * An empty text.
   *
   * @param contextLength tokens that it can have; memory is taken as they come
   * @return the text, at position 0
   * @throws UserError unless it is in [1, max_position_embeddings]
   */
  public TextState newText(int contextLength) {
    if (contextLength < 1 || contextLength > config.maxPositions()) {
      throw new UserError(
          "a context of %d tokens is outside 1 to %d (max_position_embeddings of %s)"
              .formatted(contextLength, config.maxPositions(), checkpoint.path()));
    }
    return new TextState(this, pool, contextLength);
  }

  /**
   * Working memory for one caller, whose texts share it.
   *
   * @param batch tokens that are computed together at most, at least 1; its memory grows with it
   * @return the workspace, with nothing counted
   * @throws IllegalArgumentException if batch is below 1
   */
  public Workspace newWorkspace(int batch) {
    if (batch < 1) {
      throw new IllegalArgumentException("passes of %d tokens".formatted(batch));
    }
    return new Workspace(this, batch);
  }

  /**
   * Appends tokens[from, from + count) to the state.
   *
   * @param state the text and the workspace
   * @param tokens ids, of which a part is appended
   * @param from place of the first one
   * @param count how many, at least 1
   * @return the logits of the last one, vocab_size floats, valid until the next call with this
   *     workspace
   * @throws UserError if a token is outside the vocabulary or the context is exceeded; the state is
   *     unchanged then
   * @throws IllegalArgumentException if count is below 1 or the state is another model's
   */
  public float[] forward(ModelState state, int[] tokens, int from, int count) {
    check(state, tokens, from, count);
    int done = 0;
    int n = 0;
    while (done < count) {
      n = Math.min(state.packLimit(), count - done);
      forward.append(state, tokens, from + done, n);
      done += n;
    }
    return lastLogits(state.workspace(), n - 1);
  }

  /** Those of the token of that number in the last pass. */
  private float[] lastLogits(Workspace w, int token) {
    forward.logits(w, new int[] {token}, 0, 1, w.logits);
    return w.logits;
  }

  /**
   * Appends tokens[from, from + count) to the state and gives the logits of every position.
   *
   * @param state the text and the workspace
   * @param tokens ids, of which a part is appended
   * @param from place of the first one
   * @param count how many, at least 1
   * @param visitor called once for each token in order
   * @throws UserError if a token is outside the vocabulary or the context is exceeded; the state is
   *     unchanged then
   * @throws IllegalArgumentException if count is below 1 or the state is another model's
   */
  public void forwardEach(
      ModelState state, int[] tokens, int from, int count, LogitsVisitor visitor) {
    check(state, tokens, from, count);
    Workspace w = state.workspace();
    // As many rows of logits at once as keep a tile busy and their memory small.
    int rows = Math.min(state.packLimit(), 16);
    float[] many = new float[Math.multiplyExact(rows, config.vocabSize())];
    for (int done = 0; done < count; ) {
      int n = Math.min(state.packLimit(), count - done);
      forward.append(state, tokens, from + done, n);
      int[] all = IntStream.range(0, n).toArray();
      for (int t = 0; t < n; t += rows) {
        int some = Math.min(rows, n - t);
        forward.logits(w, all, t, t + some, many);
        for (int i = 0; i < some; i++) {
          System.arraycopy(many, i * config.vocabSize(), w.logits, 0, config.vocabSize());
          visitor.logits(done + t + i, w.logits);
        }
      }
      done += n;
    }
  }

  /**
   * One more token for each of several texts, which read the weights together. A text gets the bits
   * that it would get alone, by {@link #forward} of one token, whatever the others are and however
   * many; only the number of threads must be the same. Texts may come and go between steps. Whoever
   * is to be left out, since it was cancelled say, is not handed in; a text whose context is full
   * or whose token is none is refused by itself.
   *
   * @param w what it is computed in; more texts than its batch are computed one batch after another
   * @param texts of this model, none twice
   * @param tokens by text: the id that is appended
   * @param visitor hears of each text once, of those refused first
   * @throws IllegalArgumentException if there are not as many tokens as texts, a text comes twice
   *     or is another model's; nothing is computed then
   */
  public void step(Workspace w, List<TextState> texts, int[] tokens, StepVisitor visitor) {
    checkOwner(w);
    stepPass.run(w, texts, tokens, visitor);
  }

  /**
   * Reads on in a text up to the next multiple of {@code chunk} of its positions, or to its end: so
   * that a long prompt can be read between the steps of other texts. Where the chunks of a text
   * begin and end depends on nothing but its own length, and so its bits do.
   *
   * @param state the text, which holds the first tokens of {@code tokens} already, and the
   *     workspace
   * @param tokens the whole text, longer than what the state holds
   * @param chunk tokens that are read together at most, in [1, {@link ModelState#packLimit}]
   * @return the logits of the last token, as {@link #forward} gives them; null while there is more
   *     to read
   * @throws UserError if a token is outside the vocabulary or the context is exceeded; the state is
   *     unchanged then
   * @throws IllegalArgumentException if there is nothing to read, chunk is outside its range, or
   *     the state is another model's
   */
  public float @Nullable [] readOn(ModelState state, int[] tokens, int chunk) {
    int from = state.position();
    if (chunk < 1 || chunk > state.packLimit()) {
      throw new IllegalArgumentException(
          "chunks of %d tokens are outside 1 to %d".formatted(chunk, state.packLimit()));
    }
    int count = Math.min(chunk - from % chunk, tokens.length - from);
    check(state, tokens, from, count);
    forward.append(state, tokens, from, count);
    return from + count < tokens.length ? null : lastLogits(state.workspace(), count - 1);
  }

  /**
   * What a layer's feed-forward part gives for inputs that need not be its own: to compare two
   * models on the same ones.
   *
   * @param w what it is computed in
   * @param layer from 0
   * @param tokens how many, n
   * @param inputs n x hidden_size or more: normed residual streams
   * @param outputs n x hidden_size or more; overwritten
   * @throws IllegalArgumentException if the workspace is another model's
   */
  public void feedForward(Workspace w, int layer, int tokens, float[] inputs, float[] outputs) {
    checkOwner(w);
    int d = config.hiddenSize();
    for (int done = 0; done < tokens; done += w.batch()) {
      int n = Math.min(w.batch(), tokens - done);
      forward.feedForward(w, layer, inputs, done * d, n);
      System.arraycopy(w.out, 0, outputs, done * d, n * d);
    }
  }

  /**
   * Runs tokens of several texts in one pass and scores given next tokens; what the state holds
   * afterwards is {@link Packed#kept}.
   *
   * @param state the text and the workspace
   * @param pack tokens, whom they follow, and targets
   * @return log-probabilities of the targets
   * @throws UserError if a token is outside the vocabulary or a text does not fit into the context;
   *     the state is unchanged then
   * @throws IllegalArgumentException if the pack is larger than {@link ModelState#packLimit} or
   *     does not hold together, or the state is another model's
   */
  public Packed.Scores score(ModelState state, Packed pack) {
    checkOwner(state.workspace());
    return packed.run(state, pack);
  }

  /**
   * Runs passes whose results nobody reads, so that what comes next finds its kernels compiled and
   * the weights at hand: for whoever has to wait for something else before the first text. With the
   * native library there is nothing to be compiled; then what is waited for has the processors.
   *
   * @param tokens about as many as the first pass will have, at least 1
   * @param enough asked between layers; the passes end when it says so, or after a few
   */
  public void warmUp(int tokens, BooleanSupplier enough) {
    if (kernels.kernels().ready()) {
      return;
    }
    int n = Math.min(Math.min(tokens, WARM_UP_TOKENS), config.maxPositions() - 1);
    Workspace w = newWorkspace(Math.max(1, n));
    try (TextState text = newText(Math.max(1, n) + 1)) {
      for (int pass = 0; pass < WARM_UP_PASSES && !enough.getAsBoolean(); pass++) {
        text.truncate(0);
        forward.rehearse(w, text, n, enough);
        forward.rehearse(w, text, 1, enough);
      }
    }
  }

  /**
   * Waits until weights lie where they will stay: those that are first used in the mapped files are
   * moved into huge pages while the model runs ({@link LoadOptions.Memory#AUTO}). For whoever
   * measures; nobody else need wait.
   */
  public void settle() {
    if (move != null) {
      move.finish();
    }
  }

  private void checkOwner(Workspace workspace) {
    if (workspace.model != this) {
      throw new IllegalArgumentException("the state belongs to another model");
    }
  }

  private void check(ModelState state, int[] tokens, int from, int count) {
    checkOwner(state.workspace());
    if (count < 1) {
      throw new IllegalArgumentException("no tokens to append");
    }
    Objects.checkFromIndexSize(from, count, tokens.length);
    TokenIds.require(
        tokens, from, count, config.vocabSize(), "the text", PackedPass.OTHER_TOKENIZER);
    if (count > state.contextLength() - state.position()) {
      throw new UserError(
          "context exceeded: %d tokens are there and %d more do not fit into %d; shorten the prompt or ask for a longer context (the model takes %d)"
              .formatted(state.position(), count, state.contextLength(), config.maxPositions()));
    }
  }

  /** {@return bytes of all weights in memory, mapped ones included} */
  public long weightBytes() {
    return weights.bytes();
  }

  /**
   * Bytes of weights that one decoded token reads when tokens choose experts evenly: all matrices
   * and norms, one row of the embedding, and of sparse FFNs the router and what is expected of the
   * rest.
   *
   * @return bytes, at least those of what every token reads
   */
  public long bytesPerToken() {
    return Traffic.bytes(
        config,
        weights,
        layer -> Traffic.expectedWeights(config, weights, layer),
        layer -> Traffic.expectedInputs(config, layer));
  }

  /**
   * {@return bytes of weights that one decoded token reads when experts are chosen as they were by
   * the tokens counted}
   *
   * @param load of this model
   */
  public long bytesPerToken(ExpertLoad load) {
    return Traffic.bytes(config, weights, load::meanActive, load::meanInputs);
  }

  /**
   * What tokens that this model ran needed of the dense model's FFN.
   *
   * @param load of these tokens
   * @return NaN in both before the first token of a sparse model
   */
  public Shares shares(ExpertLoad load) {
    return new FfnTraffic(config, weights).measured(load);
  }

  /** {@return what a token needs of the dense model's FFN when every expert is equally likely} */
  public Shares shares() {
    return StoredShares.of(checkpoint, config);
  }

  /** {@return the kernels and why, threads and the type of the weights, in one line} */
  public String description() {
    return description;
  }

  int threads() {
    return kernels.threads();
  }

  /** Whether any layer computes all intermediate_size activations. */
  boolean needsDenseActivations() {
    return weights.layers().stream()
        .map(ModelWeights.Layer::ffn)
        .anyMatch(f -> !(f instanceof FeedForward.Experts || f instanceof FeedForward.TokenMasks));
  }

  int mostStoredNeurons() {
    return weights.layers().stream()
        .mapToInt(l -> l.ffn() instanceof FeedForward.Experts e ? e.stored() : 0)
        .max()
        .orElse(0);
  }

  /** Ends the threads and unmaps the files; no state of this model may be used after it. */
  @Override
  public void close() {
    if (move != null) {
      move.close();
    }
    kernels.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
    checkpoint.close();
  }
}
