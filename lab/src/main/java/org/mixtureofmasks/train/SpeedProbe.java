package org.mixtureofmasks.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.TensorSpec;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.DenseWeights;
import org.mixtureofmasks.nn.FeedForward;
import org.mixtureofmasks.nn.NextTokenLoss;
import org.mixtureofmasks.nn.Recomputation;
import org.mixtureofmasks.nn.SideBySide;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.LayerByLayer;
import org.mixtureofmasks.sparsify.Method;
import org.mixtureofmasks.sparsify.Method.ParameterGroup;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * Times the real thing on the model's first layers, in a few seconds: what a whole run takes is
 * made of it. The method's own masks of the first layer stand for every layer's.
 */
final class SpeedProbe {
  /** Layers that are loaded; what one takes is the difference between passes of all and of one. */
  static final int LAYERS = 3;

  /** Input tokens of a timed pass at most, but for a longer row. */
  static final int TOKENS = 512;

  /** Times that a pass is run; the first warms up. */
  static final int ROUNDS = 2;

  /** Calibration tokens of the smaller of two timed starts; the larger has four times as many. */
  private static final int CALIBRATION = 512;

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
   * @param trainToken loss of one token with its gradients, with the teacher's distribution if
   *     there is one
   * @param trainPass of a training pass besides, whatever its tokens: the gradients of embedding
   *     and output projection
   * @param passLayer forward of one dense layer and token
   * @param lossToken loss of one token without gradients
   * @param updatePerParameter of clipping and the optimiser
   * @param startFixed the method's start of one layer, whatever the tokens
   * @param startPerToken the same for each calibration token, the layer's forward pass included
   */
  record Speeds(
      double loadPerParameter,
      double trainLayer,
      double trainToken,
      double trainPass,
      double passLayer,
      double lossToken,
      double updatePerParameter,
      double startFixed,
      double startPerToken) {}

  Speeds measure() {
    Recipe recipe = settings.recipe();
    torch.manual_seed(recipe.get(RunKeys.SEED));
    Method method = provider.create(recipe, shallow.config());
    Line start = start(method, provider.calibrationTokens(recipe));
    long[][] rows = sample.rows(timedRows());
    int tokens = rows.length * settings.rowTokens();
    int atOnce = passesAtOnce(method);
    Tensor ids = Validation.Batch.of(rows).ids();
    FeedForward dense = (_, x, weights) -> weights.dense(x);
    Line passes = byLayers(() -> passed(shallow, ids, dense), () -> passed(deep, ids, dense));
    boolean judges = !settings.validationFiles().isEmpty();
    Line loss = judges ? head(false, false, 1) : Line.NONE;
    Line train = Line.NONE;
    Line trainLoss = Line.NONE;
    double update = 0;
    if (settings.steps() > 0) {
      TrainedWeights learns = TrainedWeights.of(recipe, provider);
      learns.mark(deep);
      FeedForward own = method.feedForward();
      FeedForward first = (_, x, weights) -> own.apply(0, x, weights);
      method.beginStep(0, settings.steps());
      train =
          byLayers(
              atOnce(atOnce, () -> trained(method, shallow, ids, first)),
              atOnce(atOnce, () -> trained(method, deep, ids, first)));
      trainLoss = head(provider.distillation(recipe) > 0, true, atOnce);
      update = learns.count(deep.config()) > 0 ? update() : 0;
    }
    return new Speeds(
        secondsToLoad / parameters(deep.parameters()),
        train.each() / (tokens * atOnce),
        trainLoss.each(),
        (train.fixed() + trainLoss.fixed()) / atOnce,
        passes.each() / tokens,
        loss.each(),
        update,
        start.fixed(),
        start.each());
  }

  /** Micro-batches of a step that run side by side. */
  private int passesAtOnce(Method method) {
    int microBatches = Math.ceilDiv(settings.stepRows(), settings.microRows());
    return method.passesAtOnce() ? Math.min(settings.threads(), microBatches) : 1;
  }

  /** The same work so many times at once. */
  private static Runnable atOnce(int times, Runnable work) {
    return () ->
        SideBySide.inOrder(
            times,
            times,
            _ -> {
              work.run();
              return true;
            },
            _ -> {});
  }

  private int timedRows() {
    int most = Math.max(1, TOKENS / settings.rowTokens());
    return Math.min(settings.microRows(), most);
  }

  /**
   * What a piece of work takes by its size, seconds.
   *
   * @param fixed whatever the size, 0 or more
   * @param each for each unit of it, 0 or more
   */
  private record Line(double fixed, double each) {
    static final Line NONE = new Line(0, 0);

    /** Through two measurements; noise must not make either part negative. */
    static Line through(double small, double smallSeconds, double large, double largeSeconds) {
      double each = Math.max(0, largeSeconds - smallSeconds) / (large - small);
      return new Line(Math.max(0, smallSeconds - small * each), each);
    }
  }

