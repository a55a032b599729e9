package org.mixtureofmasks.study;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Predicate;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.ExclusiveFile;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.train.RunFolder;

/**
 * Runs what a plan asks for and what is not there yet, some side by side; a run that fails stops no
 * other.
 */
public final class StudyRunner {
  private final Plan plan;
  private final Path out;
  private final String command;
  private final Progress listener;
  private final RunProcess processes;
  private final Examination dense;

  /** The dense model is asked once, by the first thread that is free; every run waits for it. */
  private final FutureTask<RunProcess.End> denseAsked = new FutureTask<>(this::askDense);

  /** By hash: several rows may ask for one run. Guarded by this. */
  private final Map<String, RunResult> results = new LinkedHashMap<>();

  private final Set<String> going = new LinkedHashSet<>();
  private int toDo;
  private int finishedHere;

  /**
   * @param out folder of the study, new or of an earlier start
   * @param command what a person would type to repeat it, for the files
   * @param launcher the class whose main method takes the verbs sparsify and resume
   * @param listener hears how many runs are done and which go on, one call at a time, from
   *     whichever thread manages a run
   * @throws UserError if the folder's earlier runs are of another model or number of threads
   */
  public StudyRunner(Plan plan, Path out, String command, String launcher, Progress listener) {
    StudyFolder.requireSame(plan, out);
    this.plan = plan;
    this.out = out;
    this.command = command;
    this.processes = new RunProcess(launcher);
    this.listener = listener;
    this.dense = new Examination(plan.study(), plan.model(), StudyFolder.dense(out));
    for (PlannedRun run : plan.runs()) {
      results.computeIfAbsent(run.hash(), _ -> known(run));
    }
  }

  private RunResult result(PlannedRun run) {
    return Objects.requireNonNull(results.get(run.hash()), run::title);
  }

  private RunResult known(PlannedRun run) {
    return trained(run)
        ? finished(run, Figures.read(StudyFolder.run(out, run)))
        : RunResult.pending(run);
  }

  /** What a run that was measured has come to: done if the study asks nothing more of it. */
  private RunResult finished(PlannedRun run, Figures figures) {
    Optional<BesideDense> beside =
        figures.ships()
            ? BesideDense.read(plan.study().judgement(), dense, examination(run))
            : Optional.of(BesideDense.NOTHING);
    return beside.map(b -> RunResult.done(run, figures, b)).orElseGet(() -> RunResult.pending(run));
  }

  private Examination examination(PlannedRun run) {
    Path folder = StudyFolder.run(out, run);
    return new Examination(plan.study(), new RunFolder(folder).model(), folder);
  }

  /** Distinct runs that are not done, in the order in which they would go. */
  public synchronized List<PlannedRun> missing(Predicate<PlannedRun> chosen) {
    // A row's own choice counts, even where another row asks for the same run.
    Map<String, PlannedRun> missing = new LinkedHashMap<>();
    plan.runs().stream()
        .filter(chosen)
        .filter(run -> result(run).status() != RunResult.Status.DONE)
        .forEach(run -> missing.putIfAbsent(run.hash(), run));
    return List.copyOf(missing.values());
  }

  /** Whether a run was trained and measured already, though perhaps not put to the tasks. */
  public boolean trained(PlannedRun run) {
    return Files.exists(Figures.file(StudyFolder.run(out, run)));
  }

  /** Whether a run is done already. */
  public synchronized boolean done(PlannedRun run) {
    return result(run).status() == RunResult.Status.DONE;
  }

