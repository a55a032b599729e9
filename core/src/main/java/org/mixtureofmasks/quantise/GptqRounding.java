package org.mixtureofmasks.quantise;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.QuantisedTensor;
import org.mixtureofmasks.format.Roundable;
import org.mixtureofmasks.format.Roundable.Kind;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.kernel.ParallelKernels;
import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.model.Model;

/**
 * Rounds the matrices of all layers by {@link Gptq} with what the model's own activations on a text
 * say. Layers are taken in groups as large as the memory allows, one pass over the text for each.
 */
final class GptqRounding {
  private final Model model;
  private final List<Roundable> parts;
  private final ParallelKernels kernels;
  private final Progress progress;

  /**
   * @param model the model before it is rounded
   * @param parts all that is to be rounded
   */
  GptqRounding(Model model, List<Roundable> parts, ParallelKernels kernels, Progress progress) {
    this.model = model;
    this.parts = parts;
    this.kernels = kernels;
    this.progress = progress;
  }

  /** Bytes that statistics of one layer and its rounding take. */
  static long bytesOfLayer(ModelConfig config, int neurons) {
    int largest = Math.max(neurons, config.hiddenSize());
    return LayerInputs.bytes(config, neurons) + InverseFactor.bytes(largest);
  }

  /**
   * @param windows of the calibration text
   * @param held by layer and expert the stored neurons that it holds; empty lists when dense
   * @param together layers whose statistics are gathered in one pass
   * @return the rounded matrices of all layers, by name
   */
  Map<String, QuantisedTensor> round(
      List<int[]> windows, List<List<BitSet>> held, ExpertBalance balance, int together) {
    Map<String, QuantisedTensor> rounded = new LinkedHashMap<>();
    int layers = model.config().layers();
    for (int first = 0; first < layers; first += together) {
      int end = Math.min(layers, first + together);
      try (Arena arena = Arena.ofShared()) {
        List<FfnProbe> probes = new ArrayList<>();
        for (int l = first; l < end; l++) {
          probes.add(probe(l, held.get(l), arena));
        }
        LayerInputs inputs = new LayerInputs(kernels, model.config(), first, probes, balance);
        progress.begin("calibrating layers %d to %d".formatted(first + 1, end), "tokens");
        Windows.run(model, windows, inputs, progress);
        progress.begin("rounding layers %d to %d".formatted(first + 1, end), "layers");
        for (int l = first; l < end; l++) {
          layer(l, inputs.layer(l), rounded);
          progress.at(l + 1L - first, end - first);
        }
      }
    }
    return rounded;
  }

  private List<Roundable> of(int layer, Kind kind) {
    return parts.stream().filter(p -> p.layer() == layer && p.kind() == kind).toList();
  }

  private FfnProbe probe(int l, List<BitSet> held, Arena arena) {
    List<Roundable> records = of(l, Kind.NEURONS);
    if (!records.isEmpty()) {
      return FfnProbe.sparse(records.getFirst(), held, arena);
    }
    return FfnProbe.dense(of(l, Kind.GATE).getFirst(), of(l, Kind.UP).getFirst(), arena);
  }

  private void layer(int l, LayerInputs.Layer inputs, Map<String, QuantisedTensor> rounded) {
    rows(of(l, Kind.QKV), inputs.qkv(), rounded);
    rows(of(l, Kind.ATTENTION_OUTPUT), inputs.attentionOutput(), rounded);
    List<Roundable> gateUp = new ArrayList<>(of(l, Kind.GATE));
    gateUp.addAll(of(l, Kind.UP));
    rows(gateUp, inputs.ffn(), rounded);
    rows(of(l, Kind.DOWN), inputs.down(), rounded);
    for (Roundable records : of(l, Kind.NEURONS)) {
      QuantisedTensor tensor = NearestRounding.empty(records);
      int[] rows = IntStream.range(0, records.rows()).filter(r -> r % 3 != 2).toArray();
      rows(records, rows, gptq(inputs.ffn()), tensor);
      if (records.rows() > 0) {
        downColumns(records, gptq(inputs.down()), tensor);
      }
      rounded.put(records.name(), tensor);
    }
  }

  private Gptq gptq(SecondMoments moments) {
    return new Gptq(InverseFactor.of(moments, kernels), moments.size());
  }

  private void rows(
      List<Roundable> some, SecondMoments moments, Map<String, QuantisedTensor> rounded) {
    if (some.isEmpty()) {
      return;
    }
    Gptq gptq = gptq(moments);
    for (Roundable part : some) {
      QuantisedTensor tensor = NearestRounding.empty(part);
      rows(part, IntStream.range(0, part.rows()).toArray(), gptq, tensor);
      rounded.put(part.name(), tensor);
    }
  }

  private void rows(Roundable part, int[] rows, Gptq gptq, QuantisedTensor tensor) {
    int n = part.columns();
    int blocks = n / Q4.BLOCK;
    kernels.forEach(
        Math.ceilDiv(rows.length, Gptq.ROWS),
        (piece, _) -> {
          int from = piece * Gptq.ROWS;
          int count = Math.min(Gptq.ROWS, rows.length - from);
          float[] w = new float[count * n];
          float[] row = new float[n];
          for (int i = 0; i < count; i++) {
            part.row(rows[from + i], row);
            System.arraycopy(row, 0, w, i * n, n);
          }
          byte[] q = new byte[count * n];
          float[] scales = new float[count * blocks];
          gptq.along(w, count, q, scales);
          for (int i = 0; i < count; i++) {
            tensor.put(
                rows[from + i],
                Arrays.copyOfRange(q, i * n, (i + 1) * n),
                Arrays.copyOfRange(scales, i * blocks, (i + 1) * blocks));
          }
        });
  }

  /** The down columns of records, whose blocks hold weights of one neuron for 32 outputs. */
  private void downColumns(Roundable records, Gptq gptq, QuantisedTensor tensor) {
    int d = records.columns();
    int neurons = records.rows() / 3;
    int blocks = d / Q4.BLOCK;
    byte[][] q = new byte[neurons][d];
    float[][] scales = new float[neurons][blocks];
    float[][] columns = new float[neurons][d];
    kernels.forEach(neurons, (j, _) -> records.row(3 * j + 2, columns[j]));
    kernels.forEach(
        blocks,
        (block, _) -> {
          int first = block * Q4.BLOCK;
          float[] w = new float[Gptq.ROWS * neurons];
          for (int j = 0; j < neurons; j++) {
            for (int r = 0; r < Gptq.ROWS; r++) {
              w[r * neurons + j] = columns[j][first + r];
            }
          }
          byte[] numbers = new byte[w.length];
          float[] factors = new float[neurons];
          gptq.across(w, numbers, factors);
          for (int j = 0; j < neurons; j++) {
            scales[j][block] = factors[j];
            for (int r = 0; r < Gptq.ROWS; r++) {
              q[j][first + r] = numbers[r * neurons + j];
            }
          }
        });
    for (int j = 0; j < neurons; j++) {
      tensor.put(3 * j + 2, q[j], scales[j]);
    }
  }
}
