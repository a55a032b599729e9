package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.StrictJson;

/**
 * What a trained run has come to; NaN where there is nothing to say. Kept as judged.json in the
 * run's folder, which is also the sign that nothing is left to train.
 *
 * @param measuredBy "engine": the model that ships; "trainer": a method that ships none
 * @param shares what a token needs of the dense FFN, every expert equally likely
 * @param measured the same with the experts that were really chosen
 * @param routerShare parameters of the routers over those of the dense FFNs
 * @param oneShotLoss validation loss before the first step, nats, by the trainer
 * @param validLoss what the run is compared by: mean loss a token over evaluate.rows, nats
 * @param trainerLoss the trainer's own validation loss after the last step, nats
 * @param bytes of the weights that ship
 * @param seconds of the training steps
 */
record Figures(
    String measuredBy,
    Shares shares,
    Shares measured,
    double routerShare,
    double oneShotLoss,
    double validLoss,
    double trainerLoss,
    double bytes,
    double seconds) {
  /** Of a run whose model the engine measured. */
  static final String ENGINE = "engine";

  private static final String FILE = "judged.json";

  static Path file(Path run) {
    return run.resolve(FILE);
  }

  /** Reads what {@link #save} wrote. */
  static Figures read(Path run) {
    JsonNode json = StrictJson.readObject(file(run), StrictJson.CONFIG_LIMIT);
    return new Figures(
        json.path("judged_by").asText(),
        Shares.read(json),
        Shares.readMeasured(json).orElse(Shares.UNKNOWN),
        number(json, "router_share"),
        number(json, "one_shot_loss"),
        number(json, "valid_loss"),
        number(json, "trainer_valid_loss"),
        number(json, "bytes"),
        number(json, "seconds"));
  }

  /** Whether a model ships, which can be asked further. */
  boolean ships() {
    return measuredBy.equals(ENGINE);
  }

  void save(Path run) {
    ObjectNode json = Json.object();
    describe(json);
    AtomicFiles.writeString(file(run), Json.pretty(json) + "\n");
  }

  /** Adds the members of study.json. */
  void describe(ObjectNode json) {
    json.put("judged_by", measuredBy);
    shares.describe(json);
    measured.describeMeasured(json);
    json.put("router_share", Json.number(routerShare));
    json.put("one_shot_loss", Json.number(oneShotLoss));
    json.put("valid_loss", Json.number(validLoss));
    json.put("trainer_valid_loss", Json.number(trainerLoss));
    json.put("perplexity", Json.number(Math.exp(validLoss)));
    json.put("bytes", Double.isNaN(bytes) ? null : (Long) (long) bytes);
    json.put("seconds", Json.number(seconds));
  }

  private static double number(JsonNode json, String key) {
    return json.path(key).asDouble(Double.NaN);
  }
}
