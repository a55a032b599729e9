package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import org.bytedeco.pytorch.Tensor;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.data.Sampler;
import org.mixtureofmasks.nn.DecoderModule;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.Method;

/**
 * The one training loop, for dense continuation and for every method. A resumed run computes the
 * same bits as one that was never stopped.
 */
public final class Trainer implements AutoCloseable {
  private final RunFolder run;
  private final RunLock lock;
  private final TrainingListener listener;
  private final Recipe recipe;
  private final Start start;
  private final AdamW optimizer;
  private final OptimiserStep optimiserStep;
  private final Validation validation;
  private final MetricsFile metrics;
  private int steps;
  private Pace pace = Pace.FIXED;
  private int step;
  private long tokens;
  private int steppedHere;
  private double secondsHere;
  private volatile boolean stopping;

  private Trainer(
      RunFolder run,
      RunLock lock,
      TrainingListener listener,
      Recipe recipe,
      Start start,
      AdamW optimizer) {
    this.run = run;
    this.lock = lock;
    this.listener = listener;
    this.recipe = recipe;
    this.start = start;
    this.optimizer = optimizer;
    this.steps = start.settings().steps();
    this.validation =
        new Validation(
            start.settings().validationFiles(),
            start.validationFiles(),
            start.settings().microRows());
    this.metrics = new MetricsFile(run.metrics());
    this.optimiserStep = new OptimiserStep(start, optimizer);
  }

  /**
   * Opens all that a run begins with, and closes it again; nothing is written.
   *
   * @throws UserError if the recipe, the model or the data is at fault
   */
  public static void check(Recipe recipe) {
    Start.open(recipe).close();
  }

