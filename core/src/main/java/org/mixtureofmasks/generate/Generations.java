package org.mixtureofmasks.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.TextState;
import org.mixtureofmasks.model.Workspace;
import org.mixtureofmasks.tokenizer.Tokenizer;

/**
 * Generates many texts together, which read the model's weights together: what a server stands on.
 * Texts join and are cancelled at any time, from any thread; one thread calls {@link #step} as long
 * as it likes. A step reads a chunk of one prompt, those that wait taking turns, and gives every
 * text whose prompt is read one token; so a long prompt holds the others up by no more than a
 * chunk. A text's tokens do not depend on the others: it is cut into chunks by its own positions,
 * has its own random numbers, and each of its tokens has the bits of {@link Generation} with passes
 * of as many tokens. What goes wrong with one text ends that one alone.
 */
public final class Generations {
  private final Model model;
  private final Optional<Tokenizer> tokenizer;
  private final int chunk;
  private final Workspace workspace;
  private final Queue<Text> joining = new ConcurrentLinkedQueue<>();
  private final Deque<Text> reading = new ArrayDeque<>(); // prompts, in turns
  private final List<Text> writing = new ArrayList<>();

  /** A text that has joined. */
  public static final class Text {
    private final int[] prompt;
    private final GrowingText growing;
    private final TextState state;
    private final CompletableFuture<GenerationResult> result = new CompletableFuture<>();
    private final long joined = System.nanoTime();
    private long begun; // when its prompt was read; 0: not yet
    private volatile boolean cancelled;

    private Text(int[] prompt, GrowingText growing, TextState state) {
      this.prompt = prompt;
      this.growing = growing;
      this.state = state;
    }

    /** Ends it before its next chunk or token; from any thread. */
    public void cancel() {
      cancelled = true;
    }

    /**
     * What comes of it. Its seconds are those that passed, whatever else was done in them: of the
     * prompt since it joined, waiting included.
     *
     * @return completed by {@link Generations#step}; exceptionally with what its own consumer of
     *     text threw, or the model's error
     */
    public CompletableFuture<GenerationResult> result() {
      return result;
    }
  }

  /**
   * Begins without texts.
   *
   * @param model the model
   * @param tokenizer gives the texts; without it only token ids come out, and stop strings cannot
   *     be
   * @param chunk tokens of a prompt that are read at once, at least 1: more of them are read
   *     faster, above all by a sparse model, and keep the other texts waiting longer
   * @throws IllegalArgumentException if chunk is below 1
   */
  public Generations(Model model, Optional<Tokenizer> tokenizer, int chunk) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.chunk = chunk;
    workspace = model.newWorkspace(chunk);
  }

  /**
   * A text joins with the next step; from any thread.
   *
   * @param prompt token ids, at least one, special tokens included; not to be changed any more
   * @param options what to generate
   * @param onText gets each piece of text as soon as it is certain, on the thread that steps
   * @return the text
   * @throws UserError as {@link Generation#run} does
   */
  public Text join(int[] prompt, GenerationOptions options, Consumer<String> onText) {
    GrowingText growing = new GrowingText(model, tokenizer, options, prompt, onText);
    TextState state = model.newText(prompt.length + options.maxTokens());
    Text text = new Text(prompt, growing, state);
    joining.add(text);
    return text;
  }

  /**
   * Reads a chunk of a prompt and gives every text that is past its prompt a token. One thread at a
   * time.
   *
   * @return whether there are texts left
   */
  public boolean step() {
    for (Text text = joining.poll(); text != null; text = joining.poll()) {
      reading.add(text);
    }
    List.copyOf(reading).stream().filter(text -> text.cancelled).forEach(this::end);
    List.copyOf(writing).stream().filter(text -> text.cancelled).forEach(this::end);
    try {
      readOn();
      writeOn();
    } catch (RuntimeException | Error e) {
      // Not one text's fault: none of them can go on, and whoever waits for one is to know.
      List.copyOf(reading).forEach(text -> fail(text, e));
      List.copyOf(writing).forEach(text -> fail(text, e));
      throw e;
    }
    return !reading.isEmpty() || !writing.isEmpty() || !joining.isEmpty();
  }

  /** A chunk of the prompt whose turn it is. */
  private void readOn() {
    Text text = reading.poll();
    if (text == null) {
      return;
    }
    reading.add(text); // its next turn is after the others'
    float[] logits = model.readOn(new ModelState(text.state, workspace), text.prompt, chunk);
    if (logits != null) {
      reading.removeLast();
      text.begun = System.nanoTime();
      writing.add(text);
      draw(text, logits);
    }
  }

  /** A token for each text that has drawn one. */
  private void writeOn() {
    List<Text> present = List.copyOf(writing);
    model.step(
        workspace,
        present.stream().map(text -> text.state).toList(),
        present.stream().mapToInt(text -> text.growing.last()).toArray(),
        new Model.StepVisitor() {
          @Override
          public void logits(int place, float[] logits) {
            draw(present.get(place), logits);
          }

          @Override
          public void refused(int place, UserError why) {
            fail(present.get(place), why);
          }
        });
  }

  private void draw(Text text, float[] logits) {
    try {
      if (!text.growing.next(logits)) {
        end(text);
      }
    } catch (RuntimeException e) { // of its consumer or its sampler: the others go on
      fail(text, e);
    }
  }

  private void end(Text text) {
    leave(text);
    long now = System.nanoTime();
    long begun = text.begun == 0 ? now : text.begun;
    try {
      GenerationResult result =
          text.growing.end((begun - text.joined) * 1e-9, (now - begun) * 1e-9);
      text.result.complete(result);
    } catch (RuntimeException e) { // its consumer again
      text.result.completeExceptionally(e);
    }
  }

  private void fail(Text text, Throwable why) {
    leave(text);
    text.result.completeExceptionally(why);
  }

  private void leave(Text text) {
    reading.remove(text);
    writing.remove(text);
    text.state.close();
  }
}
