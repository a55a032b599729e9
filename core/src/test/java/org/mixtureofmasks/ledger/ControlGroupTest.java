package org.mixtureofmasks.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlGroupTest {
  @TempDir Path folder;

  private Path write(String file, String text) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, text);
  }

  private Optional<ControlGroup> of(String own) throws IOException {
    return ControlGroup.of(write("own", own), folder);
  }

  @Test
  void theTightestGroupAboveAProcessIsItsLimitAndFilesInMemoryAreGivenBack() throws IOException {
    write("a/memory.max", "3000\n");
    write("a/memory.current", "1500\n");
    write("a/memory.stat", "anon 900\ninactive_file 400\nactive_file 200\n");
    write("a/b/memory.max", "max\n");
    write("a/b/memory.current", "100\n");
    assertEquals(Optional.of(new ControlGroup(3000, 2100)), of("0::/a/b\n"));
    write("a/b/memory.max", "800\n");
    assertEquals(Optional.of(new ControlGroup(800, 700)), of("0::/a/b\n"));
  }

  @Test
  void aGroupWhoseNameOnlyTheHostSeesIsTheRoot() throws IOException {
    write("memory.max", "5000\n");
    write("memory.current", "5100\n");
    assertEquals(Optional.of(new ControlGroup(5000, 0)), of("0::/../host/1f2e\n"));
  }

  @Test
  void versionOneHasOtherNamesAndANumberForNoLimit() throws IOException {
    write("memory/docker/memory.limit_in_bytes", "2000\n");
    write("memory/docker/memory.usage_in_bytes", "700\n");
    write("memory/docker/memory.stat", "total_inactive_file 100\ntotal_active_file 50\n");
    write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("memory/memory.usage_in_bytes", "9000\n");
    String own = "3:cpuset:/docker\n4:cpu,memory:/docker\n0::/\n";
    assertEquals(Optional.of(new ControlGroup(2000, 1450)), of(own));
    assertEquals(Optional.empty(), of("4:memory:/\n"));
  }

  @Test
  void withoutControlGroupsThereIsNoLimit() {
    assertEquals(Optional.empty(), ControlGroup.of(folder.resolve("none"), folder));
  }
}
