package org.mixtureofmasks.model;

import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.F16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.Iq4Nl;
import org.mixtureofmasks.kernel.Iq4Xs;
import org.mixtureofmasks.kernel.Q2K;
import org.mixtureofmasks.kernel.Q3K;
import org.mixtureofmasks.kernel.Q4;
import org.mixtureofmasks.kernel.Q40;
import org.mixtureofmasks.kernel.Q41;
import org.mixtureofmasks.kernel.Q4K;
import org.mixtureofmasks.kernel.Q50;
import org.mixtureofmasks.kernel.Q51;
import org.mixtureofmasks.kernel.Q5K;
import org.mixtureofmasks.kernel.Q6K;
import org.mixtureofmasks.kernel.Q80;
import org.slf4j.LoggerFactory;

/** What formats the matrices of a checkpoint are kept in. */
@FunctionalInterface
interface WeightFormats {
  /**
   * The format of one matrix.
   *
   * @param stored the type that it is stored as
   * @param columns length of its rows
   */
  Format of(DType stored, int columns);

  /** As a person asks for them; says once for each length of rows what cannot be as asked. */
  static WeightFormats of(WeightType wanted) {
    Set<Integer> said = new HashSet<>();
    return (stored, columns) -> {
      DType kept = wanted.kept(stored, columns);
      if (wanted.isQuantised() && !kept.isQuantised() && said.add(columns)) {
        LoggerFactory.getLogger(WeightFormats.class)
            .warn(
                "matrices with rows of {} weights, no multiple of 32, are kept in {}, not {}",
                columns,
                kept.name().toLowerCase(Locale.ROOT),
                wanted.word());
      }
      // Integers are no weights: whoever reads them as such says so.
      return Stored.FORMATS.getOrDefault(kept, F32.FORMAT);
    };
  }

  /** The format of every type that weights can be kept in. */
  final class Stored {
    private static final Map<DType, Format> FORMATS =
        Map.ofEntries(
            Map.entry(DType.F32, F32.FORMAT),
            Map.entry(DType.F16, F16.FORMAT),
            Map.entry(DType.BF16, Bf16.FORMAT),
            Map.entry(DType.INT8, Int8.FORMAT),
            Map.entry(DType.INT4, Q4.FORMAT),
            Map.entry(DType.Q8_0, Q80.FORMAT),
            Map.entry(DType.Q4_0, Q40.FORMAT),
            Map.entry(DType.Q4_1, Q41.FORMAT),
            Map.entry(DType.Q5_0, Q50.FORMAT),
            Map.entry(DType.Q5_1, Q51.FORMAT),
            Map.entry(DType.IQ4_NL, Iq4Nl.FORMAT),
            Map.entry(DType.Q2_K, Q2K.FORMAT),
            Map.entry(DType.Q3_K, Q3K.FORMAT),
            Map.entry(DType.Q4_K, Q4K.FORMAT),
            Map.entry(DType.Q5_K, Q5K.FORMAT),
            Map.entry(DType.Q6_K, Q6K.FORMAT),
            Map.entry(DType.IQ4_XS, Iq4Xs.FORMAT));

    private Stored() {}
  }
}
