package org.mixtureofmasks.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.MappedFile;

/** Opens models of every format that is read. */
public final class Checkpoints {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** "ak42" as llama2.c's newer exports write it. */
  private static final int LLAMA2C_VERSIONED = 0x616b3432;

  /** "PK" 3 4: a zip, as torch.save writes. */
  private static final int ZIP = 0x04034b50;

  private Checkpoints() {}

  /**
   * Opens a model: a folder with config.json, a GGUF file, or a llama2.c .bin file. Nothing of the
   * weights is read; every length in the headers is checked against the files.
   *
   * @param path a folder or a file
   * @return the checkpoint; closing it unmaps its files
   * @throws BadCheckpoint if there is no such path, it is none of these, or a rule of its format is
   *     broken
   */
  public static Checkpoint open(Path path) {
    if (!Files.exists(path)) {
      throw new BadCheckpoint(
          path,
          -1,
          "does not exist; expected is a model folder with config.json, a .gguf file or a llama2.c"
              + " .bin file");
    }
    return open(path, Arena.ofShared());
  }

  /** Opens a model in an arena that the checkpoint owns from now on. */
  static Checkpoint open(Path path, Arena arena) {
    try {
      return Files.isDirectory(path) ? HuggingFaceFolder.open(path, arena) : openFile(path, arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static Checkpoint openFile(Path file, Arena arena) {
    MemorySegment all = MappedFile.map(file, arena);
    String name = file.getFileName().toString();
    int magic = all.byteSize() < 4 ? 0 : all.get(INT, 0);
    if (name.endsWith(".safetensors") || name.equals(HuggingFaceFolder.CONFIG)) {
      throw new BadCheckpoint(
          file, -1, "is one file of a model folder; give the folder that holds it");
    }
    if (magic == GgufFile.MAGIC) {
      return GgufFile.open(file, all, arena);
    }
    if (name.endsWith(".gguf")) {
      throw new BadCheckpoint(file, 0, "does not begin with 'GGUF': not a GGUF file, or damaged");
    }
    if (magic == LLAMA2C_VERSIONED) {
      throw new BadCheckpoint(
          file, 0, "is a versioned llama2.c file; export it with --version 0 (the legacy header)");
    }
    if (magic == ZIP) {
      throw new BadCheckpoint(
          file,
          0,
          "is a zip, perhaps of torch.save (pickles are not read: they can run code); save the"
              + " model as safetensors");
    }
    return Llama2cFile.open(file, all, arena);
  }
}
