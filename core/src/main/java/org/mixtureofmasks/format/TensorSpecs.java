package org.mixtureofmasks.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tensors of a dense model of some shape, in model order. */
public final class TensorSpecs {
  private record Place(TensorSpec.Role role, int layer) {}

  private final List<TensorSpec> all;
  private final Map<Place, TensorSpec> byPlace = new HashMap<>();

  private TensorSpecs(List<TensorSpec> all) {
    this.all = List.copyOf(all);
    all.forEach(spec -> byPlace.put(new Place(spec.role(), spec.layer()), spec));
  }

  /** {@return all of them, tied ones included} */
  public List<TensorSpec> all() {
    return all;
  }

  /** {@return those that must be stored: all that are not tied} */
  public List<TensorSpec> stored() {
    return all.stream().filter(spec -> !spec.tied()).toList();
  }

  /**
   * {@return the tensor of a role, if the family has one}
   *
   * @param role what it is for
   * @param layer from 0, or {@link TensorSpec#NO_LAYER}
   */
  public Optional<TensorSpec> find(TensorSpec.Role role, int layer) {
    return Optional.ofNullable(byPlace.get(new Place(role, layer)));
  }

  /**
   * The tensor of a role that every family has.
   *
   * @param role what it is for
   * @param layer from 0, or {@link TensorSpec#NO_LAYER}
   * @return the tensor
   * @throws IllegalArgumentException if this one has none
   */
  public TensorSpec get(TensorSpec.Role role, int layer) {
    return find(role, layer)
        .orElseThrow(
            () -> new IllegalArgumentException("no %s in layer %d".formatted(role, layer)));
  }

  /** Writes a family's table: names of Hugging Face, GGUF and llama2.c, then the shape. */
  static final class Table {
    private final List<TensorSpec> specs = new ArrayList<>();
    private int layer = TensorSpec.NO_LAYER;

    /** What follows lies in this layer. */
    Table layer(int layer) {
      this.layer = layer;
      return this;
    }

    /** What follows lies outside of layers. */
    Table end() {
      return layer(TensorSpec.NO_LAYER);
    }

    Table add(TensorSpec.Role role, String name, String gguf, String llama2c, long... shape) {
      return add(role, name, gguf, llama2c, false, false, shape);
    }

    /** A projection whose rows are turned by positions. */
    Table rotary(TensorSpec.Role role, String name, String gguf, String llama2c, long... shape) {
      return add(role, name, gguf, llama2c, true, false, shape);
    }

    /** A tensor that may be another one over again. */
    Table tied(
        boolean tied,
        TensorSpec.Role role,
        String name,
        String gguf,
        String llama2c,
        long... shape) {
      return add(role, name, gguf, llama2c, false, tied, shape);
    }

    private Table add(
        TensorSpec.Role role,
        String name,
        String gguf,
        String llama2c,
        boolean rotary,
        boolean tied,
        long... shape) {
      boolean outside = layer == TensorSpec.NO_LAYER;
      specs.add(
          new TensorSpec(
              role,
              layer,
              (outside ? "" : SparseNames.layer(layer)) + name + ".weight",
              (outside ? "" : "blk." + layer + ".") + gguf + ".weight",
              llama2c,
              Arrays.stream(shape).boxed().toList(),
              rotary,
              tied));
      return this;
    }

    TensorSpecs done() {
      return new TensorSpecs(specs);
    }
  }
}
