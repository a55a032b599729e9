package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;

class LayerByLayerTest {
  private static final FeedForward DENSE = (_, x, weights) -> weights.dense(x);
  private static final long[][] ROWS = {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}};

  /** A method that only notes what it is shown. */
  private record Noting(Preparation preparation) implements Method {
    @Override
    public String name() {
      return "noting";
    }

    @Override
    public Preparation prepare(ModelConfig config) {
      return preparation;
    }

    @Override
    public FeedForward feedForward() {
      return DENSE;
    }

    @Override
    public void restore(ModelConfig config, Map<String, Tensor> saved) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class Notes implements Preparation.OfTokens, Preparation.ByLoss {
    private final List<String> calls = new ArrayList<>();
    private final List<float[]> inputs = new ArrayList<>();
    private final List<Double> losses = new ArrayList<>();

    @Override
    public void measure(int layer, Tensor x, FfnWeights weights, Loss loss) {
      calls.add("measure " + layer);
      losses.add(loss.of(DENSE));
    }

    @Override
    public void layer(int layer, Tensor x, FfnWeights weights) {
      calls.add("layer %s, gradients %s".formatted(layer, GradMode.is_enabled()));
      inputs.add(Tensors.toFloats(x));
    }

    @Override
    public void finish() {
      calls.add("finish, gradients " + GradMode.is_enabled());
    }
  }

  @Test
  void layersAreHandedOverInOrderAfterAllOfThemWereMeasured() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    Notes notes = new Notes();
    LayerByLayer.prepare(new Noting(notes), model, ROWS);
    assertEquals(
        List.of(
            "measure 0",
            "measure 1",
            "layer 0, gradients false",
            "layer 1, gradients false",
            "finish, gradients true"),
        notes.calls);
    double dense = new WholePasses(model).loss(ROWS, DENSE);
    assertEquals(List.of(dense, dense), notes.losses);
  }

  @Test
  void aLayerSeesTheDenseModelsInputsOfEveryTokenInTheRowsOrder() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    Notes notes = new Notes();
    LayerByLayer.prepare(new Noting(notes), model, ROWS);
    List<float[]> expected = new ArrayList<>();
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(
          Tensors.of(ROWS),
          (_, x, weights) -> {
            expected.add(Tensors.toFloats(x));
            return weights.dense(x);
          });
    }
    for (int l = 0; l < expected.size(); l++) {
      assertArrayEquals(expected.get(l), notes.inputs.get(l), 1e-6f, "layer " + l);
    }
  }

  @Test
  void aPreparationOfNothingIsShownNothing() {
    DecoderModule model = TestModels.tiny(6, Precision.FP32);
    List<String> calls = new ArrayList<>();
    Preparation preparation = Preparation.ofNothing(() -> calls.add("finish"));
    LayerByLayer.prepare(new Noting(preparation), model, new long[0][]);
    assertEquals(List.of("finish"), calls);
  }

  @Test
  void numbersThatAreNoneStopItWithLayerAndPlace() {
    for (String name : List.of("model.layers.1.mlp.up_proj.weight", "model.embed_tokens.weight")) {
      DecoderModule model = TestModels.tiny(3, Precision.FP32);
      try (NoGradGuard _ = new NoGradGuard()) {
        model
            .parameters()
            .get(name)
            .view(-1)
            .narrow(0, 0, 40)
            .fill_(new Scalar(Double.POSITIVE_INFINITY));
      }
      String said =
          assertThrows(
                  UserError.class, () -> LayerByLayer.prepare(new Noting(new Notes()), model, ROWS))
              .getMessage();
      assertTrue(
          said.startsWith(
              name.contains("embed")
                  ? "layer 0: the FFN's inputs on the calibration rows: holds"
                  : "layer 1: mlp.up_proj.weight: holds"),
          said);
    }
  }
}
