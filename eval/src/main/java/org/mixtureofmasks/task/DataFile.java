package org.mixtureofmasks.task;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.IoReasons;
import org.mixtureofmasks.io.TextFiles;

/** A file of a data set, which may be packed (.gz, .bz2). */
final class DataFile {
  /** A packed file of a few kilobytes can unpack to anything; no data set needs more than this. */
  private static final long LARGEST = 1L << 30;

  private DataFile() {}

  /** Its name without .gz or .bz2: says the format. */
  static String plainName(Path file) {
    return file.getFileName().toString().replaceFirst("\\.(gz|bz2)$", "");
  }

  /** Its unpacked bytes. */
  static byte[] bytes(Path file) {
    try (InputStream in = unpacked(file)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] part = new byte[1 << 16];
      for (int n; (n = in.read(part)) >= 0; ) {
        if (out.size() + (long) n > LARGEST) {
          throw new UserError(
              "%s: unpacks to more than 1 GB: not a data set of this kind".formatted(file));
        }
        out.write(part, 0, n);
      }
      return out.toByteArray();
    } catch (EOFException | ZipException e) {
      throw new UserError(
          "%s: the packed file is cut off or damaged: get it again".formatted(file), e);
    } catch (IOException e) {
      throw new UserError("%s: cannot be read: %s".formatted(file, IoReasons.of(e)), e);
    }
  }

  /** Its text, which must be UTF-8; a byte order mark is no part of it. */
  static String text(Path file) {
    byte[] bytes = bytes(file);
    try {
      return TextFiles.withoutMark(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new UserError("%s: not UTF-8 text: convert it, or get it again".formatted(file), e);
    }
  }

  /** Its lines without their ends (LF or CR LF); a last empty one is left out. */
  static List<String> lines(Path file) {
    List<String> lines = new ArrayList<>(List.of(text(file).split("\r?\n", -1)));
    if (lines.getLast().isEmpty()) {
      lines.removeLast();
    }
    return lines;
  }

  private static InputStream unpacked(Path file) throws IOException {
    String name = file.getFileName().toString();
    InputStream raw = new BufferedInputStream(Files.newInputStream(file));
    try {
      if (name.endsWith(".gz")) {
        return new GZIPInputStream(raw);
      }
      return name.endsWith(".bz2") ? new BZip2CompressorInputStream(raw, true) : raw;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }
}
