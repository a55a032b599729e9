package org.mixtureofmasks.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.generate.Sampler;
import org.mixtureofmasks.generate.Sampling;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.TextState;
import org.mixtureofmasks.model.Workspace;

/**
 * Different texts whose tokens a model reads together, one of each in a step. Their prompts are
 * read once; each timed pass goes back to their ends.
 */
final class TextBatch {
  private final Model model;
  private final int[][] ids; // by text: prompt and what follows
  private final int prompt;
  private final Workspace workspace;
  private final List<TextState> texts = new ArrayList<>();

  /**
   * Reads the prompts.
   *
   * @param prompt tokens of each text's prompt
   */
  TextBatch(Model model, int[][] ids, int prompt) {
    this.model = model;
    this.ids = ids;
    this.prompt = prompt;
    workspace = model.newWorkspace(Math.max(prompt, ids.length));
    for (int[] text : ids) {
      TextState state = model.newText(text.length);
      model.forward(new ModelState(state, workspace), text, 0, prompt);
      texts.add(state);
    }
  }

  /** Reads all that follows the prompts; tokens a second of all texts together. */
  double pass() {
    texts.forEach(text -> text.truncate(prompt));
    int steps = ids[0].length - prompt;
    long start = System.nanoTime();
    for (int t = prompt; t < prompt + steps; t++) {
      int at = t;
      int[] next = Arrays.stream(ids).mapToInt(text -> text[at]).toArray();
      model.step(workspace, texts, next, new Drawing(new ArrayList<>(), next));
    }
    return (double) steps * ids.length / ((System.nanoTime() - start) * 1e-9);
  }

  /** Gives the pages back. */
  void close() {
    texts.forEach(TextState::close);
  }

  /**
   * Texts that a model writes itself at temperature 1, each with a seed of its own.
   *
   * @return count x length ids, the beginning of a text first in each
   */
  static int[][] write(Model model, int count, int length) {
    int[][] ids = new int[count][length];
    List<TextState> texts = new ArrayList<>();
    List<Sampler> samplers = new ArrayList<>();
    int[] next = new int[count];
    Arrays.fill(next, Math.max(0, model.config().bosToken()));
    for (int i = 0; i < count; i++) {
      texts.add(model.newText(length));
      samplers.add(new Sampler(Sampling.of(1, i)));
    }
    Workspace workspace = model.newWorkspace(count);
    for (int t = 0; t < length; t++) {
      for (int i = 0; i < count; i++) {
        ids[i][t] = next[i];
      }
      model.step(workspace, texts, next.clone(), new Drawing(samplers, next));
    }
    texts.forEach(TextState::close);
    return ids;
  }

  /** Draws each text's next token, where there are samplers. */
  private record Drawing(List<Sampler> samplers, int[] next) implements Model.StepVisitor {
    @Override
    public void logits(int text, float[] logits) {
      if (!samplers.isEmpty()) {
        next[text] = samplers.get(text).next(logits);
      }
    }

    @Override
    public void refused(int text, UserError why) {
      throw why;
    }
  }
}
