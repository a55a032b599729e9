package org.mixtureofmasks.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What files are called beside each other in metrics and summaries. */
final class FileNames {
  private FileNames() {}

  /**
   * Of each file the end of its path, as many parts of it as no other of the files ends with; a
   * file that is there more than once is numbered.
   *
   * @param files absolute
   * @return different names, in the files' order
   */
  static List<String> of(List<Path> files) {
    List<String> names = new ArrayList<>();
    for (Path file : files) {
      String name = shortest(file, files);
      long earlier = files.subList(0, names.size()).stream().filter(file::equals).count();
      names.add(earlier == 0 ? name : "%s (%s)".formatted(name, earlier + 1));
    }
    return names;
  }

  private static String shortest(Path file, List<Path> files) {
    int parts = file.getNameCount();
    for (int first = parts - 1; first >= 0; first--) {
      Path end = file.subpath(first, parts);
      if (files.stream().noneMatch(other -> !other.equals(file) && other.endsWith(end))) {
        return end.toString();
      }
    }
    return file.toString();
  }
}
