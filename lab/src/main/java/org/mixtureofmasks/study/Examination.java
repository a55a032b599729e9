package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.mixtureofmasks.bench.BenchResult;
import org.mixtureofmasks.bench.BenchSettings;
import org.mixtureofmasks.bench.Benchmark;
import org.mixtureofmasks.harness.SavedResults;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.WeightType;

/**
 * What a study's judgement asks one model, and the answers in its folder: tasks/, texts/HASH/,
 * bench.json. Models are asked by {@code mom evaluate} in a JVM of its own, which can be stopped at
 * any time and keeps the tasks, and the part of a text, that it has finished.
 *
 * @param study whose judgement it is
 * @param model what is asked
 * @param folder where the answers lie
 */
record Examination(Study study, Path model, Path folder) {
  private static final int NAME_DIGITS = 12;
  private static final int PROMPT_TOKENS = 128;
  private static final int DECODED_TOKENS = 64;
  private static final int REPETITIONS = 5;

  /**
   * Asks what is still open.
   *
   * @param log everything that is printed is added to this file
   * @return how the last verb ended; {@code DONE} when nothing was open
   * @throws InterruptedException if this thread is not to wait any longer
   */
  RunProcess.End ask(RunProcess processes, Path log) throws InterruptedException {
    if (tasks().isEmpty()) {
      TaskFigures.forget(results()); // the newest results will be of other questions
    }
    for (List<String> verb : open()) {
      RunProcess.End end = processes.run(log, verb);
      if (end != RunProcess.End.DONE) {
        return end;
      }
    }
    return RunProcess.End.DONE;
  }

  private List<List<String>> open() {
    List<List<String>> verbs = new ArrayList<>();
    Optional<Judgement.AskedTasks> asked = study.judgement().tasks();
    if (asked.isPresent() && tasks().isEmpty()) {
      List<String> verb =
          evaluate("--tasks", String.join(",", asked.get().names()), "--data", asked.get().data());
      OptionalInt limit = asked.get().limit();
      if (limit.isPresent()) {
        verb.addAll(List.of("--limit", Integer.toString(limit.getAsInt())));
      }
      verb.addAll(List.of("--out", results().toString()));
      verbs.add(verb);
    }
    for (Judgement.Text text : study.judgement().texts()) {
      if (!Files.exists(file(text))) {
        verbs.add(evaluate("--text", text.file(), "--out", results(text)));
      }
    }
    return verbs;
  }

  private List<String> evaluate(Object... options) {
    List<String> verb = new ArrayList<>(List.of("evaluate", model.toString()));
    for (Object option : options) {
      verb.add(option.toString());
    }
    verb.addAll(List.of("--threads", Integer.toString(study.threads())));
    return verb;
  }

  private Path results() {
    return folder.resolve("tasks");
  }

  /** Named by what is in the text: another one under the same name is read anew. */
  private Path results(Judgement.Text text) {
    int from = text.hash().indexOf(':') + 1;
    String name = text.hash().substring(from, from + NAME_DIGITS);
    return folder.resolve("texts").resolve(name);
  }

  private Path file(Judgement.Text text) {
    return results(text).resolve("results.json");
  }

  /**
   * Compares the answers with the dense model's and keeps what comes of it.
   *
   * @param dense the same examination of the dense model, which may be this one
   */
  void compare(Examination dense) {
    Optional<Judgement.AskedTasks> asked = study.judgement().tasks();
    if (asked.isPresent() && tasks().isEmpty()) {
      TaskFigures.of(
              asked.get().hash(), SavedResults.read(dense.results()), SavedResults.read(results()))
          .save(results());
    }
  }

  /** The tasks' figures, if just these were asked and compared. */
  Optional<TaskFigures> tasks() {
    return study.judgement().tasks().flatMap(asked -> TaskFigures.read(results(), asked.hash()));
  }

  /** Perplexity of a text; NaN if it was not read yet. */
  double perplexity(Judgement.Text text) {
    Path file = file(text);
    return Files.exists(file)
        ? StrictJson.readObject(file, StrictJson.CONFIG_LIMIT).path("perplexity").asDouble()
        : Double.NaN;
  }

  private Path bench() {
    return folder.resolve("bench.json");
  }

  /** Decoding speed over the dense model's; NaN if it was not timed yet. */
  double decode() {
    return Files.exists(bench())
        ? StrictJson.readObject(bench(), StrictJson.CONFIG_LIMIT)
            .path("decode_over_dense")
            .asDouble()
        : Double.NaN;
  }

  /** Times decoding in turns with the dense model; nothing else should run meanwhile. */
  void time(Path dense, Progress progress) {
    LoadOptions options = new LoadOptions(WeightType.AUTO, study.threads());
    try (Model mine = Model.open(model, options);
        Model other = Model.open(dense, options)) {
      int half = Math.max(1, mine.config().maxPositions() / 2);
      BenchSettings settings =
          new BenchSettings(
              Math.min(PROMPT_TOKENS, half),
              Math.min(DECODED_TOKENS, half),
              REPETITIONS,
              study.threads());
      BenchResult.Pair pair = new Benchmark(settings, progress::at).run(mine, Optional.of(other));
      ObjectNode json = Json.object();
      json.put("decode_over_dense", pair.decodeSpeedup());
      json.put("decode_tokens_per_second", pair.model().medianDecode());
      json.put("dense_decode_tokens_per_second", pair.reference().orElseThrow().medianDecode());
      json.put("threads", study.threads());
      AtomicFiles.writeString(bench(), Json.pretty(json) + "\n");
    }
  }
}
