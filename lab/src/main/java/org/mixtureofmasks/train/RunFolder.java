package org.mixtureofmasks.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;

/** Where everything of a run lies: recipe, metrics, checkpoints, masks. */
public record RunFolder(Path path) {
  private static final String STEP = "step-\\d{6,}";

  /**
   * A new run's folder with its recipe in it.
   *
   * @throws UserError if something is there already or the folder cannot be written
   */
  public static RunFolder create(Path path, String resolvedRecipe) {
    RunFolder run = requireNew(path);
    AtomicFiles.writeString(run.recipe(), resolvedRecipe);
    return run;
  }

  /**
   * The folder of a run that can begin there; nothing is written.
   *
   * @throws UserError if something is there but {@link #inputs}
   */
  public static RunFolder requireNew(Path path) {
    RunFolder run = new RunFolder(path);
    if (Files.exists(path) && !run.isNew()) {
      throw new UserError(
          "%s is not empty: give --out a new folder, or go on with 'mom resume %s'"
              .formatted(path, ShellWords.quote(path)));
    }
    return run;
  }

  /** Whether a run was begun there. */
  public static boolean begun(Path path) {
    return Files.isRegularFile(new RunFolder(path).recipe());
  }

  /**
   * An existing run's folder, cleared of what a killed run left half-written.
   *
   * @throws UserError if there is no run
   */
  public static RunFolder open(Path path) {
    RunFolder run = of(path);
    AtomicFolder.deletePartials(path);
    return run;
  }

  /**
   * An existing run's folder as it is, to read from.
   *
   * @throws UserError if there is no run
   */
  public static RunFolder of(Path path) {
    RunFolder run = new RunFolder(path);
    if (!begun(path)) {
      throw new UserError(
          "%s is not a run folder (no recipe.resolved.yaml): start one with 'mom sparsify'"
              .formatted(path));
    }
    return run;
  }

  public Path recipe() {
    return path.resolve("recipe.resolved.yaml");
  }

  public Path metrics() {
    return path.resolve("metrics.jsonl");
  }

  /** The hard masks of a run that is done: layers.{l}.masks, U8 experts x intermediate_size. */
  public Path masks() {
    return path.resolve("masks.safetensors");
  }

  /** What a run was begun with when no recipe was given: texts cut in two, a converted model. */
  public Path inputs() {
    return path.resolve("inputs");
  }

  /** Dense beside sparse, all figures. */
  public Path verdict() {
    return path.resolve("verdict.json");
  }

  /** The same as a page. */
  public Path report() {
    return path.resolve("report.html");
  }

  /** The model that the run made. */
  public Path model() {
    return path.resolve("model");
  }

  /** The checkpoint after so many steps. */
  public Path step(int steps) {
    return path.resolve(String.format(Locale.ROOT, "step-%06d", steps));
  }

  /** All complete checkpoints, oldest first. */
  public List<Path> steps() {
    try (Stream<Path> entries = Files.list(path)) {
      return entries
          .filter(p -> p.getFileName().toString().matches(STEP))
          .sorted(java.util.Comparator.comparingInt(RunFolder::number))
          .toList();
    } catch (IOException e) {
      throw new UserError("cannot list the run %s: %s".formatted(path, e.getMessage()), e);
    }
  }

  /** The newest checkpoint, if there is one. */
  public Optional<Path> latest() {
    List<Path> steps = steps();
    return steps.isEmpty() ? Optional.empty() : Optional.of(steps.getLast());
  }

  /** Deletes a checkpoint; killed on the way, it is absent all the same. */
  void remove(Path step) {
    Path hidden =
        path.resolve("." + step.getFileName() + ".partial-" + ProcessHandle.current().pid() + "-0");
    try {
      Files.move(step, hidden, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UserError(
          "cannot delete the old checkpoint %s: %s".formatted(step, e.getMessage()), e);
    }
    AtomicFolder.deletePartials(path);
  }

  private static int number(Path step) {
    return Integer.parseInt(step.getFileName().toString().substring("step-".length()));
  }

  /** Whether nothing is there but, perhaps, what the run is to begin with. */
  private boolean isNew() {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.allMatch(inputs()::equals);
    } catch (IOException e) {
      throw new UserError("cannot list %s: %s".formatted(path, e.getMessage()), e);
    }
  }
}
