package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;

/**
 * Writes a model folder, which is complete when {@link #commit} returns and absent otherwise.
 * Weights are written tensor by tensor: no more of a model is in memory than one of them.
 */
public final class ModelFolderWriter implements AutoCloseable {
  /** What a folder made of another takes from it: how texts become tokens, and where they end. */
  private static final List<String> COMPANIONS =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "chat_template.jinja",
          "generation_config.json");

  /** Without it transformers refuses a file. */
  static final Map<String, String> PYTORCH = Map.of("format", "pt");

  private final AtomicFolder folder;

  private ModelFolderWriter(AtomicFolder folder) {
    this.folder = folder;
  }

  /**
   * @param out must not exist yet, or be empty
   * @throws UserError if it does, or cannot be made
   */
  public static ModelFolderWriter create(Path out) {
    return new ModelFolderWriter(AtomicFolder.create(out));
  }

  /** model.safetensors, with metadata in its header. */
  public void weights(SequencedMap<String, String> metadata, SequencedMap<String, TensorSource> t) {
    SequencedMap<String, String> all = new LinkedHashMap<>(PYTORCH);
    all.putAll(metadata);
    SafetensorsWriter.write(folder.path().resolve("model.safetensors"), all, t);
  }

  /** masks.safetensors. */
  void masks(SequencedMap<String, TensorSource> tensors) {
    SafetensorsWriter.write(folder.path().resolve(SparseNames.MASKS_FILE), PYTORCH, tensors);
  }

  /**
   * A dense model's config.json.
   *
   * @param dtype what its weights are now, whatever the object says
   */
  public void config(ObjectNode config, DType dtype) {
    json(HuggingFaceConfig.FILE, HuggingFaceConfig.withDtype(config, dtype));
  }

  /** A small JSON file. */
  public void json(String name, ObjectNode value) {
    text(name, value.toPrettyString() + "\n");
  }

  /** A small text file, such as README.md. */
  public void text(String name, String content) {
    AtomicFiles.writeString(folder.path().resolve(name), content);
  }

  /** Copies the tokenizer's files, chat template and generation_config.json, those that are. */
  public void companionsOf(Path model) {
    for (String name : COMPANIONS) {
      Path from = model.resolve(name);
      try {
        if (Files.exists(from)) {
          Files.copy(from, folder.path().resolve(name));
        }
      } catch (IOException e) {
        throw new UserError("cannot copy %s: %s".formatted(from, e.getMessage()), e);
      }
    }
  }

  /** The folder is whole: it takes its place. */
  public void commit() {
    folder.commit();
  }

  @Override
  public void close() {
    folder.close();
  }
}