  /**
   * Begins a run in a new folder.
   *
   * @throws UserError if the recipe, the model, the data or the folder is at fault
   */
  public static Trainer begin(Recipe recipe, Path out, TrainingListener listener) {
    Start opened = Start.open(recipe, listener);
    RunFolder run = RunFolder.create(out, recipe.resolvedYaml());
    RunLock lock = RunLock.of(out);
    try {
      listener.phase(RunPhase.PREPARE);
      return new Trainer(run, lock, listener, recipe, opened, opened.prepare(listener));
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Goes on with a run from its newest checkpoint, or from the beginning if it has none yet.
   *
   * @throws UserError if there is no run, or its recipe or dense model was changed
   */
  public static Trainer resume(Path folder, TrainingListener listener) {
    RunLock lock = RunLock.of(RunFolder.of(folder).path());
    try {
      return resume(RunFolder.open(folder), lock, listener);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  private static Trainer resume(RunFolder run, RunLock lock, TrainingListener listener) {
    Recipe recipe = new RecipeReader(Methods.sections()).read(run.recipe(), List.of());
    Optional<Path> latest = run.latest();
    Start opened = Start.open(recipe, listener);
    listener.phase(RunPhase.PREPARE);
    if (latest.isEmpty()) {
      listener.note("no checkpoint yet: beginning again");
      Trainer trainer = new Trainer(run, lock, listener, recipe, opened, opened.prepare(listener));
      trainer.metrics.truncate(-1);
      return trainer;
    }
    TrainingCheckpoint saved = TrainingCheckpoint.read(latest.get());
    requireSame(saved.recipe(), recipe.hash(), run.recipe() + " was changed since " + latest.get());
    requireSame(
        saved.parent(),
        opened.parent(),
        "the dense model " + opened.settings().model() + " was changed since " + latest.get());
    List<Path> files = Start.files(opened.settings());
    for (int i = 0; i < Math.min(files.size(), saved.data().size()); i++) {
      requireSame(
          saved.data().get(i),
          opened.data().get(i),
          "the data %s was changed since %s".formatted(files.get(i), latest.get()));
    }
    AdamW optimizer = opened.restore(latest.get(), saved);
    Trainer trainer = new Trainer(run, lock, listener, recipe, opened, optimizer);
    trainer.step = saved.step();
    trainer.tokens = saved.tokens();
    trainer.steps = saved.steps().orElse(trainer.steps);
    trainer.metrics.truncate(saved.step());
    listener.note("resumed from %s".formatted(latest.get()));
    return trainer;
  }

  private static void requireSame(String saved, String now, String what) {
    if (!saved.equals(now)) {
      throw new UserError("%s: set it back, or start a new run".formatted(what));
    }
  }

  /** The model as it stands. */
  public DecoderModule model() {
    return start.model();
  }

  /** The method as it stands. */
  public Method method() {
    return start.method();
  }

  /** What the run was begun with. */
  public Recipe recipe() {
    return recipe;
  }

  public RunFolder folder() {
    return run;
  }

  /** Lets somebody change the number of steps on the way, so that the run ends in time. */
  public void pace(Pace chosen) {
    pace = chosen;
  }

  /** Steps of the run, as they are planned now. */
  public int steps() {
    return steps;
  }

  /** Trains to the end of the recipe. */
  public void train() {
    train(Integer.MAX_VALUE);
  }

  /** Ends training after the step that is going on, which is saved; from any thread. */
  public void stop() {
    stopping = true;
  }

  /** Whether every step of the recipe is done. */
  public boolean ended() {
    return step == steps;
  }

  /** Trains until so many steps of the run are done or {@link #stop} is called, and saves. */
  public void train(int untilStep) {
    if (step == 0 && !validation.isEmpty()) {
      validateStart();
    }
    int every = recipe.get(RunKeys.CHECKPOINT_EVERY);
    boolean saved = step == Math.min(steps, untilStep) && run.latest().isPresent();
    while (step < Math.min(steps, untilStep) && !stopping) {
      listener.phase(RunPhase.TRAIN);
      listener.at(step, steps);
      metrics.append(oneStep());
      saved = step == Math.min(steps, untilStep) || (every > 0 && step % every == 0);
      if (saved) {
        save();
      }
    }
    if (!saved) {
      save(); // a run without steps: what the method made of the dense model
    }
  }

  /** Given up on the way, the start is saved all the same: making it may have taken long. */
  private void validateStart() {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", 0);
    try {
      validate(line);
    } catch (CancellationException e) {
      stopping = true;
      return;
    }
    writeTimed(line);
  }

  private void writeTimed(Map<String, Object> line) {
    line.put("time", Instant.now().toString());
    metrics.append(line);
  }

  /** One optimiser step; returns its line of metrics. */
  private Map<String, Object> oneStep() {
    long from = System.nanoTime();
    OptimiserStep.Result taken = optimiserStep.take(step, steps, run);
    step++;
    tokens += taken.tokens();
    double seconds = (System.nanoTime() - from) / 1e9;
    replan(seconds);

    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.put("tokens", tokens);
    line.put("loss", taken.loss().crossEntropy());
    if (start.teacher().isPresent()) {
      line.put("distillation_loss", taken.loss().divergence());
    }
    line.put("extra_loss", taken.loss().extra());
    line.put("lr", recipe.get(RunKeys.LR) * taken.factor());
    line.put("gradient_norm", taken.gradientNorm());
    Map<String, Object> figures = start.method().metrics();
    line.putAll(figures);
    report(taken, seconds, figures);
    int evaluateEvery = recipe.get(RunKeys.EVALUATE_EVERY);
    if (!validation.isEmpty()
        && (step == steps || (evaluateEvery > 0 && step % evaluateEvery == 0))) {
      validate(line);
    }
    line.put("tokens_per_second", taken.tokens() / seconds);
    line.put("time", Instant.now().toString());
    return line;
  }

  private void replan(double seconds) {
    if (step == steps) {
      return;
    }
    int now = pace.steps(step, steps, seconds);
    if (now <= step) {
      throw new IllegalStateException("%s steps of a run that has done %s".formatted(now, step));
    }
    if (now != steps) {
      listener.note("%d steps instead of %d, to end in time".formatted(now, steps));
      steps = now;
    }
  }

  private void report(OptimiserStep.Result taken, double seconds, Map<String, Object> figures) {
    steppedHere++;
    secondsHere += seconds;
    listener.step(
        new TrainingListener.Step(
            step,
            steps,
            taken.loss().crossEntropy(),
            recipe.get(RunKeys.LR) * taken.factor(),
            steppedHere * (double) taken.tokens() / secondsHere,
            secondsHere / steppedHere * (steps - step),
            figures));
  }

  private void validate(Map<String, Object> line) {
    listener.phase(RunPhase.VALIDATE);
    Validation.Result result =
        validation.run(start.model(), start.method().feedForward(), listener);
    line.put("validation_loss", result.mean());
    line.put("validation_losses", result.byFile());
    line.putAll(start.method().validationMetrics());
    listener.validated(step, result);
  }

  private void save() {
    listener.phase(RunPhase.SAVE);
    Path folder = run.step(step);
    long[] cursor = start.sampler().map(Sampler::cursor).orElse(new long[0]);
    new TrainingCheckpoint(
            step,
            tokens,
            cursor,
            recipe.hash(),
            start.parent(),
            start.data(),
            OptionalInt.of(steps))
        .save(folder, start.model().parameters(), optimizer.state(), start.methodTensors());
    listener.saved(folder);
    List<Path> all = run.steps();
    int keep = recipe.get(RunKeys.CHECKPOINT_KEEP);
    all.subList(0, Math.max(0, all.size() - keep)).forEach(run::remove);
    RunCurves.write(run);
  }

  /** Frees what only steps need, half of what a run holds: no step can follow. */
  public void free() {
    optimizer.free();
    start.teacher().ifPresent(t -> t.parameters().values().forEach(Tensor::close));
    Natives.giveBack();
  }

  /** Closes the data files and lets others into the run's folder. */
  @Override
  public void close() {
    lock.close();
    start.close();
  }
}
