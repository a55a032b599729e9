package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FileNamesTest {
  private static List<String> names(String... files) {
    return FileNames.of(Stream.of(files).map(Path::of).toList());
  }

  @Test
  void aFileIsCalledByItsNameWhereThatIsItsAlone() {
    assertEquals(List.of("a.u16", "b.txt"), names("/data/a.u16", "/data/b.txt"));
  }

  @Test
  void filesOfOneNameAreToldApartByTheirFolders() {
    assertEquals(
        List.of("x/valid.u16", "y/valid.u16", "other.u16"),
        names("/data/x/valid.u16", "/data/y/valid.u16", "/data/other.u16"));
    assertEquals(
        List.of("a/x/v.u16", "b/x/v.u16", "y/v.u16"),
        names("/a/x/v.u16", "/b/x/v.u16", "/y/v.u16"));
    assertEquals(List.of("/v.u16", "x/v.u16"), names("/v.u16", "/x/v.u16"));
  }

  @Test
  void aFileNamedTwiceHasANumber() {
    assertEquals(List.of("a.u16", "a.u16 (2)"), names("/data/a.u16", "/data/a.u16"));
  }
}
