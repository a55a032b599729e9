package org.mixtureofmasks.recipe;

import java.util.List;

/** The keys that every training run has, whatever its method. */
public final class RunKeys {
  private RunKeys() {}

  private static final RecipeSection.Builder DATA = RecipeSection.named("data", "What is read.");
  private static final RecipeSection.Builder TRAIN =
      RecipeSection.named("train", "The training loop.");
  private static final RecipeSection.Builder EVALUATE =
      RecipeSection.named("evaluate", "Validation on the way.");
  private static final RecipeSection.Builder CHECKPOINT =
      RecipeSection.named("checkpoint", "Saving.");

  public static final Key<String> MODEL =
      Key.path("model", "the dense model to start from: a folder or file that mom inspect reads");

  public static final Key<List<Source>> DATA_TRAIN =
      DATA.sources(
          "train",
          "what to train on: files of packed token ids (.u16, .u32), text (.txt) or documents (.jsonl)");
  public static final Key<Integer> ROW =
      DATA.integer(
          "row",
          257,
          2,
          1 << 20,
          "tokens",
          "length of a row of packed ids; its first row - 1 tokens are inputs, its last row - 1 targets");
  public static final Key<String> ORDER =
      DATA.choice(
          "order",
          "sequential",
          List.of("sequential", "shuffled"),
          "rows as they stand in the files, or shuffled anew each epoch by train.seed");

  public static final Key<Integer> STEPS =
      TRAIN.integer(
          "steps",
          200,
          0,
          Integer.MAX_VALUE,
          "optimiser steps",
          "length of the run; 0 makes the model sparse without training");
  public static final Key<Double> TOKENS =
      TRAIN.number(
          "tokens",
          0,
          Kind.Range.nonNegative(),
          "tokens",
          "length of the run when it is not given in steps (0: it is)");
  public static final Key<Integer> BATCH_TOKENS =
      TRAIN.integer(
          "batch_tokens",
          8192,
          1,
          Integer.MAX_VALUE,
          "tokens",
          "input tokens of one optimiser step, rounded up to whole rows");
  public static final Key<Integer> MICRO_BATCH_ROWS =
      TRAIN.integer(
          "micro_batch_rows",
          8,
          1,
          Integer.MAX_VALUE,
          "rows",
          "rows in one forward and backward pass: more is faster and takes more memory");
  public static final Key<Weights> WEIGHTS =
      TRAIN.word(
          "weights",
          Weights.ALL,
          "which of the model's weights learn, if the method lets any: all, the FFNs' projections"
              + " alone (ffn), or these and the norms (ffn_and_norms); what stays as it is takes no"
              + " memory for gradients and moments");
  public static final Key<Boolean> RECOMPUTE =
      TRAIN.flag(
          "recompute",
          false,
          "keep only the layers' inputs of a forward pass and compute each layer again for its"
              + " gradients: the same numbers slower, in far less memory; for dense and token_masks");
  public static final Key<Double> LR =
      TRAIN.number(
          "lr",
          4e-4,
          Kind.Range.above(0, 1),
          "",
          "peak learning rate of the weights (2e-5 for models of a billion parameters)");
  public static final Key<Double> WARMUP_SHARE =
      TRAIN.number(
          "warmup_share",
          0.02,
          Kind.Range.of(0, 1),
          "share of the steps",
          "linear rise of the learning rates from 0");
  public static final Key<Double> MIN_LR_SHARE =
      TRAIN.number(
          "min_lr_share",
          0.05,
          Kind.Range.of(0, 1),
          "share of the peak",
          "where the cosine of the learning rates ends");
  public static final Key<Double> WEIGHT_DECAY =
      TRAIN.number(
          "weight_decay",
          0.1,
          Kind.Range.of(0, 1),
          "per unit of learning rate",
          "AdamW's decay of matrices and embeddings; norms, routers and masks have none");
  public static final Key<Double> BETA1 =
      TRAIN.number("beta1", 0.9, Kind.Range.below(0, 1), "", "AdamW's decay of the first moment");
  public static final Key<Double> BETA2 =
      TRAIN.number("beta2", 0.95, Kind.Range.below(0, 1), "", "AdamW's decay of the second moment");
  public static final Key<Double> CLIP =
      TRAIN.number(
          "clip",
          1.0,
          Kind.Range.nonNegative(),
          "",
          "largest global norm of the weights' gradient; 0 never clips");
  public static final Key<String> PRECISION =
      TRAIN.choice(
          "precision",
          "bf16",
          List.of("bf16", "fp32"),
          "number format of the matrix products' operands; the weights themselves are kept in fp32");
  public static final Key<Integer> THREADS =
      TRAIN.integer("threads", 0, 0, 1024, "threads", "threads of libtorch; 0: one a core");
  public static final Key<Integer> SEED =
      TRAIN.integer(
          "seed",
          0,
          0,
          Integer.MAX_VALUE,
          "",
          "start of all random numbers: shuffling, masks, router, gate noise");

  public static final Key<List<Source>> EVALUATE_ROWS =
      EVALUATE.sources("rows", "files of rows that are never trained on, as data.train's");
  public static final Key<Integer> EVALUATE_EVERY =
      EVALUATE.integer(
          "every",
          0,
          0,
          Integer.MAX_VALUE,
          "steps",
          "how often the validation loss is taken; 0: before the first and after the last step");

  public static final Key<List<Source>> EVALUATE_HELD_OUT =
      EVALUATE.sources(
          "held_out",
          "what the finished model is judged by beside the dense one: files as data.train's, never trained on; none: evaluate.rows");
  public static final Key<Integer> EVALUATE_HELD_OUT_ROWS =
      EVALUATE.integer(
          "held_out_rows",
          16,
          1,
          Integer.MAX_VALUE,
          "rows",
          "how many of the held-out rows are read by both models, over all files");

  public static final Key<Integer> CHECKPOINT_EVERY =
      CHECKPOINT.integer(
          "every",
          100,
          0,
          Integer.MAX_VALUE,
          "steps",
          "how often the run is saved so that mom resume can go on; 0: only at the end");
  public static final Key<Integer> CHECKPOINT_KEEP =
      CHECKPOINT.integer(
          "keep", 2, 1, Integer.MAX_VALUE, "checkpoints", "how many of the latest are kept");

  /** The top level: the model and the method. */
  public static RecipeSection top(List<String> methods) {
    return new RecipeSection("", "What is made of what.", List.of(MODEL, method(methods)));
  }

  /** The key that chooses the method, among these. */
  public static Key<String> method(List<String> methods) {
    return Key.choice(
        "method",
        "dense",
        methods,
        "how the model is made sparse; dense goes on training it as it is");
  }

  /** The sections of the loop that every run has. */
  public static final List<RecipeSection> SECTIONS =
      List.of(DATA.build(), TRAIN.build(), EVALUATE.build(), CHECKPOINT.build());

  /** Which of the model's weights learn. */
  public enum Weights {
    /** Every tensor. */
    ALL,
    /** Gate, up and down projections. */
    FFN,
    /** These and the factors of all norms. */
    FFN_AND_NORMS
  }
}
