package org.mixtureofmasks.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
  @TempDir Path folder;

  @Test
  void aFileHasItsSha256() throws IOException {
    Path file = Files.writeString(folder.resolve("model.gguf"), "abc"); // FIPS 180's own example
    assertEquals(
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        Fingerprint.of(file));
  }

  @Test
  void aFolderHasTheHashOfWhatSha256sumPrints() throws Exception {
    Files.writeString(folder.resolve("model.safetensors"), "abc");
    Files.writeString(folder.resolve("config.json"), "");
    String listing =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  config.json\n"
            + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            + "  model.safetensors\n";
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(listing.getBytes(StandardCharsets.UTF_8));
    String expected = "sha256:" + HexFormat.of().formatHex(digest);
    assertEquals(expected, Fingerprint.of(folder));
    Files.writeString(folder.resolve("README.md"), "a model card");
    assertEquals(expected, Fingerprint.of(folder), "a card changes nothing");
    Files.writeString(folder.resolve("model.safetensors"), "abd");
    assertNotEquals(expected, Fingerprint.of(folder));
  }

  @Test
  void whatIsNoModelHasNone() {
    assertThrows(BadCheckpoint.class, () -> Fingerprint.of(folder));
    assertThrows(BadCheckpoint.class, () -> Fingerprint.of(folder.resolve("absent")));
  }
}
