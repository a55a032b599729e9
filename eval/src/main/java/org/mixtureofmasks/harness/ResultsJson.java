package org.mixtureofmasks.harness;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.score.Bootstrap;
import org.mixtureofmasks.score.Estimate;
import org.mixtureofmasks.score.EvaluatedModel;
import org.mixtureofmasks.score.Evaluation;
import org.mixtureofmasks.score.GroupResult;
import org.mixtureofmasks.score.Retention;
import org.mixtureofmasks.score.Summary;
import org.mixtureofmasks.score.TaskResult;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Metric;

/**
 * Results in the schema of lm-evaluation-harness 0.4.13 (result_schema.py), without what only a
 * Python program can say; what the harness does not know is under the one key {@code mom}.
 */
public final class ResultsJson {

  private final Evaluation evaluation;

  private ResultsJson(Evaluation evaluation) {
    this.evaluation = evaluation;
  }

  /** The whole object. */
  public static ObjectNode of(Evaluation evaluation) {
    return new ResultsJson(evaluation).json();
  }

  private ObjectNode json() {
    ObjectNode json = Json.object();
    ObjectNode results = json.putObject("results");
    evaluation.tasks().forEach(t -> put(results, t.summary()));
    evaluation.groups().forEach(g -> put(results, g.summary()));
    if (!evaluation.groups().isEmpty()) {
      ObjectNode groups = json.putObject("groups");
      evaluation.groups().forEach(g -> put(groups, g.summary()));
    }
    ObjectNode members = json.putObject("group_subtasks");
    for (GroupResult group : evaluation.groups()) {
      ArrayNode names = members.putArray(group.summary().name());
      group.members().forEach(names::add);
    }
    byTask(json);
    json.set("config", config());
    json.put("date", evaluation.started().atZone(ZoneId.systemDefault()).toEpochSecond());
    evaluation.model().maxLength().ifPresent(n -> json.put("max_length", n));
    ObjectNode hashes = json.putObject("task_hashes");
    evaluation.tasks().forEach(t -> hashes.put(t.task().name(), new Samples(t).taskHash()));
    json.put("model_source", "mom");
    json.put("model_name", evaluation.model().name());
    json.put(
        "model_name_sanitized",
        evaluation.model().name().replaceAll("[\"<>:/|\\\\?*\\[\\]]+", "__"));
    json.putNull("system_instruction");
    json.putNull("system_instruction_sha");
    json.put("fewshot_as_multiturn", false);
    json.putNull("chat_template");
    json.putNull("chat_template_sha");
    json.put("total_evaluation_time_seconds", PythonJson.number(evaluation.seconds()));
    json.set("mom", own());
    return json;
  }

  private static void put(ObjectNode to, Summary summary) {
    ObjectNode json = to.putObject(summary.name());
    json.put("name", summary.name());
    json.put("alias", summary.name());
    json.put("sample_len", summary.documents());
    for (Metric metric : summary.metrics()) {
      Estimate estimate = summary.estimate(metric);
      json.put(metric.key() + ",none", estimate.value());
      String error = metric.key() + "_stderr,none";
      estimate
          .standardError()
          .ifPresentOrElse(e -> json.put(error, e), () -> json.put(error, "N/A"));
    }
  }

  /** What the harness tells of each task, sorted by name as there. */
  private void byTask(ObjectNode json) {
    Map<String, TaskResult> tasks = new TreeMap<>();
    evaluation.tasks().forEach(t -> tasks.put(t.task().name(), t));
    Map<String, Summary> all = new TreeMap<>();
    evaluation.tasks().forEach(t -> all.put(t.task().name(), t.summary()));
    evaluation.groups().forEach(g -> all.put(g.summary().name(), g.summary()));
    ObjectNode configs = json.putObject("configs");
    tasks.forEach((name, t) -> configs.set(name, config(t)));
    ObjectNode versions = json.putObject("versions");
    tasks.forEach((name, t) -> version(versions, name, t.task().version()));
    ObjectNode shots = json.putObject("n-shot");
    all.forEach((name, s) -> s.shots().ifPresent(n -> shots.put(name, n)));
    ObjectNode higher = json.putObject("higher_is_better");
    all.forEach(
        (name, s) -> {
          ObjectNode metrics = higher.putObject(name);
          s.metrics().forEach(m -> metrics.put(m.key(), m.higherIsBetter()));
        });
    ObjectNode samples = json.putObject("n-samples");
    for (TaskResult t : evaluation.tasks()) {
      samples
          .putObject(t.task().name())
          .put("original", t.task().documents())
          .put("effective", t.summary().documents());
    }
  }

