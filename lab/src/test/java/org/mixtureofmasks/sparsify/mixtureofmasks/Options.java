package org.mixtureofmasks.sparsify.mixtureofmasks;

import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Budget;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Constraint;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Criterion;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Shares;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Start;
import org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksOptions.Variant;

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
    return new MixtureOfMasksOptions(
        variant,
        start,
        experts,
        topK,
        target,
        constraint,
        l0Weight,
        l1Weight,
        budget,
        block,
        balance,
        sparsifyShare,
        densityWarmupShare,
        0.1,
        5,
        straightThrough,
        0,
        1024,
        criterion,
        layerShares,
        true);
  }
}
