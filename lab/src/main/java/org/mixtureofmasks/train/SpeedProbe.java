package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.DenseWeights;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Method.ParameterGroup;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * Times the real thing on a few of the model's first layers, in a few seconds: what a whole run
 * takes is made of it. The method's own masks of the first layer stand for every layer's.
 */
final class SpeedProbe {
  /** Layers that are loaded; what one takes is the difference to a pass of one, over the rest. */
  private static final int LAYERS = 2;

  /** Input tokens of a timed pass at most. */
  private static final int TOKENS = 512;

  /** Times that a pass is run; the fastest counts, the first mostly warms up. */
  private static final int ROUNDS = 2;

  /** Calibration tokens of the smaller of two timed starts. */
  private static final int CALIBRATION = 256;

  private static final int WRITTEN = 32 << 20;

  private final Settings settings;
  private final MethodProvider provider;
  private final ModelConfig config;
  private final SampleRows sample;
  private final int layers;
  private final DecoderModule deep;
  private final DecoderModule shallow;
  private final double secondsToLoad;

  /**
   * @param checkpoint of the dense model
   * @param sample token ids of the training data
   */
  SpeedProbe(
      Settings settings,
      MethodProvider provider,
      Checkpoint checkpoint,
      ModelConfig config,
      SampleRows sample) {
    this.settings = settings;
    this.provider = provider;
    this.config = config;
    this.sample = sample;
    this.layers = Math.min(LAYERS, config.layers());
    long from = System.nanoTime();
    this.deep = DenseWeights.loadFirst(checkpoint, config, layers, settings.precision());
    this.secondsToLoad = since(from);
    this.shallow = new DecoderModule(config.withLayers(1), deep.parameters(), settings.precision());
  }

  /**
   * What was measured, seconds.
   *
   * @param loadPerParameter stored weights to fp32 masters
   * @param trainLayer forward and backward of one layer and token
   * @param trainRest the same of embedding, final norm, loss and its gradients; teacher excluded
   * @param passLayer forward of one dense layer and token
   * @param passRest loss of one token without gradients
   * @param teachRest loss of one token with its gradients and a teacher's distribution, less
   *     trainRest's
   * @param updatePerParameter of the optimiser
   * @param startFixed the method's start of one layer, whatever the tokens
   * @param startPerToken the same for each calibration token, the layer's forward pass included
   * @param writePerByte synced
   */
  record Speeds(
      double loadPerParameter,
      double trainLayer,
      double trainRest,
      double passLayer,
      double passRest,
      double teachRest,
      double updatePerParameter,
      double startFixed,
      double startPerToken,
      double writePerByte) {}

  /**
   * @param writesTo an existing folder on the disk that the run writes to
   */
  Speeds measure(Path writesTo) {
    Recipe recipe = settings.recipe();
    torch.manual_seed(recipe.get(RunKeys.SEED));
    Method method = provider.create(recipe, shallow.config());
    double[] start = start(method, provider.calibrationTokens(recipe));
    long[][] rows = sample.rows(timedRows());
    int tokens = rows.length * settings.rowTokens();
    Tensor ids = Validation.Batch.of(rows).ids();
    double trainLayer = 0;
    double trainRest = 0;
    double teachRest = 0;
    double update = 0;
    if (settings.steps() > 0) {
      boolean learns = provider.trainsWeights(recipe);
      deep.parameters().values().forEach(t -> t.set_requires_grad(learns));
      FeedForward own = method.feedForward();
      FeedForward first = (_, x, weights) -> own.apply(0, x, weights);
      method.beginStep(0, settings.steps());
      Runnable one = () -> trained(method, shallow, ids, first);
      Runnable many = () -> trained(method, deep, ids, first);
      double[] passes = differences(one, many);
      trainLayer = passes[1] / tokens;
      double loss = fastest(() -> loss(rows, false, true));
      trainRest = (passes[0] - passes[1] + loss) / tokens;
      if (provider.distillation(recipe) > 0) {
        teachRest = (fastest(() -> loss(rows, true, true)) - loss) / tokens;
      }
      update = learns ? update() : 0;
    }
    FeedForward dense = (_, x, weights) -> weights.dense(x);
    double[] passes =
        differences(() -> passed(shallow, ids, dense), () -> passed(deep, ids, dense));
    boolean judges = !settings.validationFiles().isEmpty();
    double passRest = judges ? fastest(() -> loss(rows, false, false)) / tokens : 0;
    return new Speeds(
        secondsToLoad / parameters(deep),
        trainLayer,
        Math.max(0, trainRest),
        passes[1] / tokens,
        passRest,
        Math.max(0, teachRest),
        update,
        start[0],
        start[1],
        writing(writesTo));
  }

