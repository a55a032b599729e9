package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bytedeco.javacpp.PointerScope;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.data.TextPacker;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.ledger.Ledger;
import org.mixtureofmasks.ledger.Machine;
import org.mixtureofmasks.ledger.Phase;
import org.mixtureofmasks.nn.Natives;
import org.mixtureofmasks.nn.Precision;
import org.mixtureofmasks.recipe.Recipe;
import org.mixtureofmasks.recipe.RecipeReader;
import org.mixtureofmasks.recipe.RunKeys;
import org.mixtureofmasks.sparsify.MethodProvider;

/**
 * What a run would take: memory and disk from shapes, time from {@link SpeedProbe}. The recipe and
 * the model's headers are checked; data is opened as far as its beginning.
 */
public final class RunForecast {
  private final Settings settings;
  private final MethodProvider provider;
  private final ModelConfig config;
  private final boolean canRecompute;
  private final RunMemory memory;
  private final RunDisk disk;
  private final Ledger ledger;

  private RunForecast(
      Settings settings,
      MethodProvider provider,
      Checkpoint checkpoint,
      ModelConfig config,
      Path out,
      Timing timing) {
    this.settings = settings;
    this.provider = provider;
    this.config = config;
    this.canRecompute = provider.create(settings.recipe(), config).passesAtOnce();
    this.memory = RunMemory.of(settings, provider, config, checkpoint.bytes());
    this.disk = RunDisk.of(settings, memory.parameters(), memory.learned(), checkpoint.bytes());
    // What does not fit is not timed either: a probe of so large a model could be too much itself.
    Ledger untimed = ledger(Double.NaN);
    boolean asked = timing == Timing.ALWAYS || timing == Timing.OF_LONG_RUNS && isLong();
    boolean times = asked && Machine.here(out).holds(untimed);
    this.ledger = times ? timed(checkpoint) : untimed;
  }

  /** Whether the forecast knows times, which takes some seconds of computing. */
  public enum Timing {
    ALWAYS,
    /** Where it is a small part, about 2 %, of what the run takes. */
    OF_LONG_RUNS,
    NEVER
  }

  /**
   * Forecasts a run.
   *
   * @param out where it would write; need not exist
   * @throws UserError if the recipe, the model or the beginning of the data is at fault
   */
  public static RunForecast of(Recipe recipe, Path out, Timing timing) {
    Settings settings = Settings.of(recipe);
    MethodProvider provider = Methods.provider(recipe);
    Natives.start(settings.threads());
    try (Checkpoint checkpoint = Checkpoints.open(settings.model());
        PointerScope _ = new PointerScope()) {
      ModelConfig config = Start.dense(checkpoint, settings);
      return new RunForecast(settings, provider, checkpoint, config, out, timing);
    }
  }

  /**
   * Forecasts the memory of a run that goes on; its times are not known.
   *
   * @param run its folder
   * @throws UserError if there is no run, or its model is gone
   */
  public static RunForecast ofResumed(Path run) {
    Path recipe = RunFolder.of(run).recipe();
    return of(new RecipeReader(Methods.sections()).read(recipe, List.of()), run, Timing.NEVER);
  }

  /**
   * Whether the run passes at least a hundred times as many tokens through all layers as the probe,
   * whose few layers count as their share, and as its pieces of the loss, which count whole: an
   * output projection may be most of a small model.
   */
  private boolean isLong() {
    double layers = (double) Math.min(SpeedProbe.LAYERS, config.layers()) / config.layers();
    double probed = SpeedProbe.ROUNDS * (2 * SpeedProbe.TOKENS * layers + PROBED_PIECES);
    double calibrated = provider.calibrationTokens(settings.recipe());
    double run = calibrated + (double) settings.steps() * tokensPerStep();
    return run >= LONG * probed;
  }

  private static final int LONG = 100;

  /** Tokens of the probe's loss, counted for a vocabulary of 50,000. */
  private static final int PROBED_PIECES = 4 * 170 / SpeedProbe.ROUNDS;

  /**
   * A mixture of masks with the keys' defaults and no text, from shapes alone: rows of 256 tokens,
   * eight in a pass, 24,576 of calibration, no teacher.
   */
  public static Ledger withDefaults(ModelConfig config, long storedBytes) {
    RunMemory held =
        new RunMemory(
            config,
            true,
            new TrainedWeights(true, RunKeys.Weights.ALL).count(config),
            false,
            RunMemory.mask(config, Precision.BF16),
            0,
            1,
            8 * 256,
            8 * 256,
            1,
            false,
            24_576,
            storedBytes,
            0);
    List<Phase> phases = new ArrayList<>();
    for (RunPhase phase : RunPhase.values()) {
      phases.add(new Phase(phase.word(), held.of(phase), Double.NaN));
    }
    // Two checkpoints of masters and moments are kept, a third is being written.
    return new Ledger(phases, 3 * 12 * held.parameters() + storedBytes);
  }

