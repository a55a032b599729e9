package org.mixtureofmasks.model;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Routing;
import org.mixtureofmasks.format.ShippedThresholds;
import org.mixtureofmasks.kernel.Activations;
import org.mixtureofmasks.kernel.Kernels;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.PreviewFfn;
import org.mixtureofmasks.kernel.PreviewPass;
import org.mixtureofmasks.kernel.SparseFfn;
import org.mixtureofmasks.kernel.ThresholdFfn;
import org.mixtureofmasks.kernel.TokenKept;
import org.mixtureofmasks.kernel.TokenMaskedFfn;
import org.mixtureofmasks.kernel.TokenMaskedPass;

/**
 * What passes are computed in: activations, scores, logits, scratch memory of sparse layers, the
 * count of experts, and what passes are told to do besides. It holds nothing of a text between
 * passes, so texts can share one; one for each caller (thread). Made by {@link Model#newWorkspace};
 * not for concurrent use.
 */
public final class Workspace {
  /** Tokens that are computed together at most, unless the caller wants another number. */
  static final int BATCH = 128;

  /** Tokens of a sparse model's passes: the more of them, the more share an expert. */
  static final int SPARSE_BATCH = 512;

  /**
   * Rows of logits that are computed together at most: their memory is vocab_size times as many.
   */
  static final int LOGIT_ROWS = 64;

  final Model model;
  final float[] x; // B x d, the residual stream
  final Activations normed; // B x d
  final float[] q; // B x (h hd)
  final float[] k; // B x (g hd)
  final float[] v; // B x (g hd)
  final Activations attended; // B x (h hd)
  final float[] out; // B x d, what attention or the FFN adds
  final Activations gate; // B x m
  final float[] up; // B x m
  final float[] cos; // B x hd/2
  final float[] sin; // B x hd/2
  final float[][]
      scores; // threads x queries that go together x the slots seen and what lies behind
  final float[] logits; // V
  private float[] packedLogits = {}; // up to LOGIT_ROWS x V, when several rows are wanted
  private final @Nullable Sparse sparse; // null for a model without experts
  private final @Nullable TokenMasks tokenMasks; // null for a model without
  @Nullable LayerObserver observer; // null: nobody looks
  int removedLayer = -1; // -1: no expert is removed
  int removedExpert;

  private final int batch; // B: tokens that are computed together
  private final int together; // queries that attention computes together at most
  private boolean step;
  private long counted;

  Workspace(Model model, int batch) {
    ModelConfig c = model.config();
    this.model = model;
    this.batch = batch;
    int d = c.hiddenSize();
    int kv = c.kvHeads() * c.headDim();
    x = new float[batch * d];
    normed = new Activations(batch, d);
    q = new float[batch * c.heads() * c.headDim()];
    k = new float[batch * kv];
    v = new float[batch * kv];
    attended = new Activations(batch, c.heads() * c.headDim());
    out = new float[batch * d];
    cos = new float[batch * c.headDim() / 2];
    sin = new float[batch * c.headDim() / 2];
    together = Math.max(4, c.heads() / c.kvHeads());
    scores = new float[model.threads()][0];
    logits = new float[c.vocabSize()];
    sparse = c.mixtureOfMasks().isPresent() ? new Sparse(model, batch) : null;
    tokenMasks = c.tokenMasks().isPresent() ? new TokenMasks(model) : null;
    int m = model.needsDenseActivations() ? c.intermediateSize() : 0;
    gate = new Activations(batch, m);
    up = new float[batch * m];
  }

  /** {@return tokens that are computed together at most} */
  public int batch() {
    return batch;
  }

  /**
   * Says what the pass to come is.
   *
   * @param newStep see {@link Activations#step}
   */
  void step(boolean newStep) {
    step = newStep;
    normed.step(newStep);
    attended.step(newStep);
    gate.step(newStep);
    if (sparse != null) {
      sparse.inputs.step(newStep);
    }
  }

  /** Whether each token of the pass is of another text, and is to have the bits it has alone. */
  boolean step() {
    return step;
  }

  /** Working memory of sparse layers: of a sparse model only. */
  Sparse sparse() {
    return Objects.requireNonNull(sparse, "a dense model has no sparse layers");
  }

  /** Working memory of layers with token masks: of a model with such layers only. */
  TokenMasks tokenMasks() {
    return Objects.requireNonNull(tokenMasks, "a model without token masks");
  }

  /** Makes room for the scores of tokens that see so many slots. */
  void reserveScores(int slots) {
    int floats = together * (slots + 2 * Kernels.KEY_BLOCK);
    for (int i = 0; i < scores.length; i++) {
      if (scores[i].length < floats) {
        // Twice the slots, so that a growing text asks for more seldom.
        scores[i] = new float[together * (2 * slots + 2 * Kernels.KEY_BLOCK)];
      }
    }
  }

  /** Room for the logits of so many tokens, vocab_size each. */
  float[] rowsOfLogits(int rows) {
    int floats = Math.multiplyExact(rows, model.config().vocabSize());
    if (packedLogits.length < floats) {
      packedLogits = new float[floats];
    }
    return packedLogits;
  }

  /** Working memory of sparse layers; E experts, at most k of them for each token. */
  static final class Sparse {
    final float[] routerProducts; // B x rows of router.weight
    final RoutingDecisions decisions; // B x k
    final int[] list; // neurons of one token, at most the most that a layer stores
    final float[] scales; // by place in the list
    final float[] mask; // by neuron: the sum of the weights of the chosen experts that hold it
    final boolean[] seen; // by neuron
    final SparseFfn ffn;
    private final int[][] lists; // by expert or by token: neurons, where a batch needs them
    final long[][] counts; // layers x E
    final long[] activeWeights; // layers
    final Activations inputs; // B x d: what input masks leave of x
    final float[] blockOut; // B x d: what an expert's tokens get

