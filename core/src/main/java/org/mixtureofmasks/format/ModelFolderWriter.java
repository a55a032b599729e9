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
          "special_tokens_map.json",
          "chat_template.jinja",
          "generation_config.json");

  /** Without it transformers refuses a file. */
  static final Map<String, String> PYTORCH = Map.of("format", "pt");

  private final AtomicFolder folder;

  private ModelFolderWriter(AtomicFolder folder) {
    this.folder = folder;
  }

  /**
   * Begins a folder beside its place.
   *
   * @param out must not exist yet, or be empty
   * @return a writer that leaves nothing behind when it is closed before {@link #commit}
   * @throws UserError if it does, or cannot be made
   */
  public static ModelFolderWriter create(Path out) {
    return new ModelFolderWriter(AtomicFolder.create(out));
  }

  /**
   * Writes model.safetensors.
   *
   * @param metadata of its header, to which transformers' {@code format} is added
   * @param t tensors by name, in the order of the file; each is read when its turn comes
   * @throws UserError if it cannot be written
   */
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
   * Writes a dense model's config.json.
   *
   * @param config every member but the type of the weights
   * @param dtype what its weights are now, whatever the object says
   * @throws UserError if it cannot be written
   */
  public void config(ObjectNode config, DType dtype) {
    json(HuggingFaceConfig.FILE, HuggingFaceConfig.withDtype(config, dtype));
  }

  /**
   * Writes a small JSON file, indented, with a newline at its end.
   *
   * @param name of the file, within the folder
   * @param value its content
   * @throws UserError if it cannot be written
   */
  public void json(String name, ObjectNode value) {
    text(name, value.toPrettyString() + "\n");
  }

  /**
   * Writes a small text file, such as README.md.
   *
   * @param name of the file, within the folder
   * @param content in UTF-8, as it is
   * @throws UserError if it cannot be written
   */
  public void text(String name, String content) {
    AtomicFiles.writeString(folder.path().resolve(name), content);
  }

  /**
   * Copies the tokenizer's files, chat template and generation_config.json, those that a model has.
   *
   * @param model folder that they are copied from
   * @throws UserError if one cannot be copied
   */
  public void companionsOf(Path model) {
    COMPANIONS.forEach(name -> copy(model, name));
  }

  /**
   * Copies a file if the model has it.
   *
   * @param model folder that it is copied from
   * @param name of the file
   * @throws UserError if it cannot be copied
   */
  void copy(Path model, String name) {
    Path from = model.resolve(name);
    try {
      if (Files.exists(from)) {
        Files.copy(from, folder.path().resolve(name));
      }
    } catch (IOException e) {
      throw new UserError("cannot copy %s: %s".formatted(from, e.getMessage()), e);
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