  /** Phases with memory and time; times are NaN when the memory does not suffice. */
  public Ledger ledger() {
    return ledger;
  }

  /** Optimiser steps. */
  public int steps() {
    return settings.steps();
  }

  /** Input tokens of a step. */
  public long tokensPerStep() {
    return (long) settings.stepRows() * settings.rowTokens();
  }

  /** Parameters of the dense model. */
  public long parameters() {
    return memory.parameters();
  }

  /**
   * Refuses a run that the machine cannot hold.
   *
   * @throws UserError naming the phase, what it needs, what there is, and the setting that fits
   */
  public void require(Machine machine) {
    machine.require(
        ledger,
        "the run",
        remedy(machine),
        "free some, lower checkpoint.keep (one checkpoint takes %s), or give --out a folder on"
                .formatted(Machine.gigabytes(disk.checkpoint()))
            + " another disk");
  }

  /**
   * The change of the recipe that fits and costs the least time: shorter passes next to none,
   * layers computed twice a quarter, one thread half.
   */
  private String remedy(Machine machine) {
    OptionalInt rows = fittingRows(memory, settings.microRows() / 2, machine);
    if (rows.isPresent()) {
      return "set train.micro_batch_rows to %d".formatted(rows.getAsInt());
    }
    RunMemory least = memory.withMicroTokens(settings.rowTokens());
    boolean couldRecompute = canRecompute && settings.steps() > 0 && !settings.recompute();
    if (couldRecompute) {
      rows = fittingRows(memory.withRecomputation(), settings.microRows(), machine);
      if (rows.isPresent()) {
        return rows.getAsInt() == settings.microRows()
            ? "set train.recompute to true"
            : "set train.recompute to true and train.micro_batch_rows to %d"
                .formatted(rows.getAsInt());
      }
    }
    if (fits(least.withThreads(1), machine)) {
      return "set train.micro_batch_rows and train.threads to 1";
    }
    if (couldRecompute && fits(least.withThreads(1).withRecomputation(), machine)) {
      return "set train.recompute to true, and train.micro_batch_rows and train.threads to 1";
    }
    for (long tokens = least.calibrationTokens() / 2; tokens >= 1024; tokens /= 2) {
      if (fits(least.withCalibrationTokens(tokens), machine)) {
        return "set train.micro_batch_rows to 1 and calibrate on %d tokens".formatted(tokens);
      }
    }
    return "no batch size fits; take shorter rows (data.row), a smaller model or more memory";
  }

  /** The most rows of a pass that fit, of so many and their halves. */
  private OptionalInt fittingRows(RunMemory held, int most, Machine machine) {
    for (int rows = most; rows >= 1; rows /= 2) {
      if (fits(held.withMicroTokens((long) rows * settings.rowTokens()), machine)) {
        return OptionalInt.of(rows);
      }
    }
    return OptionalInt.empty();
  }

  private boolean fits(RunMemory other, Machine machine) {
    return phases(other, NO_TIMES).stream().allMatch(p -> p.memoryBytes() <= machine.memoryBytes());
  }

  private Ledger timed(Checkpoint checkpoint) {
    SampleRows sample = SampleRows.of(settings, config);
    SpeedProbe probe = new SpeedProbe(settings, provider, checkpoint, config, sample);
    Times times = new Times(probe.measure(), sample);
    return new Ledger(phases(memory, times::of), disk.bytes());
  }

  private Ledger ledger(double seconds) {
    return new Ledger(phases(memory, _ -> seconds), disk.bytes());
  }

  private interface PhaseTimes {
    double of(RunPhase phase);
  }

  private static final PhaseTimes NO_TIMES = _ -> Double.NaN;

  private List<Phase> phases(RunMemory held, PhaseTimes times) {
    List<Phase> phases = new ArrayList<>();
    for (RunPhase phase : RunPhase.values()) {
      if (happens(phase)) {
        SequencedMap<String, Long> bytes = held.of(phase);
        phases.add(new Phase(phase.word(), bytes, times.of(phase)));
      }
    }
    return phases;
  }