  /**
   * Runs the chosen ones that are missing.
   *
   * @return how many of them are still not done: failed, or stopped on the way
   * @throws UserError if the folder cannot be written or another study is at work in it
   */
  public int run(Predicate<PlannedRun> chosen) {
    List<PlannedRun> missing = missing(chosen);
    toDo = missing.size();
    ExecutorService pool = Executors.newFixedThreadPool(plan.study().parallel());
    try (ExclusiveFile _ = lock()) {
      write();
      listener.begin("running the study", "runs");
      List<Future<?>> all = new ArrayList<>();
      if (!missing.isEmpty() && plan.study().judgement().reads()) {
        pool.execute(denseAsked);
      }
      missing.forEach(run -> all.add(pool.submit(() -> one(run))));
      for (Future<?> one : all) {
        one.get();
      }
      time(chosen);
    } catch (IOException e) {
      throw new UserError(
          "cannot write into %s: %s; choose another folder with --out"
              .formatted(out, IoReasons.of(e)),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("the study was interrupted: the same command goes on with it", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UserError known
          ? known
          : new IllegalStateException("a run could not be managed", e.getCause());
    } finally {
      pool.shutdownNow();
      processes.stop();
    }
    return missing(chosen).size();
  }

  /** Ends the runs that go on after their steps, saved, and begins no other; from any thread. */
  public void stop() {
    processes.stop();
  }

  /** study.json as it stands. */
  public ObjectNode json() {
    return StudyFolder.json(plan, all(), denseFigures(), command);
  }

  /** study.md as it stands. */
  public String markdown() {
    return StudyFolder.markdown(plan, all(), denseFigures(), command);
  }

  private ExclusiveFile lock() throws IOException {
    Files.createDirectories(out.resolve("runs"));
    ExclusiveFile lock = ExclusiveFile.attempt(out.resolve("study.lock"));
    if (lock == null) {
      throw new UserError(
          "another study is at work in %s: wait for it, or stop it first".formatted(out));
    }
    return lock;
  }

  /** One run to its end; called from the pool. */
  private void one(PlannedRun run) {
    begin(run);
    RunResult result;
    try {
      result = carryOut(run);
    } catch (UserError e) {
      result = RunResult.failed(run, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    end(result);
  }

  /** The run's steps, what they came to, and the study's questions: whatever is still open. */
  private RunResult carryOut(PlannedRun run) throws InterruptedException {
    Path folder = StudyFolder.run(out, run);
    Path log = StudyFolder.log(out, run);
    if (!trained(run)) {
      switch (processes.run(log, training(run, folder))) {
        case STOPPED -> {
          return RunResult.pending(run);
        }
        case FAILED -> {
          return RunResult.failed(run, RunProcess.reason(log));
        }
        case DONE ->
            Measurement.of(run, new RunFolder(folder), plan.study().threads()).save(folder);
      }
    }
    Figures figures = Figures.read(folder);
    if (plan.study().judgement().reads() && figures.ships()) {
      Examination examination = examination(run);
      switch (examination.ask(processes, log)) {
        case STOPPED -> {
          return RunResult.pending(run);
        }
        case FAILED -> {
          return RunResult.failed(run, RunProcess.reason(log));
        }
        case DONE -> {
          if (denseAnswers() != RunProcess.End.DONE) {
            return RunResult.pending(run);
          }
          examination.compare(dense);
        }
      }
    }
    return finished(run, figures);
  }

  private List<String> training(PlannedRun run, Path folder) {
    List<String> verb = new ArrayList<>();
    if (Files.exists(new RunFolder(folder).recipe())) {
      verb.addAll(List.of("resume", folder.toString(), "--no-verdict"));
    } else {
      verb.addAll(
          List.of(
              "sparsify",
              plan.study().recipe().toString(),
              "--untimed",
              "--no-verdict", // the study measures its runs itself
              "--out",
              folder.toString()));
      run.overrides().forEach(o -> verb.addAll(List.of("--set", o)));
    }
    return verb;
  }

  private RunProcess.End askDense() throws InterruptedException {
    Path log = StudyFolder.denseLog(out);
    RunProcess.End end = dense.ask(processes, log);
    if (end == RunProcess.End.FAILED) {
      throw new UserError("the dense model: " + RunProcess.reason(log));
    }
    if (end == RunProcess.End.DONE) {
      dense.compare(dense);
    }
    return end;
  }

  /** Waits for the dense model's answers. */
  private RunProcess.End denseAnswers() throws InterruptedException {
    try {
      return denseAsked.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof UserError known
          ? known
          : new IllegalStateException("the dense model could not be asked", e.getCause());
    }
  }

  /** Times those that are done, one after the other, now that nothing else runs. */
  private void time(Predicate<PlannedRun> chosen) {
    if (!plan.study().judgement().bench()) {
      return;
    }
    List<RunResult> open =
        all().stream()
            .filter(result -> chosen.test(result.run()))
            .filter(result -> result.figures().map(Figures::ships).orElse(false))
            .filter(result -> Double.isNaN(examination(result.run()).decode()))
            .toList();
    for (RunResult result : open) {
      PlannedRun run = result.run();
      if (processes.stopped()) {
        return;
      }
      Examination examination = examination(run);
      if (Double.isNaN(examination.decode())) { // another row may have asked for the same run
        listener.begin("timing " + run.title(), "repetitions");
        examination.time(plan.model(), listener);
      }
      synchronized (this) {
        results.put(run.hash(), finished(run, result.figures().orElseThrow()));
      }
      write();
    }
  }

  private synchronized void begin(PlannedRun run) {
    going.add(run.title());
    progress();
  }

  private synchronized void end(RunResult result) {
    PlannedRun run = result.run();
    results.put(run.hash(), result);
    going.remove(run.title());
    if (result.status() == RunResult.Status.PENDING) {
      return;
    }
    finishedHere++;
    listener.note(
        run.title()
            + result
                .figures()
                .map(figures -> String.format(Locale.ROOT, ": loss %.4f", figures.validLoss()))
                .orElse(" failed: " + result.reason()));
    progress();
    write();
  }

  private void progress() {
    listener.at(finishedHere, toDo);
    listener.detail(going.isEmpty() ? "" : "now " + String.join(" | ", going));
  }

  private void write() {
    StudyFolder.write(plan, all(), denseFigures(), command, out);
  }

  /** The dense model's own figures as far as they are there, each over itself. */
  private BesideDense denseFigures() {
    return BesideDense.read(plan.study().judgement(), dense, dense).orElse(BesideDense.NOTHING);
  }

  private synchronized List<RunResult> all() {
    return plan.runs().stream().map(run -> result(run).as(run)).toList();
  }
}
