package org.mixtureofmasks.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.StrictJson;
import org.mixtureofmasks.io.TextFiles;

/**
 * What a model's chat template puts around each turn, such as {@code <|im_start|>}: a model that
 * was trained on conversations knows a text without any of them only from its pretraining. The
 * template is not evaluated for this, only searched.
 */
public final class ChatMarkers {
  private static final long SIZE_LIMIT = 16L << 20;

  /** {@code <|...|>}, {@code [INST]}, {@code <start_of_turn>}, {@code <<SYS>>} and their ends. */
  private static final Pattern MARKER =
      Pattern.compile("<\\|[A-Za-z0-9_]+\\|>|\\[/?[A-Z_]+]|</?[a-z]+_of_turn>|<</?SYS>>");

  private ChatMarkers() {}

  /**
   * The markers of a model's chat template, in its order.
   *
   * @param model a Hugging Face folder or a .gguf file
   * @return none if the model has no template, or one whose turns are set off by plain words
   * @throws BadCheckpoint if a file that would hold the template is malformed
   */
  public static Set<String> of(Path model) {
    Set<String> markers = new LinkedHashSet<>();
    Matcher matcher = MARKER.matcher(template(model));
    while (matcher.find()) {
      markers.add(matcher.group());
    }
    return Collections.unmodifiableSet(markers);
  }

  /** The template's text, or nothing. */
  private static String template(Path model) {
    if (Files.isDirectory(model)) {
      Path own = model.resolve("chat_template.jinja");
      return Files.exists(own) ? TextFiles.read(own) : configured(model);
    }
    if (!model.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      return "";
    }
    try (Checkpoint gguf = Checkpoints.open(model)) {
      return gguf.metadata().path("tokenizer.chat_template").asText("");
    }
  }

  /** A text, or a list of named ones. */
  private static String configured(Path folder) {
    Path file = folder.resolve("tokenizer_config.json");
    if (!Files.exists(file)) {
      return "";
    }
    JsonNode value = StrictJson.readObject(file, SIZE_LIMIT).path("chat_template");
    return value.isArray()
        ? String.join("\n", value.findValuesAsText("template"))
        : value.asText("");
  }
}
