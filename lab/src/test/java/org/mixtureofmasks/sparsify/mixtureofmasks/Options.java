package org.mixtureofmasks.sparsify.mixtureofmasks;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.mixtureofmasks.recipe.TestRecipe;

/** Options for tests, from which single ones are changed. */
final class Options {
  Variant variant = Variant.MOM;
  Start start = Start.ONES;
  int experts = 4;
  int topK = 1;
  double target = 0.5;
  Constraint constraint = Constraint.PROJECTED;
  double l0Weight = 1;
  double l1Weight = 1;
  Budget budget = Budget.EXPERT;
  int block = 1;
  double balance = 0.01;
  double sparsifyShare = 0.6;
  double densityWarmupShare = 0.5;
  boolean straightThrough = true;
  Criterion criterion = Criterion.IMPORTANCE;
  Shares layerShares = Shares.EQUAL;

  static Options ones() {
    return new Options();
  }

  static Options calibrated() {
    Options o = new Options();
    o.start = Start.CALIBRATED;
    o.sparsifyShare = 0;
    return o;
  }

  MixtureOfMasksOptions build() {
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("variant", variant);
    keys.put("start", start);
    keys.put("experts", experts);
    keys.put("top_k", topK);
    keys.put("target", target);
    keys.put("constraint", constraint);
    keys.put("budget", budget);
    keys.put("block", block);
    keys.put("balance", balance);
    keys.put("sparsify_share", sparsifyShare);
    keys.put("density_warmup_share", densityWarmupShare);
    keys.put("mask_lr", 0.1);
    keys.put("straight_through", straightThrough);
    keys.put("calibration_tokens", 1024);
    keys.put("criterion", criterion);
    keys.put("layer_shares", layerShares);
    keys.put("l0_weight", l0Weight);
    keys.put("l1_weight", l1Weight);
    String text =
        keys.entrySet().stream()
            .map(e -> e.getKey() + ": " + e.getValue().toString().toLowerCase(Locale.ROOT))
            .collect(Collectors.joining(", "));
    return MixtureOfMasksOptions.of(TestRecipe.of(MixtureOfMasksOptions.section(), text));
  }
}
