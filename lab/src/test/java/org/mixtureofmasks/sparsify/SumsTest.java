package org.mixtureofmasks.sparsify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.FfnWeights;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.nn.Tensors;
import org.mixtureofmasks.nn.TestModels;
import org.mixtureofmasks.recipe.RecipeSection;
import org.mixtureofmasks.recipe.TestRecipe;
import org.mixtureofmasks.sparsify.cmoe.CmoeProvider;
import org.mixtureofmasks.sparsify.pruning.PruningProvider;

class SumsTest {
  @Test
  void sumsOfTwoMachinesAddUpNameByName() {
    Sums here = new Sums();
    Sums there = new Sums();
    for (Sums sums : List.of(here, there)) {
      sums.declare("counts", torch.ScalarType.Long, 2);
      sums.declareNumber("tokens");
    }
    here.get("counts").add_(Tensors.of(new long[] {1, 2}, 2));
    there.get("counts").add_(Tensors.of(new long[] {10, 20}, 2));
    here.add("tokens", 0.5);
    there.add("tokens", 2);
    here.add(there);
    assertArrayEquals(new long[] {11, 22}, Tensors.toLongs(here.get("counts")));
    assertEquals(2.5, here.number("tokens"));
    here.reset();
    assertArrayEquals(new long[2], Tensors.toLongs(here.get("counts")));
    assertEquals(0, here.number("tokens"));
    assertEquals(List.of("counts", "tokens"), List.copyOf(here.tensors().keySet()));
  }

  @Test
  void aSumIsDeclaredOnceBeforeItIsAddedTo() {
    Sums sums = new Sums();
    sums.declareNumber("tokens");
    assertThrows(IllegalArgumentException.class, () -> sums.declareNumber("tokens"));
    assertThrows(IllegalArgumentException.class, () -> sums.add("rows", 1));
  }

  @Test
  void tokensCountedApartGiveTheMasksOfAllOfThem() {
    DecoderModule model = TestModels.tiny(5, Precision.FP32);
    ModelConfig config = model.config();
    for (MethodProvider provider : List.of(new PruningProvider(), new CmoeProvider())) {
      RecipeSection section = provider.sections().getFirst();
      String keys = provider.name().equals("cmoe") ? "experts: 8, shared: 2, active: 2" : "";
      ExpertMasks[] masks = new ExpertMasks[2];
      for (int machines = 1; machines <= 2; machines++) {
        Method method = provider.create(TestRecipe.of(section, keys), config);
        count((Preparation.OfSums) method.prepare(config), model, machines);
        masks[machines - 1] = method.shipped().orElseThrow().masks();
      }
      for (int l = 0; l < config.layers(); l++) {
        assertEquals(
            masks[0].layer(org.mixtureofmasks.format.Dimension.NEURONS, l),
            masks[1].layer(org.mixtureofmasks.format.Dimension.NEURONS, l),
            provider.name());
      }
      assertTrue(masks[0].activeShare(1) < 1);
    }
  }

  private static void count(Preparation.OfSums preparation, DecoderModule model, int machines) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      float[] x = new float[64 * 16];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) Math.sin(1.7 * i);
      }
      Tensor tokens = Tensors.of(x, 64, 16);
      for (int l = 0; l < model.config().layers(); l++) {
        FfnWeights weights = model.ffn(l);
        Sums all = preparation.empty(weights);
        for (int m = 0; m < machines; m++) {
          Sums own = preparation.empty(weights);
          preparation.add(tokens.narrow(0, m * 64 / machines, 64 / machines), weights, own);
          all.add(own);
        }
        preparation.layer(l, all, weights);
      }
    }
    preparation.finish();
  }
}
