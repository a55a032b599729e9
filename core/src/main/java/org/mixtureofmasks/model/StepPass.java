package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.TokenIds;

/** Runs {@link Model#step}. */
final class StepPass {
  private final ModelConfig config;
  private final ForwardPass forward;

  StepPass(ModelConfig config, ForwardPass forward) {
    this.config = config;
    this.forward = forward;
  }

  void run(Workspace w, List<TextState> texts, int[] tokens, Model.StepVisitor visitor) {
    check(w, texts, tokens);
    List<Integer> able = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      try {
        require(texts.get(i), tokens, i);
        able.add(i);
      } catch (UserError e) {
        visitor.refused(i, e);
      }
    }
    for (int from = 0; from < able.size(); from += w.batch()) {
      pass(w, texts, tokens, able.subList(from, Math.min(able.size(), from + w.batch())), visitor);
    }
  }

  /** The texts of these places, which fit into the workspace. */
  private void pass(
      Workspace w,
      List<TextState> texts,
      int[] tokens,
      List<Integer> places,
      Model.StepVisitor visitor) {
    int n = places.size();
    forward.step(
        w,
        places.stream().map(texts::get).toList(),
        places.stream().mapToInt(i -> tokens[i]).toArray());
    int vocabulary = config.vocabSize();
    int most = Math.min(n, Workspace.LOGIT_ROWS);
    float[] logits = w.rowsOfLogits(most);
    int[] rows = IntStream.range(0, n).toArray();
    for (int from = 0; from < n; from += most) {
      int to = Math.min(n, from + most);
      forward.logits(w, rows, from, to, logits);
      for (int t = from; t < to; t++) {
        System.arraycopy(logits, (t - from) * vocabulary, w.logits, 0, vocabulary);
        visitor.logits(places.get(t), w.logits);
      }
    }
  }

  private static void check(Workspace w, List<TextState> texts, int[] tokens) {
    if (texts.size() != tokens.length) {
      throw new IllegalArgumentException(
          "%d tokens for %d texts".formatted(tokens.length, texts.size()));
    }
    IdentityHashMap<TextState, Integer> places = new IdentityHashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).model != w.model) {
        throw new IllegalArgumentException("text %d belongs to another model".formatted(i));
      }
      Integer before = places.put(texts.get(i), i);
      if (before != null) {
        throw new IllegalArgumentException("text %d is text %d again".formatted(i, before));
      }
    }
  }

  /** The errors of one text, which are none of the others'. */
  private void require(TextState text, int[] tokens, int i) {
    TokenIds.require(tokens, i, 1, config.vocabSize(), "the text", PackedPass.OTHER_TOKENIZER);
    if (text.position() >= text.contextLength()) {
      throw new UserError(
          "context exceeded: the text has all the %d tokens that it can have (the model takes %d)"
              .formatted(text.contextLength(), config.maxPositions()));
    }
  }
}
