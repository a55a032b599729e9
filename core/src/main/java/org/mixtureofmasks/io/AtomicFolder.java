package org.mixtureofmasks.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;

/**
 * A folder that is complete or absent: filled under a hidden temporary name and renamed by {@link
 * #commit}. Closing without commit removes it.
 *
 * <pre>{@code
 * try (AtomicFolder folder = AtomicFolder.create(run.resolve("step-000100"))) {
 *   SafetensorsWriter.write(folder.path().resolve("model.safetensors"), metadata, tensors);
 *   folder.commit();
 * }
 * }</pre>
 */
public final class AtomicFolder implements AutoCloseable {
  private final Path target;
  private final Path partial;
  private final boolean replace;
  private boolean committed;

  private AtomicFolder(Path target, boolean replace) {
    this.target = target.toAbsolutePath();
    this.partial = AtomicFiles.partial(target);
    this.replace = replace;
    refuseExisting();
    try {
      Files.createDirectories(partial);
    } catch (IOException e) {
      throw IoReasons.notWritten(target, e);
    }
  }

  /**
   * Begins a folder that must not exist yet (an empty one may).
   *
   * @param target the folder to be
   * @return the folder, to be filled and committed
   * @throws UserError if it exists or its parent is not writable
   */
  public static AtomicFolder create(Path target) {
    return new AtomicFolder(target, false);
  }

  /**
   * Begins a folder that takes the place of an older one. The older one is moved aside, the new one
   * in, then the older one deleted: killed between the two moves, it is left as {@code
   * .NAME.partial-*-old}.
   *
   * @param target the folder to be
   * @return the folder, to be filled and committed
   */
  public static AtomicFolder replacing(Path target) {
    return new AtomicFolder(target, true);
  }

  /** {@return the temporary folder to fill} */
  public Path path() {
    return partial;
  }

  /**
   * Brings everything to the disk and gives the folder its name.
   *
   * @throws UserError if that fails; what stood there before is then still there
   */
  public void commit() {
    refuseExisting();
    Path old = partial.resolveSibling(partial.getFileName() + "-old");
    try {
      forceAll();
      boolean moved = replace && Files.exists(target, LinkOption.NOFOLLOW_LINKS);
      if (moved) {
        Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
      }
      try {
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        if (moved) {
          Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
        }
        throw e;
      }
      committed = true;
      AtomicFiles.forceFolderOf(target);
      if (moved) {
        delete(old);
      }
    } catch (IOException e) {
      throw committed
          ? new UserError(
              "wrote %s but cannot delete the older %s: %s".formatted(target, old, IoReasons.of(e)),
              e)
          : IoReasons.notWritten(target, e);
    }
  }

  /** Removes the temporary folder unless it was committed. */
  @Override
  public void close() {
    if (committed) {
      return;
    }
    try {
      delete(partial);
    } catch (IOException e) {
      throw new UserError("cannot delete %s: %s".formatted(partial, IoReasons.of(e)), e);
    }
  }

  /**
   * Deletes what killed runs have left half-written directly in a folder. Only for whoever alone
   * writes there, such as a training run in its own folder.
   *
   * @param folder where they lie
   * @return what was deleted
   */
  public static List<Path> deletePartials(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      List<Path> found =
          entries
              .filter(p -> p.getFileName().toString().matches("\\..*\\.partial-\\d+-\\d+"))
              .sorted()
              .toList();
      for (Path p : found) {
        delete(p);
      }
      return found;
    } catch (IOException e) {
      throw new UserError("cannot clear %s: %s".formatted(folder, IoReasons.of(e)), e);
    }
  }

  /**
   * Deletes a folder with all that is in it.
   *
   * @param folder nothing happens if it does not exist
   */
  public static void remove(Path folder) {
    try {
      delete(folder);
    } catch (IOException e) {
      throw new UserError("cannot delete %s: %s".formatted(folder, IoReasons.of(e)), e);
    }
  }

  private void refuseExisting() {
    if (!replace && Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !isEmptyFolder(target)) {
      throw new UserError(
          "%s exists already; choose another name or remove it first".formatted(target));
    }
  }

  private static boolean isEmptyFolder(Path path) {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    } catch (IOException e) {
      throw new UserError("cannot list %s: %s".formatted(path, IoReasons.of(e)), e);
    }
  }

  private void forceAll() throws IOException {
    List<Path> all;
    try (Stream<Path> tree = Files.walk(partial)) {
      all = tree.toList();
    }
    for (Path p : all) {
      if (Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS)) {
        AtomicFiles.forceFolder(p);
      } else if (Files.isRegularFile(p, LinkOption.NOFOLLOW_LINKS)) {
        try (FileChannel channel = FileChannel.open(p, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
    }
  }

  private static void delete(Path root) throws IOException {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> tree = Files.walk(root)) {
      all = tree.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path p : all) {
      Files.delete(p);
    }
  }
}
