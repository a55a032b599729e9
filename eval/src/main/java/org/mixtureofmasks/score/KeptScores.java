package org.mixtureofmasks.score;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.task.LoadedTask;
import org.mixtureofmasks.task.Question;

/**
 * Finished tasks' scores in a folder, so that a run that was stopped goes on where it was. A file's
 * key is a hash of the model and of every prompt, so it counts exactly where the same questions are
 * asked of the same model again, whatever the files are called.
 */
public final class KeptScores {
  /** Raised whenever the same questions may get other scores. */
  private static final String FORMAT = "mom task scores 2";

  /** Bytes; a score takes some 30 and the largest task has some 60,000. */
  private static final long SIZE_LIMIT = 256L << 20;

  private final Path folder;
  private final EvaluatedModel model;

  /**
   * @param folder where the files are; made with the first of them
   * @param model whose scores they are
   */
  public KeptScores(Path folder, EvaluatedModel model) {
    this.folder = folder;
    this.model = model;
  }

  /** Where a task's scores are kept, or would be. */
  public Path file(LoadedTask task) {
    return folder.resolve("scores_" + task.name() + "_" + key(task).substring(0, 16) + ".json");
  }

  /**
   * A finished task's scores, if they were kept.
   *
   * @throws BadCheckpoint if the file is not what {@link #save} wrote
   */
  public Optional<TaskScores> find(LoadedTask task) {
    Path file = file(task);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    ObjectNode json = StrictJson.readObject(file, SIZE_LIMIT);
    if (!json.path("format").asText().equals(FORMAT)
        || !json.path("key").asText().equals(key(task))
        || !fits(json.path("scores"), task)) {
      throw new BadCheckpoint(
          file, -1, "does not hold this task's scores: delete it, or give --fresh");
    }
    return Optional.of(
        new TaskScores(
            scores(json.get("scores")),
            json.path("seconds").asDouble(),
            json.path("tokens_read").asLong(),
            Shares.readMeasured(json)));
  }

  /** Keeps a finished task's scores. */
  public void save(LoadedTask task, TaskScores scores) {
    ObjectNode json = Json.object();
    json.put("format", FORMAT);
    json.put("key", key(task));
    json.put("task", task.name());
    json.put("model", model.name());
    json.put("seconds", scores.seconds());
    json.put("tokens_read", scores.tokens());
    scores.shares().ifPresent(shares -> shares.describeMeasured(json));
    ArrayNode questions = json.putArray("scores");
    for (List<LanguageModel.Score> question : scores.scores()) {
      ArrayNode asks = questions.addArray();
      for (LanguageModel.Score score : question) {
        asks.addArray().add(score.logProbability()).add(score.greedy()).add(score.tokens());
      }
    }
    AtomicFiles.writeString(file(task), json + "\n");
  }

  private String key(LoadedTask task) {
    Sha256 hash = new Sha256();
    hash.add(FORMAT).add(model.identity()).add(task.name()).add(task.output().key());
    for (Question question : task.questions()) {
      hash.add(String.valueOf(question.id()));
      for (Question.Ask ask : question.asks()) {
        hash.add(ask.context()).add(ask.continuation());
      }
    }
    return hash.hex();
  }

  private static boolean fits(JsonNode scores, LoadedTask task) {
    if (scores.size() != task.questions().size()) {
      return false;
    }
    for (int i = 0; i < scores.size(); i++) {
      if (scores.get(i).size() != task.questions().get(i).asks().size()) {
        return false;
      }
      for (JsonNode score : scores.get(i)) {
        if (!score.path(0).isNumber() || !score.path(1).isBoolean() || !score.path(2).isInt()) {
          return false;
        }
      }
    }
    return true;
  }

  private static List<List<LanguageModel.Score>> scores(JsonNode json) {
    List<List<LanguageModel.Score>> questions = new ArrayList<>();
    for (JsonNode question : json) {
      List<LanguageModel.Score> asks = new ArrayList<>();
      for (JsonNode s : question) {
        asks.add(
            new LanguageModel.Score(s.get(0).asDouble(), s.get(1).asBoolean(), s.get(2).asInt()));
      }
      questions.add(asks);
    }
    return questions;
  }
}
