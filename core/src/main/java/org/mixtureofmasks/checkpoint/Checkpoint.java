package org.mixtureofmasks.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;

/**
 * An immutable view over the mapped files of a model, every length checked before this object
 * exists. It does not know what a layer is.
 */
public interface Checkpoint extends AutoCloseable {
  /** The formats that are read. */
  enum Format {
    /** A folder with config.json and safetensors, one file or shards with an index. */
    HUGGING_FACE,
    /** One file of llama.cpp, weights and vocabulary together. */
    GGUF,
    /** A llama2.c .bin file. */
    LLAMA2C
  }

  /** {@return the format that was recognised} */
  Format format();

  /** {@return the folder or file that was opened} */
  Path path();

  /**
   * What the model says about itself, unread: config.json as it is; GGUF's metadata, one member for
   * each key with arrays of more than 1,024 elements left out (they are had from the format's own
   * class); llama2.c's seven header fields. Every call gives a copy of its own.
   *
   * @return an object that is the caller's own
   */
  ObjectNode metadata();

  /** {@return the tensors by their names in the file, in the order of the file} */
  Map<String, StoredTensor> tensors();

  /** {@return bytes of all files of weights} */
  long bytes();

  /** Unmaps the files; tensors may not be used after it. */
  @Override
  void close();
}
