package org.mixtureofmasks.io;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of texts in UTF-8 and of bytes. */
public final class Sha256 {
  private final MessageDigest digest;

  /** A hash of nothing yet. */
  public Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * Hashes one text.
   *
   * @param text hashed as UTF-8
   * @return 64 hex digits
   */
  public static String of(String text) {
    Sha256 hash = new Sha256();
    hash.digest.update(text.getBytes(StandardCharsets.UTF_8));
    return hash.hex();
  }

  /** Adds bytes as they are. */
  Sha256 add(byte[] bytes, int length) {
    digest.update(bytes, 0, length);
    return this;
  }

  /**
   * Adds a text behind its length, so that two texts are not the same as their concatenation.
   *
   * @param text hashed as UTF-8
   * @return this
   */
  public Sha256 add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
    digest.update(bytes);
    return this;
  }

  /** {@return 64 hex digits; the end of this hash} */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
