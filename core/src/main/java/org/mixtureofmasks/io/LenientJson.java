package org.mixtureofmasks.io;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * JSON files that a model can do without: transformers goes on without a generation_config.json
 * that it cannot read, and so do we, with a warning.
 */
public final class LenientJson {
  private static final Logger LOG = LoggerFactory.getLogger(LenientJson.class);

  /** Several readers ask for the same file; one warning is enough. */
  private static final Set<Path> WARNED = ConcurrentHashMap.newKeySet();

  private LenientJson() {}

  /**
   * The object in a JSON file.
   *
   * @param file UTF-8
   * @param limit the largest size in bytes that is read
   * @return the object; empty if there is no such file, or with a warning if it holds none
   */
  public static Optional<ObjectNode> readObject(Path file, long limit) {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(StrictJson.readObject(file, limit));
    } catch (BadCheckpoint e) {
      if (WARNED.add(file.toAbsolutePath())) {
        LOG.warn("{}; the model is used without this file", e.getMessage());
      }
      return Optional.empty();
    }
  }
}
