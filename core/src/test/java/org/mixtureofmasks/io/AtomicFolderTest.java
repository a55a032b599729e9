package org.mixtureofmasks.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class AtomicFolderTest {
  @TempDir Path parent;

  @Test
  void aFolderAppearsWholeAtItsCommit() throws IOException {
    Path target = parent.resolve("run/step-000001");
    try (AtomicFolder folder = AtomicFolder.create(target)) {
      AtomicFiles.writeString(folder.path().resolve("sub/a.txt"), "größer");
      assertFalse(Files.exists(target));
      folder.commit();
    }
    assertEquals("größer", Files.readString(target.resolve("sub/a.txt")));
    assertEquals(List.of(target), list(parent.resolve("run")));
  }

  @Test
  void aFolderThatIsNotCommittedLeavesNothing() throws IOException {
    try (AtomicFolder folder = AtomicFolder.create(parent.resolve("step-000001"))) {
      AtomicFiles.writeString(folder.path().resolve("sub/a.txt"), "half");
    }
    assertEquals(List.of(), list(parent));
  }

  @Test
  void anExistingFolderIsReplacedOnlyWhenAsked() throws IOException {
    Path target = parent.resolve("model");
    AtomicFiles.writeString(target.resolve("a.txt"), "old");
    AtomicFiles.writeString(target.resolve("b.txt"), "old");
    UserError error = assertThrows(UserError.class, () -> AtomicFolder.create(target));
    assertEquals(
        target + " exists already; choose another name or remove it first", error.getMessage());
    try (AtomicFolder folder = AtomicFolder.replacing(target)) {
      AtomicFiles.writeString(folder.path().resolve("a.txt"), "new");
      folder.commit();
    }
    assertEquals(List.of(target.resolve("a.txt")), list(target));
    assertEquals("new", Files.readString(target.resolve("a.txt")));
    assertEquals(List.of(target), list(parent));
  }

  @Test
  void whatAppearsMeanwhileIsNotReplaced() throws IOException {
    Path target = parent.resolve("model");
    try (AtomicFolder folder = AtomicFolder.create(target)) {
      AtomicFiles.writeString(target.resolve("a.txt"), "another run's");
      assertThrows(UserError.class, folder::commit);
    }
    assertEquals("another run's", Files.readString(target.resolve("a.txt")));
    assertEquals(List.of(target), list(parent));
  }

  @Test
  void anEmptyFolderMayBeFilled() {
    Path target = parent.resolve("model");
    assertTrue(target.toFile().mkdir());
    try (AtomicFolder folder = AtomicFolder.create(target)) {
      AtomicFiles.writeString(folder.path().resolve("a.txt"), "new");
      folder.commit();
    }
    assertTrue(Files.exists(target.resolve("a.txt")));
  }

  @Test
  void aFolderThatCannotBeMadeIsNamedWithItsCause() throws IOException {
    Path file = Files.writeString(parent.resolve("occupied"), "I am a file");
    Path target = file.resolve("model");
    UserError error = assertThrows(UserError.class, () -> AtomicFolder.create(target));
    assertTrue(error.getMessage().startsWith("cannot write " + target), error.getMessage());
  }

  @Test
  void onlyHalfWrittenThingsAreCleared() throws IOException {
    AtomicFiles.writeString(parent.resolve("step-000001/a"), "");
    AtomicFiles.writeString(parent.resolve(".step-000002.partial-12-3/a"), "");
    AtomicFiles.writeString(parent.resolve(".metrics.jsonl.partial-12-4"), "");
    AtomicFiles.writeString(parent.resolve(".step-000002.partial-12-5-old/a"), "the older one");
    assertEquals(2, AtomicFolder.deletePartials(parent).size());
    assertEquals(
        List.of(parent.resolve(".step-000002.partial-12-5-old"), parent.resolve("step-000001")),
        list(parent));
  }

  private static List<Path> list(Path folder) throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
