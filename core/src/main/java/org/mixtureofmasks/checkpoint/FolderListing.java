package org.mixtureofmasks.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.IoReasons;

/** Says what is in a folder that is not what was expected. */
final class FolderListing {
  private static final int SHOWN = 6;

  private FolderListing() {}

  /** The first names in order, such as "a, b and 3 more"; "nothing" for an empty folder. */
  static String of(Path folder) {
    List<String> names = names(folder);
    if (names.isEmpty()) {
      return "nothing";
    }
    String first = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
    return names.size() <= SHOWN ? first : first + " and " + (names.size() - SHOWN) + " more";
  }

  /** How to go on when the weights are there in another form; empty when they are not. */
  static String weightsHint(Path folder) {
    List<String> names = names(folder);
    for (String name : names) {
      if (name.endsWith(".gguf")) {
        return "; give the .gguf file itself: " + folder.resolve(name);
      }
    }
    boolean pickled = names.stream().anyMatch(n -> n.matches("pytorch_model.*\\.bin|.*\\.pth?"));
    return pickled
        ? "; pickled PyTorch weights are not read (they can run code): save the model with"
            + " save_pretrained(..., safe_serialization=True)"
        : "; fetch the weights into it";
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(p -> SafetensorsHeader.shown(p.getFileName().toString()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new BadCheckpoint(folder, -1, "cannot be listed: %s".formatted(IoReasons.of(e)));
    }
  }
}
