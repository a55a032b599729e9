package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.data.Sampler;
import org.mixtureofmasks.data.TextPacker;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.DenseWeights;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Method.ParameterGroup;
import org.mixtureofmasks.sparsify.MethodProvider;
import org.mixtureofmasks.tokenizer.PackedWith;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything a run consists of before its first step but the optimiser, which {@link #prepare} or
 * {@link #restore} makes: model, teacher, method, data.
 *
 * @param teacher the dense model as it was; empty without distillation
 * @param sampler of the training files; empty when there are none
 * @param parent hash of the dense model
 * @param data hashes of the files of data as they are named, training before validation
 */
record Start(
    Settings settings,
    DecoderModule model,
    Optional<DecoderModule> teacher,
    Method method,
    Optional<Sampler> sampler,
    List<TokenRows> trainFiles,
    List<TokenRows> validationFiles,
    String parent,
    List<String> data) {
  private static final Logger LOG = LoggerFactory.getLogger(Start.class);

  /**
   * Checks and opens data and model, before anything is written.
   *
   * @throws UserError if a file is missing or does not fit
   */
  static Start open(Recipe recipe) {
    return open(recipe, TrainingListener.SILENT);
  }

  /** The same, with someone who hears its phases. */
  static Start open(Recipe recipe, TrainingListener listener) {
    listener.phase(RunPhase.LOAD);
    Settings settings = Settings.of(recipe);
    MethodProvider provider = Methods.provider(recipe);
    Natives.start(settings.threads());
    torch.manual_seed(recipe.get(RunKeys.SEED));
    try (Checkpoint checkpoint = Checkpoints.open(settings.model())) {
      ModelConfig config = dense(checkpoint, settings);
      Method method = Methods.create(recipe, config);
      listener.phase(RunPhase.PACK);
      List<TokenRows> train = rows(settings.trainFiles(), settings, config);
      List<TokenRows> validation = rows(settings.validationFiles(), settings, config);
      listener.phase(RunPhase.LOAD);
      DecoderModule model = DenseWeights.load(checkpoint, config, settings.precision(), listener);
      Optional<DecoderModule> teacher =
          provider.distillation(recipe) > 0 ? Optional.of(model.frozenCopy()) : Optional.empty();
      TrainedWeights.of(recipe, provider).mark(model);
      boolean shuffled = recipe.get(RunKeys.ORDER).equals("shuffled");
      Optional<Sampler> sampler =
          train.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new Sampler(train, settings.weights(), shuffled, recipe.get(RunKeys.SEED)));
      sampler.flatMap(rows -> Repeats.warning(rows, settings)).ifPresent(LOG::warn);
      return new Start(
          settings,
          model,
          teacher,
          method,
          sampler,
          train,
          validation,
          Fingerprint.of(settings.model()),
          files(settings).stream().map(Fingerprint::of).toList());
    }
  }

  /** The files of data by their names, in the order of {@link #data}. */
  static List<Path> files(Settings settings) {
    List<Path> files = new ArrayList<>(settings.trainFiles());
    files.addAll(settings.validationFiles());
    return files;
  }

  /** Closes the data files. */
  void close() {
    trainFiles.forEach(TokenRows::close);
    validationFiles.forEach(TokenRows::close);
  }

  /**
   * Makes the method's own start: masks and router from calibration rows or constants.
   *
   * @param progress hears how far it is
   * @return the optimiser of all that trains
   */
  AdamW prepare(Progress progress) {
    Recipe recipe = settings.recipe();
    int tokens = Methods.provider(recipe).calibrationTokens(recipe);
    long[][] rows = new long[0][];
    if (tokens > 0) {
      Sampler read =
          sampler.orElseThrow(
              () -> UserError.usage("nothing to calibrate on: name files under data.train"));
      long[] cursor = read.cursor();
      rows = read.next(Math.ceilDiv(tokens, settings.rowTokens()));
      read.seek(cursor); // training begins with the same rows
      for (int i = 0; i < rows.length; i++) {
        rows[i] = Arrays.copyOf(rows[i], settings.rowTokens());
      }
    }
    LayerByLayer.prepare(method, model, rows, progress);
    if (settings.steps() > 0) {
      Natives.giveBack(); // the steps' threads have heaps of their own
    }
    return optimizer();
  }

  /**
   * Sets everything back to what a checkpoint has.
   *
   * @return the optimiser, restored too
   */
  AdamW restore(Path folder, TrainingCheckpoint saved) {
    Map<String, Tensor> weights = TrainingCheckpoint.weights(folder);
    try (NoGradGuard _ = new NoGradGuard()) {
      model.parameters().forEach((name, t) -> t.copy_(weights.get(name)));
    }
    method.restore(model.config(), TrainingCheckpoint.method(folder));
    AdamW optimizer = optimizer();
    if (saved.step() > 0) {
      optimizer.restore(TrainingCheckpoint.optimizer(folder));
    }
    sampler.ifPresent(read -> read.seek(saved.cursor()));
    TrainingCheckpoint.restoreRandom(folder);
    return optimizer;
  }

  /** The method's trainable tensors and state, one map. */
  Map<String, Tensor> methodTensors() {
    Map<String, Tensor> all = new LinkedHashMap<>(method.state());
    for (ParameterGroup group : method.parameterGroups()) {
      group
          .tensors()
          .forEach(
              (name, t) -> {
                if (all.put(name, t) != null) {
                  throw new IllegalStateException(method.name() + " has two tensors " + name);
                }
              });
    }
    return all;
  }

  private AdamW optimizer() {
    Recipe recipe = settings.recipe();
    List<ParameterGroup> groups = new ArrayList<>();
    if (settings.steps() == 0) {
      return new AdamW(groups, recipe.get(RunKeys.BETA1), recipe.get(RunKeys.BETA2));
    }
    Map<String, Tensor> matrices = new LinkedHashMap<>();
    Map<String, Tensor> norms = new LinkedHashMap<>();
    model
        .parameters()
        .forEach(
            (name, t) -> {
              if (t.requires_grad()) {
                (t.dim() > 1 ? matrices : norms).put(name, t);
              }
            });
    double lr = recipe.get(RunKeys.LR);
    groups.add(new ParameterGroup("matrices", matrices, lr, recipe.get(RunKeys.WEIGHT_DECAY)));
    groups.add(new ParameterGroup("norms", norms, lr, 0));
    groups.addAll(method.parameterGroups());
    return new AdamW(groups, recipe.get(RunKeys.BETA1), recipe.get(RunKeys.BETA2));
  }

  /**
   * The shape of a model that training can begin with.
   *
   * @throws UserError if it is no dense Hugging Face folder, or its context is shorter than a row
   */
  static ModelConfig dense(Checkpoint checkpoint, Settings settings) {
    if (checkpoint.format() != Checkpoint.Format.HUGGING_FACE) {
      throw new UserError(
          checkpoint.path()
              + " is not a Hugging Face folder (config.json and safetensors), which training"
              + " begins with: make one with 'mom import "
              + ShellWords.quote(checkpoint.path())
              + " --out DIR'");
    }
    ModelConfig config = ConfigReader.read(checkpoint);
    if (config.sparse()) {
      throw new UserError(
          checkpoint.path() + " is sparse already: give the dense model that it came from");
    }
    if (settings.rowTokens() > config.maxPositions()) {
      throw UserError.usage(
          "data.row: rows of %d input tokens, but the model's context ends at %d"
              .formatted(settings.rowTokens(), config.maxPositions()));
    }
    return config;
  }

  private static List<TokenRows> rows(List<Path> files, Settings settings, ModelConfig config) {
    int length = settings.rowTokens() + 1;
    List<TokenRows> opened = new ArrayList<>();
    for (Path file : files) {
      if (!TextPacker.isText(file)) {
        PackedWith.require(file, settings.model());
      }
      opened.add(TokenRows.openChecked(settings.packed(file), length, config.vocabSize()));
    }
    return opened;
  }
}