  /** The method's start of one layer, by tokens. */
  private Line start(Method method, int tokens) {
    int small = Math.max(CALIBRATION, provider.leastCalibrationTokens(settings.recipe()));
    int large = Math.min(tokens, 4 * small);
    seconds(() -> prepare(fresh(), Math.min(small, large))); // warms up
    if (large <= small) {
      return new Line(seconds(() -> prepare(method, tokens)), 0);
    }
    double fewer = seconds(() -> prepare(fresh(), small));
    return Line.through(small, fewer, large, seconds(() -> prepare(method, large)));
  }

  private Method fresh() {
    return provider.create(settings.recipe(), shallow.config());
  }

  private void prepare(Method method, int tokens) {
    long[][] rows = sample.inputs(Math.ceilDiv(tokens, settings.rowTokens()));
    LayerByLayer.prepare(method, shallow, tokens == 0 ? new long[0][] : rows);
  }

  /** A pass by its layers. */
  private Line byLayers(Runnable first, Runnable all) {
    double one = usual(first);
    return layers == 1 ? new Line(0, one) : Line.through(1, one, layers, usual(all));
  }

  private void trained(Method method, DecoderModule model, Tensor ids, FeedForward ffn) {
    try (PointerScope _ = new PointerScope()) {
      method.beginMicroBatch();
      if (settings.recompute()) {
        Recomputation pass = new Recomputation(model, ids, ffn);
        pass.differentiate(
            torch.ones_like(pass.hidden()), (_, weights, gradients) -> add(weights, gradients));
        return;
      }
      Tensor hidden = model.hidden(ids, ffn);
      TensorVector roots = new TensorVector(hidden);
      TensorVector gradients = new TensorVector(torch.ones_like(hidden.detach()));
      if (hidden.requires_grad()) {
        torch.backward(roots, gradients, new BoolOptional(), false, new TensorVector());
      }
    }
  }

  private synchronized void add(List<Tensor> weights, List<Tensor> gradients) {
    StepLoss.add(weights, gradients);
  }

  private static void passed(DecoderModule model, Tensor ids, FeedForward ffn) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      model.hidden(ids, ffn);
    }
  }

  /**
   * Output projection and loss by tokens: of one piece, as the loss takes them, and of two.
   *
   * @param passes that run at once
   */
  private Line head(boolean taught, boolean differentiates, int passes) {
    int piece = NextTokenLoss.pieceTokens(config.vocabSize());
    double one = usual(atOnce(passes, () -> loss(piece, taught, differentiates)));
    double two = // warm by now
        seconds(atOnce(passes, () -> loss(2 * piece, taught, differentiates)));
    return Line.through((double) passes * piece, one, 2.0 * passes * piece, two);
  }

  private void loss(int tokens, boolean taught, boolean differentiates) {
    try (PointerScope _ = new PointerScope()) {
      Tensor hidden = torch.randn(tokens, config.hiddenSize());
      Tensor targets = torch.randint(config.vocabSize(), new long[] {tokens});
      NextTokenLoss loss = new NextTokenLoss(settings.precision());
      Tensor projection = deep.outputProjection();
      Optional<NextTokenLoss.Teacher> teacher =
          taught
              ? Optional.of(new NextTokenLoss.Teacher(hidden, projection.detach(), 0.5))
              : Optional.empty();
      if (differentiates) {
        loss.differentiate(hidden, projection, targets, teacher, 1);
      } else {
        loss.evaluate(hidden, projection, targets);
      }
    }
  }

  /** Of the layers' matrices: the embedding is updated as they are. */
  private double update() {
    Map<String, Tensor> moving = new LinkedHashMap<>();
    TensorVector clipped = new TensorVector();
    for (TensorSpec spec : deep.config().tensors().stored()) {
      Tensor t = Objects.requireNonNull(deep.parameters().get(spec.name()), spec.name());
      if (spec.layer() != TensorSpec.NO_LAYER && t.grad().defined()) {
        moving.put(spec.name(), t);
        clipped.push_back(t);
      }
    }
    AdamW adam = new AdamW(List.of(new ParameterGroup("all", moving, 1e-9, 0)), 0.9, 0.9);
    double seconds =
        usual(
            () -> {
              torch.clip_grad_norm_(clipped, 1);
              adam.step(1);
            });
    deep.parameters().values().forEach(t -> t.mutable_grad().reset());
    return seconds / parameters(moving);
  }

  private static long parameters(Map<String, Tensor> tensors) {
    return tensors.values().stream().mapToLong(Tensor::numel).sum();
  }

  /** The mean after the first: a run meets the machine's moods too. */
  private static double usual(Runnable work) {
    work.run();
    return seconds(
            () -> {
              for (int i = 1; i < ROUNDS; i++) {
                work.run();
              }
            })
        / (ROUNDS - 1);
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