  private boolean happens(RunPhase phase) {
    return switch (phase) {
      case TRAIN -> settings.steps() > 0;
      case VALIDATE -> !settings.validationFiles().isEmpty();
      case JUDGE -> !settings.heldOutFiles().isEmpty();
      default -> true;
    };
  }

  /** Times of phases from the probe's speeds. */
  private final class Times {
    private final SpeedProbe.Speeds speeds;
    private final SampleRows sample;

    Times(SpeedProbe.Speeds speeds, SampleRows sample) {
      this.speeds = speeds;
      this.sample = sample;
    }

    double of(RunPhase phase) {
      return switch (phase) {
        case LOAD -> load();
        case PACK -> pack();
        case PREPARE -> prepare();
        case VALIDATE -> validate();
        case TRAIN -> train();
        case SAVE -> RunDisk.saves(settings) * disk.checkpoint() * WRITE_PER_BYTE;
        // The checkpoint is read as the model is, converted and written.
        case COMPILE -> COLD + 2 * load() + disk.model() * WRITE_PER_BYTE;
        case JUDGE -> judge();
      };
    }

    private double load() {
      return COLD / 2 + memory.parameters() * speeds.loadPerParameter();
    }

    private double pack() {
      double seconds = 0;
      for (List<Path> files : List.of(settings.trainFiles(), settings.validationFiles())) {
        for (Path file : files) {
          boolean text = TextPacker.isText(file) && !settings.isPacked(file);
          seconds += text ? size(file) * sample.encodePerByte() : 0;
        }
      }
      return seconds;
    }

    private double prepare() {
      long tokens = provider.calibrationTokens(settings.recipe());
      double layer = speeds.startFixed() + tokens * speeds.startPerToken();
      // A pass over all layers for each of these, where the probe had one layer.
      double passes = (double) config.layers() * provider.passesPerLayer(settings.recipe());
      return config.layers() * layer + passes * tokens * (config.layers() - 1) * speeds.passLayer();
    }

    private double validate() {
      double tokens = 0;
      for (Path file : settings.validationFiles()) {
        tokens += validationTokens(file);
      }
      int every = settings.recipe().get(RunKeys.EVALUATE_EVERY);
      int steps = settings.steps();
      int times = steps == 0 ? 1 : 2 + (every > 0 ? (steps - 1) / every : 0);
      return times * tokens * (config.layers() * speeds.passLayer() + speeds.lossToken());
    }

    /** Two models read the rows about as fast as the trainer's forward pass, then decode. */
    private double judge() {
      double tokens =
          (double) settings.recipe().get(RunKeys.EVALUATE_HELD_OUT_ROWS) * settings.rowTokens();
      return JUDGE_WARM_UP
          + 2 * tokens * config.layers() * speeds.passLayer()
          + JUDGE_DECODES * disk.model() * DECODE_PER_BYTE;
    }

    private double validationTokens(Path file) {
      double perByte = sample.tokensPerByte() > 0 ? sample.tokensPerByte() : TEXT_TOKENS;
      double row = settings.rowTokens();
      double stored = file.toString().endsWith(".u32") ? 4 : 2;
      double all = TextPacker.isText(file) ? size(file) * perByte : size(file) / stored;
      return Math.floor(all / (row + 1)) * row;
    }

    private double train() {
      double taught = provider.distillation(settings.recipe()) > 0 ? speeds.passLayer() : 0;
      double token = config.layers() * (speeds.trainLayer() + taught) + speeds.trainToken();
      int passes = Math.ceilDiv(settings.stepRows(), settings.microRows());
      return settings.steps()
          * (tokensPerStep() * token
              + passes * speeds.trainPass()
              + memory.parameters() * speeds.updatePerParameter());
    }
  }

  /** Synced, on a solid-state disk: a forecast writes nothing, so that nothing was measured. */
  private static final double WRITE_PER_BYTE = 1 / 500e6;

  /** Seconds until code that runs for the first time is as fast as it gets. */
  private static final double COLD = 0.5;

  /** The same of two models in the engine, with the passes that the benchmark throws away. */
  private static final double JUDGE_WARM_UP = 8;

  /** Tokens that a verdict decodes: timed passes, warm-up and continuations of both models. */
  private static final double JUDGE_DECODES = 1000;

  /** Weights are read once for each decoded token. */
  private static final double DECODE_PER_BYTE = 1 / 10e9;

  /** Tokens of a byte of text when no text was looked at: English with a vocabulary of 50,000. */
  private static final double TEXT_TOKENS = 0.25;

  /** Bytes of a file of data. */
  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UserError("cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }
}
