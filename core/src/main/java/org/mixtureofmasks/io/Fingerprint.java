package org.mixtureofmasks.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The hash by which one artefact names its parent. */
public final class Fingerprint {
  private Fingerprint() {}

  /**
   * The SHA-256 of a model as "sha256:" and 64 hex digits. Of a file, that of its bytes. Of a
   * folder, that of the lines "HASH, two spaces, NAME, newline" (what sha256sum prints, sorted by
   * name) of the files that decide what the model computes: config.json, tokenizer.json, every
   * .safetensors and its index. A changed README is still the same model.
   *
   * @param model a file or a folder
   * @return "sha256:" and 64 hex digits
   * @throws BadCheckpoint if a file cannot be read or a folder has none of them
   */
  public static String of(Path model) {
    if (!Files.isDirectory(model)) {
      return "sha256:" + hashOf(model);
    }
    List<Path> files;
    try (Stream<Path> entries = Files.list(model)) {
      files = entries.filter(Fingerprint::counts).sorted().toList();
    } catch (IOException e) {
      throw new BadCheckpoint(model, -1, "cannot be listed: %s".formatted(IoReasons.of(e)));
    }
    if (files.isEmpty()) {
      throw new BadCheckpoint(model, -1, "holds no model files");
    }
    StringBuilder lines = new StringBuilder();
    for (Path file : files) {
      lines.append(hashOf(file)).append("  ").append(file.getFileName()).append('\n');
    }
    return "sha256:" + Sha256.of(lines.toString());
  }

  private static boolean counts(Path file) {
    String name = file.getFileName().toString();
    return !name.startsWith(".")
        && (name.equals("config.json")
            || name.equals("tokenizer.json")
            || name.endsWith(".safetensors")
            || name.endsWith(".safetensors.index.json"));
  }

  private static String hashOf(Path file) {
    Sha256 hash = new Sha256();
    byte[] piece = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        hash.add(piece, n);
      }
    } catch (IOException e) {
      throw new BadCheckpoint(file, -1, "cannot be read: %s".formatted(IoReasons.of(e)));
    }
    return hash.hex();
  }
}
