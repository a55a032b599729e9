package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class StartFilesTest {
  @TempDir private Path folder;

  @Test
  void picocliIsMadeOfClassesWithStackMapsThatTheJvmAccepts() throws Exception {
    StartFiles.main(new String[] {folder.toString()});
    assertTrue(Files.size(folder.resolve(System.mapLibraryName("tokenizers"))) > 1 << 20);
    Path copy = folder.resolve("picocli.jar");
    List<JarEntry> entries;
    try (JarFile jar = new JarFile(copy.toFile());
        JarFile original = new JarFile(StartFiles.jar(CommandLine.class).toFile())) {
      assertEquals(original.size(), jar.size());
      entries = jar.stream().filter(entry -> entry.getName().endsWith(".class")).toList();
      for (JarEntry entry : entries) {
        try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
          assertEquals(0xCAFEBABE, in.readInt());
          in.readUnsignedShort();
          assertTrue(in.readUnsignedShort() >= 51, entry.getName());
        }
      }
    }
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {copy.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      for (JarEntry entry : entries) {
        String name = entry.getName().replace('/', '.').replaceFirst("\\.class$", "");
        if (name.startsWith("picocli.CommandLine")) {
          assertNotSame(CommandLine.class, Class.forName(name, true, loader)); // verified
        }
      }
    }
  }
}
