package org.mixtureofmasks.cli;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.StoredTensor;

/** Counts parameters by what they are for, told from the names that the three formats use. */
final class ParameterCount {
  /** Parts of a decoder; the order is that of the report. */
  enum Part {
    FFN,
    ATTENTION,
    EMBEDDING,
    NORM,
    ROUTING,
    OTHER
  }

  // Tried in this order: a router lies under mlp., a norm may have attn or ffn in its name.
  private static final Pattern ROUTING =
      Pattern.compile(
          "router|experts\\.(offsets|runs)|ffn_gate_inp|\\.(mlp|block_sparse_moe)\\.gate\\.");
  private static final Pattern NORM = Pattern.compile("norm|^rms_");
  private static final Pattern EMBEDDING =
      Pattern.compile("embed|lm_head|^token_embd|^output\\.|^wcls$");
  private static final Pattern ATTENTION = Pattern.compile("attn|attention|^w[qkvo]$");
  private static final Pattern FFN =
      Pattern.compile("\\.mlp\\.|ffn_|block_sparse_moe|feed_forward|^w[123]$");

  /** Tables of angles, lists of integers and what belongs to previews are no parameters. */
  private static final Pattern TABLE =
      Pattern.compile("^freq_cis_|rope_freqs|inv_freq|\\.mlp\\.preview_(scales|centres|base)$");

  private final Map<Part, Long> counts = new EnumMap<>(Part.class);

  ParameterCount(Iterable<StoredTensor> tensors) {
    for (Part part : Part.values()) {
      counts.put(part, 0L);
    }
    for (StoredTensor t : tensors) {
      if (isParameter(t)) {
        counts.merge(partOf(t.name()), t.elements(), Long::sum);
      }
    }
  }

  long of(Part part) {
    return counts.getOrDefault(part, 0L);
  }

  long total() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  private static boolean isParameter(StoredTensor t) {
    return !t.dtype().isInteger() && !TABLE.matcher(t.name()).find();
  }

  static Part partOf(String name) {
    if (ROUTING.matcher(name).find()) {
      return Part.ROUTING;
    }
    if (NORM.matcher(name).find()) {
      return Part.NORM;
    }
    if (EMBEDDING.matcher(name).find()) {
      return Part.EMBEDDING;
    }
    if (ATTENTION.matcher(name).find()) {
      return Part.ATTENTION;
    }
    return FFN.matcher(name).find() ? Part.FFN : Part.OTHER;
  }

  /** Bytes of all tensors of a type, the largest sum first. */
  static SequencedMap<DType, Long> bytesByType(Iterable<StoredTensor> tensors) {
    Map<DType, Long> bytes = new EnumMap<>(DType.class);
    for (StoredTensor t : tensors) {
      bytes.merge(t.dtype(), t.bytes(), Long::sum);
    }
    SequencedMap<DType, Long> sorted = new LinkedHashMap<>();
    bytes.entrySet().stream()
        .sorted(Map.Entry.<DType, Long>comparingByValue().reversed())
        .forEach(e -> sorted.put(e.getKey(), e.getValue()));
    return sorted;
  }
}
