package org.mixtureofmasks.model;

import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.kernel.KvBf16;
import org.mixtureofmasks.kernel.KvF32;
import org.mixtureofmasks.kernel.KvFormat;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvInt8;

/** How the keys and values of texts are kept. */
public enum CacheType {
  /** 32-bit floats, as they were computed. */
  F32(KvF32.FORMAT),
  /** Brain floats: half the memory. */
  BF16(KvBf16.FORMAT),
  /** Bytes with a scale for each key and value of a head: little more than a quarter. */
  INT8(KvInt8.FORMAT);

  private final KvFormat format;

  CacheType(KvFormat format) {
    this.format = format;
  }

  KvFormat format() {
    return format;
  }

  /**
   * {@return bytes that the pages of a text of so many tokens take, those of {@link
   * TextState#bytes}}
   *
   * @param config shape of the model
   * @param tokens of the text
   */
  public long bytes(ModelConfig config, int tokens) {
    return Math.ceilDiv(tokens, KvHead.PAGE) * new KvPool(config, format).pageBytes();
  }
}