  private int timedRows() {
    int most = Math.max(1, TOKENS / settings.rowTokens());
    return Math.min(settings.microRows(), most);
  }

  /** The method's start of one layer: what it takes at all, and more for each token. */
  private double[] start(Method method, int tokens) {
    if (tokens <= 4 * CALIBRATION) {
      double seconds = seconds(() -> prepare(method, tokens));
      return new double[] {seconds, 0};
    }
    Method other = provider.create(settings.recipe(), shallow.config());
    double small;
    try {
      small = seconds(() -> prepare(other, CALIBRATION)); // also warms up
    } catch (UserError fewTokens) { // more experts than that: one layer's whole start instead
      return new double[] {seconds(() -> prepare(method, tokens)), 0};
    }
    double large = seconds(() -> prepare(method, 4 * CALIBRATION));
    double perToken = Math.max(0, (large - small) / (3 * CALIBRATION));
    return new double[] {Math.max(0, small - CALIBRATION * perToken), perToken};
  }

  private void prepare(Method method, int tokens) {
    long[][] rows = sample.inputs(Math.ceilDiv(tokens, settings.rowTokens()));
    LayerByLayer.prepare(method, shallow, tokens == 0 ? new long[0][] : rows);
  }

  /** Seconds of a pass of one layer, and of each further layer. */
  private double[] differences(Runnable one, Runnable many) {
    double shortest = fastest(one);
    if (layers == 1) {
      return new double[] {shortest, shortest};
    }
    double longest = fastest(many);
    return new double[] {shortest, Math.max(0, longest - shortest) / (layers - 1)};
  }

  private static void trained(Method method, DecoderModule model, Tensor ids, FeedForward ffn) {
    try (PointerScope _ = new PointerScope()) {
      method.beginMicroBatch();
      Tensor hidden = model.hidden(ids, ffn);
      TensorVector roots = new TensorVector(hidden);
      TensorVector gradients = new TensorVector(torch.ones_like(hidden.detach()));
      if (hidden.requires_grad()) {
        torch.backward(roots, gradients, new BoolOptional(), false, new TensorVector());
      }
    }
  }

  private static void passed(DecoderModule model, Tensor ids, FeedForward ffn) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(ids, ffn);
    }
  }

  private void loss(long[][] rows, boolean taught, boolean differentiates) {
    try (PointerScope _ = new PointerScope()) {
      Validation.Batch batch = Validation.Batch.of(rows);
      Tensor hidden = torch.randn(batch.targets().numel(), config.hiddenSize());
      NextTokenLoss loss = new NextTokenLoss(settings.precision());
      Tensor projection = deep.outputProjection();
      NextTokenLoss.Teacher teacher =
          taught ? new NextTokenLoss.Teacher(hidden, projection.detach(), 0.5) : null;
      if (differentiates) {
        loss.differentiate(hidden, projection, batch.targets(), teacher, 1);
      } else {
        loss.evaluate(hidden, projection, batch.targets());
      }
    }
  }

  private double update() {
    Map<String, Tensor> moving = new LinkedHashMap<>();
    deep.parameters().forEach((name, t) -> moving.put(name, t));
    AdamW adam = new AdamW(java.util.List.of(new ParameterGroup("all", moving, 1e-9, 0)), 0.9, 0.9);
    double seconds = fastest(() -> adam.step(1));
    adam.clearGradients();
    return seconds / parameters(deep);
  }

  private static long parameters(DecoderModule model) {
    return model.parameters().values().stream().mapToLong(Tensor::numel).sum();
  }

  private double writing(Path folder) {
    long bytes = Math.min(WRITTEN, 4 * parameters(deep));
    double seconds;
    Path file = null;
    try {
      file = Files.createTempFile(folder, ".mom-probe-", "");
      Tensor data = torch.zeros(bytes / 4);
      Path to = file;
      seconds = seconds(() -> TensorFiles.write(to, Map.of("probe", data)));
      data.close();
    } catch (IOException e) {
      throw new UserError("cannot write to %s: %s".formatted(folder, e.getMessage()), e);
    } finally {
      delete(file);
    }
    return seconds / bytes;
  }

  private static void delete(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UserError("cannot delete %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static double fastest(Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
      best = Math.min(best, seconds(work));
    }
    return best;
  }

  private static double seconds(Runnable work) {
    long from = System.nanoTime();
    work.run();
    return since(from);
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
