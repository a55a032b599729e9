package org.mixtureofmasks.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.ConvertedTensor;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.checkpoint.TensorSource;

/**
 * The weights of a sparse folder (paper §2.4): per layer the neurons of every mask first and once
 * (shared), those of some masks once (independent), those of none not at all (redundant).
 */
final class SparseTensors {
  private final SparseModel model;
  private final ExpertMasks masks;
  private final TensorSpecs specs;
  private final Layout layout;
  private final DType dtype;
  private final List<ExpertLayout> once = new ArrayList<>();
  private final List<ExpertLayout> layers = new ArrayList<>();

  /**
   * @param specs of the dense model
   * @param orders for each layer its live neurons as they are stored
   */
  SparseTensors(
      SparseModel model, TensorSpecs specs, List<int[]> orders, Layout layout, DType dtype) {
    this.model = model;
    this.masks = model.masks();
    this.specs = specs;
    this.layout = layout;
    this.dtype = dtype;
    for (int l = 0; l < masks.layers(); l++) {
      List<Mask> experts = masks.layer(Dimension.NEURONS, l);
      once.add(ExpertLayout.runs(experts, orders.get(l)));
      layers.add(
          layout == Layout.COPIED ? ExpertLayout.copied(experts, orders.get(l)) : once.getLast());
    }
  }

  /** How the experts of each layer lie over the stored neurons. */
  List<ExpertLayout> layers() {
    return layers;
  }

  /** model.safetensors: whatever the dense model has beside its FFNs, then layer by layer. */
  SequencedMap<String, TensorSource> weights() {
    Set<String> ffn =
        specs.all().stream()
            .filter(spec -> spec.role().isFfn())
            .map(TensorSpec::name)
            .collect(Collectors.toSet());
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    model
        .weights()
        .forEach(
            (name, tensor) -> {
              if (layout == Layout.MASKED || !ffn.contains(name)) {
                tensors.put(name, new ConvertedTensor(tensor, dtype, null));
              }
            });
    for (int l = 0; l < layers.size(); l++) {
      tensors.putAll(ffn(l));
    }
    return tensors;
  }

  private SequencedMap<String, TensorSource> ffn(int l) {
    String prefix = SparseNames.ffn(l);
    SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
    if (layout == Layout.COPIED && masks.has(Dimension.INPUTS)) {
      tensors.putAll(blocks(l).tensors(prefix));
    } else if (layout != Layout.MASKED) {
      ExpertLayout experts = layers.get(l);
      int[] runs = Arrays.stream(experts.runs()).flatMapToInt(Arrays::stream).toArray();
      int[] offsets = experts.offsets();
      tensors.put(
          prefix + SparseNames.NEURONS,
          new NeuronRecords(gate(l), up(l), down(l), experts.order(), dtype));
      tensors.put(prefix + SparseNames.OFFSETS, TensorSource.ofInts(offsets, offsets.length));
      tensors.put(prefix + SparseNames.RUNS, TensorSource.ofInts(runs, experts.runCount(), 2));
    }
    float[] router = model.experts().routers().get(l);
    int d = model.experts().hiddenSize();
    tensors.put(prefix + SparseNames.ROUTER, TensorSource.of(router, router.length / d, d));
    return tensors;
  }

  private ExpertBlocks blocks(int l) {
    List<ExpertBlocks.Kept> kept = new ArrayList<>();
    for (int e = 0; e < masks.experts(); e++) {
      int[] inputs = masks.mask(Dimension.INPUTS, l, e).indices().toArray();
      int[] neurons = layers.get(l).neurons(e);
      // An expert without one of them has no use for the other.
      kept.add(
          inputs.length == 0 || neurons.length == 0
              ? new ExpertBlocks.Kept(new int[0], new int[0])
              : new ExpertBlocks.Kept(inputs, neurons));
    }
    return new ExpertBlocks(gate(l), up(l), down(l), kept, dtype);
  }

  private StoredTensor gate(int l) {
    return weight(TensorSpec.Role.GATE, l);
  }

  private StoredTensor up(int l) {
    return weight(TensorSpec.Role.UP, l);
  }

  private StoredTensor down(int l) {
    return weight(TensorSpec.Role.DOWN, l);
  }

  private StoredTensor weight(TensorSpec.Role role, int l) {
    String name = specs.get(role, l).name();
    StoredTensor tensor = model.weights().get(name);
    if (tensor == null) {
      throw new UserError("the model to compile has no tensor %s".formatted(name));
    }
    return tensor;
  }

  /** What the files will hold, and what they would hold in the other layouts. */
  Compiled.Sizes sizes() {
    long dense = model.weights().values().stream().mapToLong(StoredTensor::elements).sum();
    long parameters = 0;
    long bytes = 0;
    for (TensorSource t : weights().values()) {
      bytes += t.byteSize();
      parameters += t.dtype() == DType.I32 ? 0 : t.byteSize() / t.dtype().blockBytes();
    }
    boolean inputs = masks.has(Dimension.INPUTS);
    long ffn = 0;
    long routers = 0;
    long runsFfn = 0;
    long copiedFfn = 0;
    for (int l = 0; l < masks.layers(); l++) {
      ffn += 3L * model.experts().hiddenSize() * masks.length(Dimension.NEURONS);
      routers += 4L * model.experts().routers().get(l).length;
      runsFfn += inputs ? 0 : runsBytes(l);
      copiedFfn += inputs ? blocks(l).byteSize() : copiedBytes(l);
    }
    long rest = (dense - ffn) * dtype.blockBytes() + routers;
    OptionalLong runs = inputs ? OptionalLong.empty() : OptionalLong.of(rest + runsFfn);
    return new Compiled.Sizes(dense, parameters, bytes, runs, rest + copiedFfn);
  }

  private long runsBytes(int l) {
    ExpertLayout experts = once.get(l);
    return recordBytes() * experts.live() + 4L * experts.offsets().length + 8L * experts.runCount();
  }

  private long copiedBytes(int l) {
    long bytes = 4L * (masks.experts() + 1);
    for (Mask mask : masks.layer(Dimension.NEURONS, l)) {
      bytes += recordBytes() * mask.count() + (mask.count() > 0 ? 8 : 0);
    }
    return bytes;
  }

  private long recordBytes() {
    return 3L * model.experts().hiddenSize() * dtype.blockBytes();
  }
}
