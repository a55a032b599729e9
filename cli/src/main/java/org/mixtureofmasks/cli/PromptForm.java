package org.mixtureofmasks.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.tokenizer.ChatMarkers;

/** Whether a prompt has the form that a model was trained on. */
final class PromptForm {
  /** Markers that are named; a template may have many. */
  private static final int SHOWN = 3;

  private PromptForm() {}

  /** One line about a text that is put to a model of conversations as it is, else nothing. */
  static Optional<String> of(Path model, String prompt) {
    Set<String> markers = ChatMarkers.of(model);
    if (markers.isEmpty() || markers.stream().anyMatch(prompt::contains)) {
      return Optional.empty();
    }
    return Optional.of(
        "mom: this model has a chat template, and the prompt is raw text without its markers (%s): the answer may be poor, or blank; write the turns as the template has them"
            .formatted(String.join(", ", markers.stream().limit(SHOWN).toList())));
  }
}
