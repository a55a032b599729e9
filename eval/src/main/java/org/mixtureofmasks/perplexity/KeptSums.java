package org.mixtureofmasks.perplexity;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Sha256;
import org.mixtureofmasks.io.StrictJson;

/**
 * Sums of the part of a text that was read already, so that a measurement that was stopped goes on
 * where it was. A file's key is a hash of the model, of how the text is cut, and of the text, so it
 * counts exactly where the same is measured again.
 */
public final class KeptSums {
  private static final String FORMAT = "mom perplexity sums 1";

  /** Time between two writings: what an interruption may lose. */
  private static final long PAUSE_NANOS = 5_000_000_000L;

  private final Optional<Path> folder;
  private final String model;
  private final Consumer<String> notes;
  private final long pauseNanos;
  private long written = System.nanoTime();

  KeptSums(Optional<Path> folder, String model, Consumer<String> notes, long pauseNanos) {
    this.folder = folder;
    this.model = model;
    this.notes = notes;
    this.pauseNanos = pauseNanos;
  }

  /** Keeps nothing. */
  public static KeptSums none() {
    return new KeptSums(Optional.empty(), "", note -> {}, PAUSE_NANOS);
  }

  /**
   * Keeps sums in a folder.
   *
   * @param folder gets a file for each text and model
   * @param model a hash of the model and of what else its figures depend on
   * @param notes hears from where a measurement goes on
   */
  public static KeptSums in(Path folder, String model, Consumer<String> notes) {
    return new KeptSums(Optional.of(folder), model, notes, PAUSE_NANOS);
  }

  /** Removes a folder of sums, if there is one: their results are written elsewhere. */
  public static void remove(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    // Those too that a killed run left half-written.
    String ours = "{,.}perplexity_*";
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ours)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (DirectoryNotEmptyException e) {
      return; // what else is there is not ours
    } catch (IOException e) {
      throw new UserError("%s: cannot be removed: %s".formatted(folder, IoReasons.of(e)), e);
    }
  }

  /** Where the sums of a measurement are kept, or would be. */
  private Optional<Path> file(String what) {
    return folder.map(f -> f.resolve("perplexity_" + key(what).substring(0, 16) + ".json"));
  }

  private String key(String what) {
    return new Sha256().add(FORMAT).add(model).add(what).hex();
  }

  /**
   * What was read before; nothing if nothing was.
   *
   * @param what the text and how it is cut, in a few words and hashes
   * @param units windows or pages of the whole
   * @throws BadCheckpoint if the file is not what {@link #save} wrote
   */
  TextSums find(String what, int units) {
    Optional<Path> file = file(what).filter(Files::exists);
    if (file.isEmpty()) {
      return TextSums.NONE;
    }
    ObjectNode json = StrictJson.readObject(file.get(), StrictJson.CONFIG_LIMIT);
    int done = json.path("done").asInt(-1);
    if (!json.path("key").asText().equals(key(what)) || done < 0 || done > units) {
      throw new BadCheckpoint(
          file.get(), -1, "does not hold the sums of this measurement: delete it");
    }
    notes.accept("goes on after %s of %s: %s".formatted(done, units, file.get()));
    return new TextSums(
        done,
        json.path("negative_log_likelihood").asDouble(),
        json.path("tokens").asLong(),
        json.path("seconds").asDouble(),
        json.path("tokens_read").asLong(),
        Shares.readMeasured(json).orElse(Shares.UNKNOWN));
  }

  /** Keeps what was read so far, not more often than every few seconds before the end. */
  void save(String what, TextSums sums, int units) {
    Optional<Path> file = file(what);
    long now = System.nanoTime();
    // A sum that is no number is an error of the measurement, and nothing to go on from.
    if (file.isEmpty()
        || (sums.done() < units && now - written < pauseNanos)
        || !Double.isFinite(sums.negativeLogLikelihood())) {
      return;
    }
    written = now;
    ObjectNode json = Json.object();
    json.put("key", key(what));
    json.put("done", sums.done());
    json.put("negative_log_likelihood", sums.negativeLogLikelihood());
    json.put("tokens", sums.tokens());
    json.put("seconds", sums.seconds());
    json.put("tokens_read", sums.read());
    sums.shares().describeMeasured(json);
    AtomicFiles.writeString(file.get(), json + "\n");
  }
}
