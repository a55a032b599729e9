package org.mixtureofmasks.task;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;

/**
 * Where a split of a data set may lie below the data folder; the first place that is there counts.
 *
 * @param places in the order in which they are tried
 */
record SplitFiles(List<Place> places) {
  /**
   * @param pattern of files, with {@code *}, {@code ?} and {@code {,folder/}}; several files are
   *     parts of one split, in the order of their names; each may be packed (.gz, .bz2)
   * @param labels a file beside it with one label a line
   */
  record Place(String pattern, Optional<String> labels) {
    /** For people: without the optional folders. */
    @Override
    public String toString() {
      return plain(pattern) + labels.map(l -> " with " + plain(l)).orElse("");
    }

    private static String plain(String pattern) {
      return pattern.replaceAll("\\{,[^}]*}", "");
    }
  }

  /** What was found. */
  record Found(List<Path> files, Optional<Path> labels) {
    Found {
      files = List.copyOf(files);
    }
  }

  SplitFiles {
    places = List.copyOf(places);
  }

  /**
   * The files of the first place that is there.
   *
   * @throws UserError if a place has its rows but not their labels
   */
  Optional<Found> find(Path data) {
    for (Place place : places) {
      List<Path> files = matching(data, place.pattern());
      if (files.isEmpty()) {
        continue;
      }
      if (place.labels().isEmpty()) {
        return Optional.of(new Found(files, Optional.empty()));
      }
      List<Path> labels = matching(data, place.labels().get());
      if (labels.isEmpty()) {
        throw new UserError(
            "%s: its labels are missing: put %s there"
                .formatted(files.getFirst(), place.labels().get()));
      }
      return Optional.of(new Found(files, Optional.of(labels.getFirst())));
    }
    return Optional.empty();
  }

  /** "a.jsonl, or b.parquet": what is looked for. */
  @Override
  public String toString() {
    return places.stream().map(Place::toString).collect(Collectors.joining(", or "));
  }

  /** Looks only below the pattern's fixed folders, and no deeper than it goes. */
  private static List<Path> matching(Path data, String pattern) {
    String[] parts = pattern.split("/");
    Path base = data;
    int fixed = 0;
    while (fixed < parts.length - 1 && !parts[fixed].matches(".*[*?{}\\[\\]].*")) {
      base = base.resolve(parts[fixed++]);
    }
    if (!Files.isDirectory(base)) {
      return List.of();
    }
    PathMatcher wanted = FileSystems.getDefault().getPathMatcher("glob:" + pattern + "{,.gz,.bz2}");
    // The hub's cache is made of links, and large folders are often linked.
    try (Stream<Path> files =
        Files.walk(base, parts.length - fixed, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(file -> wanted.matches(data.relativize(file)))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      IOException cause =
          e instanceof UncheckedIOException u
              ? Objects.requireNonNull(u.getCause())
              : (IOException) e;
      throw new UserError("%s: cannot be read: %s".formatted(base, IoReasons.of(cause)), cause);
    }
  }
}
