package org.mixtureofmasks.task;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.mixtureofmasks.UserError;

/**
 * Few-shot examples as the harness 0.4.13 draws them (api/samplers.py, ContextSampler.sample and
 * FirstNSampler.sample; seeded for each task by simple_evaluate's set_fewshot_seed): one generator
 * a task, drawn from afresh for each scored document, in the order of the documents.
 */
final class Examples {
  /** The harness's fewshot_random_seed unless told otherwise. */
  static final long SEED = 1234;

  private final List<Row> pool;
  private final String[] texts;
  private final TaskDefinition task;
  private final int count;
  private final PythonRandom random = new PythonRandom(SEED);

  /**
   * @param pool the split that examples come from
   * @param count examples before each question, at least 1
   */
  Examples(TaskDefinition task, List<Row> pool, int count) {
    this.task = task;
    this.pool = pool;
    this.count = count;
    this.texts = new String[pool.size()];
    int needed = count + (task.splits().dropsTheScored() && !task.firstExamples() ? 1 : 0);
    if (needed > pool.size()) {
      throw UserError.usage(
          "%s: %s examples before each question need %s documents; %s and its like have %s"
              .formatted(task.name(), count, needed, pool.getFirst().file(), pool.size()));
    }
  }

  /** The examples before a document, each with its delimiter. */
  String before(Row scored) {
    StringBuilder text = new StringBuilder();
    for (int i : task.firstExamples() ? first(scored) : drawn(scored)) {
      text.append(text(i));
    }
    return text.toString();
  }

  private List<Integer> first(Row scored) {
    boolean drops = task.splits().dropsTheScored();
    List<Integer> found =
        IntStream.range(0, pool.size())
            .boxed()
            .filter(i -> !drops || !same(i, scored))
            .limit(count)
            .toList();
    return enough(found, scored);
  }

  private List<Integer> drawn(Row scored) {
    if (!task.splits().dropsTheScored()) {
      return random.sample(pool.size(), count);
    }
    List<Integer> kept = new ArrayList<>();
    for (int i : random.sample(pool.size(), count + 1)) {
      if (kept.size() < count && !same(i, scored)) {
        kept.add(i);
      }
    }
    if (kept.size() == count) {
      return kept;
    }
    // Two documents that are the same were drawn: drawn again from the others.
    List<Integer> others =
        IntStream.range(0, pool.size()).boxed().filter(i -> !same(i, scored)).toList();
    if (others.size() < count) {
      return enough(others, scored);
    }
    return random.sample(others.size(), count).stream().map(others::get).toList();
  }

  private List<Integer> enough(List<Integer> found, Row scored) {
    if (found.size() < count) {
      throw scored.error(
          "only %s other documents for the %s examples before it: ask for fewer"
              .formatted(found.size(), count));
    }
    return found;
  }

  private boolean same(int i, Row scored) {
    return pool.get(i).document().equals(scored.document());
  }

  private String text(int i) {
    if (texts[i] == null) {
      try {
        texts[i] = task.prompts().example(pool.get(i).document());
      } catch (BadDocument e) {
        throw pool.get(i).error(e.getMessage());
      }
    }
    return texts[i];
  }
}
