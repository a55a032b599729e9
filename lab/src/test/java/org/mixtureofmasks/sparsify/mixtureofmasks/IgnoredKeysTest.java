package org.mixtureofmasks.sparsify.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.train.TinyRun;

class IgnoredKeysTest {
  @TempDir Path folder;
  private TinyRun tiny;

  @BeforeEach
  void makeTheModel() throws IOException {
    tiny = new TinyRun(folder);
  }

  private void refused(String masks, String key, String why) {
    UserError error =
        assertThrows(
            UserError.class, () -> tiny.recipe("mixture_of_masks", "masks: {" + masks + "}\n"));
    assertEquals(
        "masks." + key + " would have no effect: " + why + "; remove it, or change the other",
        error.getMessage());
    assertEquals(UserError.USAGE, error.exitCode());
  }

  @Test
  void keysOfLearnedGatesAreRefusedWhereNoneIsLearned() {
    String why = "masks.sparsify_share is 0, so that no gate is learned";
    refused("mask_lr: 0.1", "mask_lr", why);
    refused("constraint: projected", "constraint", why);
    refused("density_warmup_share: 0.4", "density_warmup_share", why);
    refused("l1_weight: 2", "l1_weight", why);
  }

  @Test
  void keysOfOtherConstraintsAreRefused() {
    refused(
        "sparsify_share: 0.5, l0_weight: 2",
        "l0_weight",
        "masks.constraint is projected, not l0_fixed");
    refused(
        "sparsify_share: 0.5, constraint: l0_fixed, l1_weight: 2",
        "l1_weight",
        "masks.constraint is l0_fixed, not l1");
    for (String constraint : new String[] {"l0_fixed", "l1", "eq5"}) {
      refused(
          "sparsify_share: 0.5, density_warmup_share: 0.4, constraint: " + constraint,
          "density_warmup_share",
          "masks.constraint is " + constraint + ", which has no schedule");
    }
  }

  @Test
  void keysThatTheStartOrTheOneMaskLeavesIdleAreRefused() {
    refused(
        "start: ones, sparsify_share: 0.5, calibration_tokens: 64",
        "calibration_tokens",
        "masks.start is ones, which looks at no token");
    for (String key :
        new String[] {"balance: 0.1", "router_lr_factor: 2", "straight_through: true"}) {
      refused(
          "experts: 1, " + key,
          key.substring(0, key.indexOf(':')),
          "masks.experts is 1, so that there is nothing to route");
    }
  }

  @Test
  void keysThatHaveAnEffectPass() {
    assertDoesNotThrow(
        () ->
            tiny.recipe(
                "mixture_of_masks",
                "masks: {constraint: l1, l1_weight: 2, mask_lr: 0.1, sparsify_share: 0.5}\n"));
    assertDoesNotThrow(
        () ->
            tiny.recipe(
                "mixture_of_masks",
                "masks: {constraint: lagrangian, density_warmup_share: 0.1, sparsify_share: 0.5}\n"));
    assertDoesNotThrow(
        () -> tiny.recipe("mixture_of_masks", "masks: {experts: 1, variant: mom_fwh}\n"));
  }

  @Test
  void valuesThatDoNotGoTogetherAreRefusedWhenTheRecipeIsRead() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> tiny.recipe("mixture_of_masks", "masks: {top_k: 2, variant: mom_fh}\n"));
    assertEquals(UserError.USAGE, error.exitCode());
  }
}