  private static ObjectNode config(TaskResult result) {
    LoadedTask task = result.task();
    ObjectNode config = Json.object();
    config.put("task", task.name());
    if (!result.groups().isEmpty()) {
      result.groups().forEach(config.withArray("tag")::add);
    }
    config.put("dataset_path", task.file().toString());
    config.put("output_type", task.output().key());
    config.put("num_fewshot", task.fewShot());
    ArrayNode metrics = config.putArray("metric_list");
    for (Metric metric : task.metrics()) {
      metrics
          .addObject()
          .put("metric", metric.key())
          .put("aggregation", aggregation(metric))
          .put("higher_is_better", metric.higherIsBetter());
    }
    version(config.putObject("metadata"), "version", task.version());
    return config;
  }

  private static String aggregation(Metric metric) {
    return switch (metric) {
      case ACC, ACC_NORM -> "mean";
      case PERPLEXITY -> "perplexity";
      case WORD_PERPLEXITY, BYTE_PERPLEXITY -> "weighted_perplexity";
      case BITS_PER_BYTE -> "bits_per_byte";
    };
  }

  /** A number, as in the harness's task files, where it is one. */
  private static void version(ObjectNode to, String name, String version) {
    if (version.matches("\\d+(\\.\\d+)?")) {
      to.put(name, new BigDecimal(version));
    } else {
      to.put(name, version);
    }
  }

  private ObjectNode config() {
    EvaluatedModel model = evaluation.model();
    ObjectNode config = Json.object();
    config.put("model", "mom");
    config.put("model_args", "pretrained=" + model.name());
    if (!model.weights().isEmpty()) {
      config.put("model_dtype", model.weights());
    }
    if (!model.hash().isEmpty()) {
      config.put("model_sha", model.hash());
    }
    config.putNull("batch_size");
    config.putArray("batch_sizes");
    config.put("device", "cpu");
    config.putNull("use_cache");
    evaluation.limit().ifPresentOrElse(n -> config.put("limit", n), () -> config.putNull("limit"));
    config.put("bootstrap_iters", Bootstrap.ITERATIONS);
    config.putNull("gen_kwargs");
    config.put("fewshot_seed", 1234);
    return config;
  }

  private ObjectNode own() {
    EvaluatedModel model = evaluation.model();
    ObjectNode own = Json.object();
    own.put("description", model.description());
    own.put("model_hash", model.hash().isEmpty() ? null : model.hash());
    own.put("weights", model.weights().isEmpty() ? null : model.weights());
    own.put("threads", model.threads() == 0 ? null : model.threads());
    evaluation.shares().orElse(Shares.UNKNOWN).describeMeasured(own);
    Map<String, Double> seconds = new LinkedHashMap<>();
    evaluation.tasks().forEach(t -> seconds.put(t.task().name(), t.scores().seconds()));
    double sum = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    long documents = evaluation.tasks().stream().mapToLong(t -> t.summary().documents()).sum();
    own.put("documents_per_second", sum > 0 ? documents / sum : null);
    ObjectNode byTask = own.putObject("seconds");
    seconds.forEach(byTask::put);
    Retention.Average average = Retention.average(evaluation.units());
    if (!average.names().isEmpty()) {
      ObjectNode json = own.putObject("average");
      json.put("value", average.value());
      average.names().forEach(json.withArray("over")::add);
    }
    return own;
  }
}
