package org.mixtureofmasks.model;

import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.mixtureofmasks.checkpoint.TensorSource;

/** Writes the experts of a {@link RandomModel} with input masks as the layout copied has them. */
final class BlockTensors {
  private BlockTensors() {}

  private static int[] on(boolean[] mask) {
    return IntStream.range(0, mask.length).filter(i -> mask[i]).toArray();
  }

  static void put(RandomModel model, int l, SequencedMap<String, TensorSource> tensors) {
    String p = "model.layers." + l + ".mlp.";
    List<Integer> sizes = new ArrayList<>();
    List<Integer> inputs = new ArrayList<>();
    List<Float> gateUp = new ArrayList<>();
    List<Float> down = new ArrayList<>();
    for (int e = 0; e < model.experts; e++) {
      int[] in = on(model.inputMasks[l][e]);
      int[] mid = on(model.masks[l][e]);
      if (in.length == 0 || mid.length == 0) {
        sizes.addAll(List.of(0, 0));
        continue;
      }
      sizes.addAll(List.of(in.length, mid.length));
      IntStream.of(in).forEach(inputs::add);
      for (String projection : List.of("gate_proj", "up_proj")) {
        for (int j : mid) {
          for (int c : in) {
            gateUp.add(model.weights.get(p + projection + ".weight")[j * model.d + c]);
          }
        }
      }
      for (int r = 0; r < model.d; r++) {
        for (int j : mid) {
          down.add(model.weights.get(p + "down_proj.weight")[r * model.m + j]);
        }
      }
    }
    tensors.put(p + "experts.sizes", TensorSource.ofInts(ints(sizes), model.experts, 2));
    tensors.put(p + "experts.inputs", TensorSource.ofInts(ints(inputs), inputs.size()));
    tensors.put(p + "experts.gate_up", floats(model, gateUp));
    tensors.put(p + "experts.down", floats(model, down));
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(i -> i).toArray();
  }

  private static TensorSource floats(RandomModel model, List<Float> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i);
    }
    return model.bf16
        ? TensorSource.ofBf16(values, values.length)
        : TensorSource.of(values, values.length);
  }
}