    private Sparse(Model model, int batch) {
      ModelConfig c = model.config();
      ModelConfig.MixtureOfMasks mom = c.mixtureOfMasks().orElseThrow();
      routerProducts = new float[batch * mom.routing().routerRows(mom.experts())];
      decisions = new RoutingDecisions(batch, mom.expertsPerToken());
      int most = Math.max(c.intermediateSize(), model.mostStoredNeurons());
      list = new int[most];
      scales = new float[most];
      mask = new float[most];
      seen = new boolean[c.intermediateSize()];
      ffn = new SparseFfn(c.hiddenSize(), model.threads());
      lists = new int[Math.max(batch, mom.experts() + 1)][0];
      counts = new long[c.layers()][mom.experts()];
      activeWeights = new long[c.layers()];
      int masked = mom.inputMasks().isPresent() ? batch : 0;
      inputs = new Activations(masked, c.hiddenSize());
      blockOut = new float[masked * c.hiddenSize()];
    }

    /** The list of that number, with room for n neurons. */
    int[] room(int number, int n) {
      if (lists[number].length < n) {
        lists[number] = new int[n];
      }
      return lists[number];
    }
  }

  /** Working memory of layers with token masks. */
  static final class TokenMasks {
    private final TokenMaskedPass byInputs;
    private final PreviewPass byPreview;
    private final double[][] kept; // layers x (inputs, neurons), summed over tokens

    private TokenMasks(Model model) {
      byInputs = new TokenMaskedPass(model.threads());
      byPreview = new PreviewPass(model.config().hiddenSize(), model.threads());
      kept = new double[model.config().layers()][2];
    }

    /** A layer's tokens. */
    void run(ParallelKernels kernels, ThresholdFfn ffn, Activations x, float[] y, int layer) {
      switch (ffn) {
        case TokenMaskedFfn masked -> byInputs.run(kernels, masked, x, y, kept[layer]);
        case PreviewFfn preview -> byPreview.run(kernels, preview, x, y, kept[layer]);
      }
    }

    /** What a token of the last run kept. */
    TokenKept kept(ParallelKernels kernels, ThresholdFfn ffn, int t) {
      return switch (ffn) {
        case TokenMaskedFfn masked -> byInputs.kept(kernels, masked, t);
        case PreviewFfn preview -> byPreview.kept(kernels, preview, t);
      };
    }
  }

  /**
   * Tells an observer of every later token. One at a time.
   *
   * @param newObserver takes the place of an earlier one; null: none
   */
  public void observe(@Nullable LayerObserver newObserver) {
    observer = newObserver;
  }

  /**
   * From now on no token chooses this expert: its router score is -∞. Keys and values of earlier
   * tokens stay as they are. One expert at a time.
   *
   * @param layer from 0
   * @param expert from 0
   * @throws IllegalArgumentException if there is no such expert, or each token needs all of them
   */
  public void removeExpert(int layer, int expert) {
    ModelConfig.MixtureOfMasks mom =
        model
            .config()
            .mixtureOfMasks()
            .orElseThrow(() -> new IllegalArgumentException("a dense model has no experts"));
    Objects.checkIndex(layer, model.config().layers());
    Objects.checkIndex(expert, mom.experts());
    if (mom.routing().select() == Routing.Select.TOP_K && mom.expertsPerToken() == mom.experts()) {
      throw new IllegalArgumentException(
          "every token needs all %s experts".formatted(mom.experts()));
    }
    removedLayer = layer;
    removedExpert = expert;
  }

  /** Gives the removed expert back. */
  public void restoreExpert() {
    removedLayer = -1;
  }

  /** Forgets what was counted. */
  public void resetCounts() {
    counted = 0;
    if (sparse != null) {
      for (long[] layer : sparse.counts) {
        Arrays.fill(layer, 0);
      }
      Arrays.fill(sparse.activeWeights, 0);
    }
    if (tokenMasks != null) {
      for (double[] layer : tokenMasks.kept) {
        Arrays.fill(layer, 0);
      }
    }
  }

  /**
   * {@return what the tokens of all passes used since the last reset, forgotten tokens included}
   */
  public ExpertLoad expertLoad() {
    ModelConfig c = model.config();
    long dense = 3L * c.hiddenSize() * c.intermediateSize();
    long[][] none = new long[c.layers()][0];
    double[][] nothing = new double[c.layers()][0];
    if (tokenMasks != null) {
      long[] active = new long[c.layers()];
      ShippedThresholds.Choice choice = c.tokenMasks().orElseThrow().choice();
      for (int l = 0; l < active.length; l++) {
        double inputs = tokenMasks.kept[l][0];
        double neurons = tokenMasks.kept[l][1];
        active[l] = (long) choice.weights(inputs, neurons, c.hiddenSize(), c.intermediateSize());
      }
      return new ExpertLoad(counted, none, tokenMasks.kept, active, dense);
    }
    if (sparse != null) {
      return new ExpertLoad(counted, sparse.counts, nothing, sparse.activeWeights, dense);
    }
    return new ExpertLoad(counted, none, nothing, new long[c.layers()], dense);
  }

  /** After a pass: {@code tokens} more were run. */
  void count(int tokens) {
    counted += tokens;
  }
}
