package org.mixtureofmasks.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.mixtureofmasks.tokenizer.Tokenizer;
import picocli.CommandLine;

/**
 * Puts into a folder, once for each build, what spares the launcher's starts some time: the
 * tokenizers library unpacked, and picocli in class files that an AOT cache takes. Not a verb:
 * nobody else runs it.
 */
final class StartFiles {
  /**
   * The first version whose classes are verified by stack maps; older ones, such as picocli's of
   * Java 5, the AOT cache leaves out, and reading and verifying them took a fifth of a second.
   */
  private static final int WITH_STACK_MAPS = ClassFile.JAVA_7_VERSION;

  private static final int MAJOR_HIGH = 6;
  private static final int MAJOR_LOW = 7;

  private StartFiles() {}

  /**
   * Writes them.
   *
   * @param args a folder that exists
   * @throws IOException if the libraries cannot be read, or the folder cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Tokenizer.unpackLibrary(folder);
    modernise(jar(CommandLine.class), folder.resolve("picocli.jar"));
  }

  static Path jar(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("%s lies in no file".formatted(type), e);
    }
  }

  /** Copies a jar, whose classes must be on the class path, with its old classes brought up. */
  static void modernise(Path jar, Path copy) throws IOException {
    try (JarFile in = new JarFile(jar.toFile());
        OutputStream file = Files.newOutputStream(copy);
        ZipOutputStream out = new ZipOutputStream(file)) {
      for (Iterator<JarEntry> entries = in.stream().iterator(); entries.hasNext(); ) {
        JarEntry entry = entries.next();
        byte[] bytes = in.getInputStream(entry).readAllBytes();
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(isOld(entry.getName(), bytes) ? modern(bytes) : bytes);
        out.closeEntry();
      }
    }
  }

  private static boolean isOld(String name, byte[] bytes) {
    return name.endsWith(".class")
        && ((bytes[MAJOR_HIGH] & 255) << Byte.SIZE | bytes[MAJOR_LOW] & 255) < WITH_STACK_MAPS;
  }

  /** The same class with stack maps. */
  private static byte[] modern(byte[] bytes) {
    ClassFile files = ClassFile.of(ClassFile.StackMapsOption.GENERATE_STACK_MAPS);
    ClassModel old = files.parse(bytes);
    ClassTransform version =
        (builder, element) -> {
          if (element instanceof ClassFileVersion) {
            builder.withVersion(WITH_STACK_MAPS, 0);
          } else {
            builder.with(element);
          }
        };
    // Bodies that nobody touches are copied as they are, without maps.
    return files.transformClass(
        old, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL).andThen(version));
  }
}
