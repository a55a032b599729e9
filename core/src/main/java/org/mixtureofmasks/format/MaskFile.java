package org.mixtureofmasks.format;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.SafetensorsFile;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.io.Channels;

/** masks.safetensors of a sparse folder: masks in the dense model's own order. */
final class MaskFile implements AutoCloseable {
  private final Path path;
  private final SafetensorsFile file;
  private final NamedTensors tensors;

  /** Opens the file of a model folder. */
  MaskFile(Path folder) {
    this.path = folder.resolve(SparseNames.MASKS_FILE);
    this.file = SafetensorsFile.open(path);
    this.tensors = new NamedTensors(path, file.tensors());
  }

  /**
   * A layer's masks, U8 of 0 and 1 in the file.
   *
   * @param length elements of the dimension
   */
  List<Mask> masks(int layer, Dimension dimension, int experts, int length) {
    StoredTensor tensor = tensors.get(SparseNames.masks(layer, dimension), experts, length);
    if (tensor.dtype() != DType.U8) {
      throw bad(tensor, 0, "tensor '%s' holds %s, not U8".formatted(tensor.name(), tensor.dtype()));
    }
    List<Mask> masks = new ArrayList<>();
    for (int e = 0; e < experts; e++) {
      long first = (long) e * length;
      masks.add(Mask.of(length, j -> on(tensor, first + j)));
    }
    return masks;
  }

  private boolean on(StoredTensor tensor, long at) {
    byte value = tensor.data().get(ValueLayout.JAVA_BYTE, at);
    if ((value & ~1) != 0) {
      throw bad(tensor, at, "a mask holds %d, not 0 or 1".formatted(value));
    }
    return value == 1;
  }

  /**
   * The dense index of each stored neuron.
   *
   * @param m intermediate_size
   */
  int[] neuronOrder(int layer, int stored, int m) {
    StoredTensor tensor = tensors.get(SparseNames.neuronOrder(layer), stored);
    int[] order = Elements.toInts(tensor);
    for (int i = 0; i < stored; i++) {
      if (order[i] < 0 || order[i] >= m) {
        throw bad(
            tensor,
            4L * i,
            "tensor '%s' names neuron %d of %d".formatted(tensor.name(), order[i], m));
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

  /** What the file of these masks holds. */
  static SequencedMap<String, TensorSource> tensors(ExpertMasks masks, List<ExpertLayout> layers) {
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    for (int l = 0; l < masks.layers(); l++) {
      for (Dimension dimension : Dimension.values()) {
        if (masks.has(dimension)) {
          put(tensors, masks, dimension, l);
        }
      }
      int[] order = layers.get(l).order();
      tensors.put(SparseNames.neuronOrder(l), TensorSource.ofInts(order, order.length));
    }
    return tensors;
  }

  /** Puts a layer's masks of a dimension. */
  static void put(
      Map<String, TensorSource> tensors, ExpertMasks masks, Dimension dimension, int layer) {
    tensors.put(SparseNames.masks(layer, dimension), new MaskSource(masks.layer(dimension, layer)));
  }

  /** The masks of a layer as bytes of 0 and 1. */
  private record MaskSource(List<Mask> masks) implements TensorSource {
    @Override
    public DType dtype() {
      return DType.U8;
    }

    @Override
    public List<Long> shape() {
      return List.of((long) masks.size(), (long) masks.getFirst().length());
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      for (Mask mask : masks) {
        ByteBuffer bytes = ByteBuffer.allocate(mask.length());
        for (int j = 0; j < mask.length(); j++) {
          bytes.put((byte) (mask.on(j) ? 1 : 0));
        }
        Channels.writeFully(channel, bytes.flip());
      }
    }
  }
}
