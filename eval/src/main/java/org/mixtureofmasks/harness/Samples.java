package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.score.Grading;
import org.mixtureofmasks.score.LanguageModel;
import org.mixtureofmasks.score.Observation;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;
import org.mixtureofmasks.task.OutputType;
import org.mixtureofmasks.task.Question;

/**
 * The harness's samples file: one line for each document with its prompts, the model's answers,
 * hashes of document, prompt and target, and what each metric takes from it. Log-probabilities are
 * strings, as there.
 */
final class Samples {

  private final TaskResult result;
  private final LoadedTask task;

  Samples(TaskResult result) {
    this.result = result;
    this.task = result.task();
  }

  /** Writes all lines. */
  void writeTo(WritableByteChannel channel) throws IOException {
    BufferedWriter out =
        new BufferedWriter(Channels.newWriter(channel, StandardCharsets.UTF_8), 1 << 16);
    for (int i = 0; i < task.questions().size(); i++) {
      out.write(Json.line(sample(i)));
      out.write('\n');
    }
    out.flush();
  }

  /** Hash over all documents', prompts' and targets' hashes. */
  String taskHash() {
    StringBuilder all = new StringBuilder();
    for (Question question : task.questions()) {
      all.append(documentHash(question)).append(promptHash(question)).append(targetHash(question));
    }
    return Sha256.of(all.toString());
  }

  /** One document's line. */
  ObjectNode sample(int index) {
    Question question = task.questions().get(index);
    List<LanguageModel.Score> scores = result.scores().scores().get(index);
    ObjectNode sample = Json.object();
    sample.put("doc_id", question.id());
    sample.set("doc", question.document());
    sample.put("target", target(question));
    ObjectNode arguments = sample.putObject("arguments");
    ArrayNode resps = sample.putArray("resps");
    ArrayNode filtered = sample.putArray("filtered_resps");
    for (int a = 0; a < question.asks().size(); a++) {
      argument(question.asks().get(a), arguments.putObject("gen_args_" + a));
      answer(scores.get(a), resps.addArray());
      answer(scores.get(a), filtered);
    }
    sample.put("filter", "none");
    ArrayNode metrics = sample.putArray("metrics");
    sample.put("doc_hash", documentHash(question));
    sample.put("prompt_hash", promptHash(question));
    sample.put("target_hash", targetHash(question));
    Grading.of(task, question, scores)
        .forEach(
            (metric, observation) -> {
              metrics.add(metric.key());
              put(sample, metric, observation);
            });
    return sample;
  }

  private boolean rolling() {
    return task.output() == OutputType.LOGLIKELIHOOD_ROLLING;
  }

  private void argument(Question.Ask ask, ObjectNode to) {
    if (rolling()) {
      to.put("arg_0", ask.continuation());
    } else {
      to.put("arg_0", ask.context());
      to.put("arg_1", ask.continuation());
    }
  }

  /** A pair (log-probability, greedy), of a rolling text the log-probability alone. */
  private void answer(LanguageModel.Score score, ArrayNode to) {
    String logProbability = PythonJson.number(score.logProbability());
    if (rolling()) {
      to.add(logProbability);
    } else {
      to.addArray().add(logProbability).add(score.greedy() ? "True" : "False");
    }
  }

  private static void put(ObjectNode sample, Metric metric, Observation observation) {
    switch (metric) {
      case ACC, ACC_NORM, PERPLEXITY -> sample.put(metric.key(), observation.value());
      case WORD_PERPLEXITY, BYTE_PERPLEXITY, BITS_PER_BYTE ->
          sample
              .putArray(metric.key())
              .add(observation.value())
              .add(Math.round(observation.weight()));
    }
  }

  /** The right choice's index, or the one continuation's text. */
  private String target(Question question) {
    String first = question.asks().getFirst().continuation();
    if (task.output() != OutputType.MULTIPLE_CHOICE) {
      return first;
    }
    // Choices that stand in the contexts (Winogrande): what follows them is the target.
    boolean oneContinuation =
        question.asks().stream().allMatch(ask -> ask.continuation().equals(first));
    return oneContinuation ? first.strip() : String.valueOf(question.gold());
  }

  private static String documentHash(Question question) {
    return Sha256.of(PythonJson.dumps(question.document()));
  }

  private String promptHash(Question question) {
    Question.Ask first = question.asks().getFirst();
    return Sha256.of(rolling() ? first.continuation() : first.context());
  }

  private String targetHash(Question question) {
    return Sha256.of(target(question));
  }
}
