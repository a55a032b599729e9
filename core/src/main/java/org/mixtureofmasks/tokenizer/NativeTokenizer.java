package org.mixtureofmasks.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;

/**
 * One tokenizer of the Hugging Face tokenizers library (Rust, by way of DJL's JNI binding).
 *
 * <p>Only the binding's JNI class is used. DJL's own door, {@code HuggingFaceTokenizer}, calls home
 * from EC2 machines ({@code Ec2Utils.callHome}, unless OPT_OUT_TRACKING is set), truncates at 512
 * ids and pads unless told otherwise, and builds a Java object for each token's span; its {@code
 * LibUtils} probes for CUDA through JNA, writes to ~/.djl.ai, obeys RUST_LIBRARY_PATH and
 * RUST_FLAVOR and downloads a CUDA build where it finds a GPU. None of that code runs here: the
 * library is taken from the jar, or from where {@link #unpack} has put it before, and the bare
 * tokenizer neither truncates nor pads (the file's own wishes are cut out by {@link TokenizerJson},
 * and again below).
 *
 * <p>A panic in Rust ends the JVM, so nothing unchecked may get here: see {@link TokenizerJson}.
 */
final class NativeTokenizer implements AutoCloseable {
  private static final String LIBRARY = System.mapLibraryName("tokenizers");

  /** A system property: the folder in which the jar's files lie, so that no start unpacks them. */
  private static final String UNPACKED = "mom.tokenizers";

  /** In the order of loading; Windows has the compiler's runtime beside the library. */
  private static final List<String> FILES =
      windows()
          ? List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll", LIBRARY)
          : List.of(LIBRARY);

  /** Longer text could overflow the 31-bit length of JNI's modified UTF-8 (3 bytes a char). */
  private static final int TEXT_LIMIT = Integer.MAX_VALUE / 4;

  /** Encoding and decoding share the lock; closing takes it alone. */
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  private long handle;

  private NativeTokenizer(long handle) {
    this.handle = handle;
  }

  /**
   * @param json a tokenizer.json that has passed {@link TokenizerJson}
   * @throws IllegalArgumentException with the library's own words if it refuses the file
   */
  static NativeTokenizer of(String json) {
    Loaded.check();
    long handle;
    try {
      handle = TokenizersLibrary.LIB.createTokenizerFromString(json);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(oneLine(e), e);
    }
    TokenizersLibrary.LIB.disableTruncation(handle);
    TokenizersLibrary.LIB.disablePadding(handle);
    return new NativeTokenizer(handle);
  }

  /** Null, or why there is no library. */
  static @Nullable String obstacle() {
    return Loaded.FAULT;
  }

  /** Copies the library out of the jar, with what it needs beside it. */
  static void unpack(Path folder) throws IOException {
    for (String name : FILES) {
      try (InputStream in = TokenizersLibrary.class.getResourceAsStream(inJar() + name)) {
        if (in == null) {
          throw new NoSuchFileException(inJar() + name);
        }
        Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** Null, or why the library cannot be had from a folder that {@link #unpack} has filled. */
  @SuppressWarnings("restricted") // System.load: the launcher enables native access
  static @Nullable String loadFrom(Path folder) {
    try {
      for (String name : FILES) {
        System.load(folder.resolve(name).toAbsolutePath().toString());
      }
      return null;
    } catch (UnsatisfiedLinkError e) {
      return "the tokenizers library cannot be loaded from %s: %s (without -D%s=... it is unpacked anew)"
          .formatted(folder, e.getMessage(), UNPACKED);
    }
  }

  int[] encode(String text, boolean addSpecialTokens) {
    if (text.length() > TEXT_LIMIT) {
      throw new UserError(
          "a text of %s characters is too long to encode at once; at most %s: split it"
              .formatted(text.length(), TEXT_LIMIT));
    }
    lock.readLock().lock();
    try {
      long encoding = TokenizersLibrary.LIB.encode(open(), wellFormed(text), addSpecialTokens);
      try {
        return ints(TokenizersLibrary.LIB.getTokenIds(encoding));
      } finally {
        TokenizersLibrary.LIB.deleteEncoding(encoding);
      }
    } catch (UserError | IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new UserError("the tokenizer cannot encode this text: %s".formatted(oneLine(e)), e);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The ids must be in the vocabulary: the caller has looked. */
  String decode(int[] ids, boolean skipSpecial) {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = ids[i];
    }
    lock.readLock().lock();
    try {
      return TokenizersLibrary.LIB.decode(open(), longs, skipSpecial);
    } finally {
      lock.readLock().unlock();
    }
  }

  private long open() {
    if (handle == 0) {
      throw new IllegalStateException("the tokenizer is closed");
    }
    return handle;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (handle != 0) {
        TokenizersLibrary.LIB.deleteTokenizer(handle);
        handle = 0;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Half a surrogate pair is not text and has no UTF-8: U+FFFD takes its place. */
  static String wellFormed(String text) {
    StringBuilder mended = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (mended == null) {
        mended = new StringBuilder(text);
      }
      mended.setCharAt(i, '\uFFFD');
    }
    return mended == null ? text : mended.toString();
  }

  private static int[] ints(long[] longs) {
    int[] ints = new int[longs.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(longs[i]);
    }
    return ints;
  }

  private static String oneLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ");
  }

  private static boolean windows() {
    return System.getProperty("os.name").startsWith("Windows");
  }

  /** The folder of this platform's files in the jar. */
  private static String inJar() {
    return "/native/lib/" + platform() + "/cpu/";
  }

  private static String platform() {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    return (os.startsWith("Windows") ? "win" : os.startsWith("Mac") ? "osx" : "linux")
        + "-"
        + (arch.equals("amd64") ? "x86_64" : arch);
  }

  /** Loads the library once, at the first tokenizer. */
  private static final class Loaded {
    private static final @Nullable String FAULT = load();

    private Loaded() {}

    static void check() {
      if (FAULT != null) {
        throw new UserError(FAULT);
      }
    }

    /** Null, or why there is no library. */
    @SuppressWarnings("restricted") // System.load: the launcher enables native access
    private static @Nullable String load() {
      String unpacked = System.getProperty(UNPACKED);
      if (unpacked != null) {
        return loadFrom(Path.of(unpacked));
      }
      if (TokenizersLibrary.class.getResource(inJar() + LIBRARY) == null) {
        return "the tokenizers library has no build for "
            + platform()
            + "; it has linux-x86_64, linux-aarch64, osx-aarch64 and win-x86_64";
      }
      Path copies = null;
      try {
        copies = Files.createTempDirectory("mom-tokenizers");
        unpack(copies);
        for (String name : FILES) {
          System.load(copies.resolve(name).toString());
        }
        return null;
      } catch (IOException | UnsatisfiedLinkError e) {
        return "the tokenizers library cannot be loaded from "
            + (copies == null ? System.getProperty("java.io.tmpdir") : copies)
            + ": "
            + e.getMessage()
            + " (-Djava.io.tmpdir=DIR names another folder; it must be writable and not noexec)";
      } finally {
        discard(copies);
      }
    }

    /** A loaded library needs its file no more, except on Windows, which holds it till the end. */
    private static void discard(@Nullable Path copies) {
      if (copies == null) {
        return;
      }
      copies.toFile().deleteOnExit(); // entries are deleted last first: the folder must come first
      for (String name : FILES) {
        if (!copies.resolve(name).toFile().delete()) {
          copies.resolve(name).toFile().deleteOnExit();
        }
      }
    }
  }
}
