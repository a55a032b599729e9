package org.mixtureofmasks.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.io.BadCheckpoint;

/** masks.safetensors of a sparse folder: masks in the dense model's own order. */
public final class MaskFile implements AutoCloseable {
  private final Path path;
  private final SafetensorsFile file;
  private final NamedTensors tensors;

  private MaskFile(Path path) {
    this.path = path;
    this.file = SafetensorsFile.open(path);
    this.tensors = new NamedTensors(path, file.tensors());
  }

  public static MaskFile of(Checkpoint checkpoint) {
    return new MaskFile(checkpoint.path().resolve("masks.safetensors"));
  }

  /**
   * The neuron masks of a sparse model folder, whatever its layout.
   *
   * @return layers x E x intermediate_size of 0 and 1
   * @throws BadCheckpoint if the model is not sparse, or its masks are missing or malformed
   */
  public static byte[][][] read(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      ModelConfig config = ConfigReader.read(checkpoint);
      int experts =
          config
              .mixtureOfMasks()
              .orElseThrow(() -> new BadCheckpoint(model, -1, "is dense: it has no masks"))
              .experts();
      try (MaskFile file = of(checkpoint)) {
        byte[][][] masks = new byte[config.layers()][][];
        for (int l = 0; l < masks.length; l++) {
          masks[l] = file.masks(l, "masks", experts, config.intermediateSize());
        }
        return masks;
      }
    }
  }

  /**
   * The tensor layers.{l}.{name}, U8 of 0 and 1.
   *
   * @return rows x columns
   */
  public byte[][] masks(int l, String name, int rows, int columns) {
    StoredTensor tensor = tensors.get("layers." + l + "." + name, rows, columns);
    if (tensor.dtype() != DType.U8) {
      throw bad(tensor, 0, "tensor '" + tensor.name() + "' holds " + tensor.dtype() + ", not U8");
    }
    byte[][] masks = new byte[rows][columns];
    for (int e = 0; e < rows; e++) {
      long at = (long) e * columns;
      MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, at, masks[e], 0, columns);
      for (int j = 0; j < columns; j++) {
        if ((masks[e][j] & ~1) != 0) {
          throw bad(tensor, at + j, "a mask holds " + masks[e][j] + ", not 0 or 1");
        }
      }
    }
    return masks;
  }

  /**
   * The dense index of each stored neuron.
   *
   * @param m intermediate_size
   */
  public int[] neuronOrder(int l, int stored, int m) {
    StoredTensor tensor = tensors.get("layers." + l + ".neuron_order", stored);
    int[] order = Elements.toInts(tensor);
    for (int i = 0; i < stored; i++) {
      if (order[i] < 0 || order[i] >= m) {
        throw bad(
            tensor, 4L * i, "tensor '" + tensor.name() + "' names neuron " + order[i] + " of " + m);
      }
    }
    return order;
  }

  private BadCheckpoint bad(StoredTensor tensor, long within, String reason) {
    return new BadCheckpoint(path, tensor.offset() + within, reason);
  }

  @Override
  public void close() {
    file.close();
  }
}
