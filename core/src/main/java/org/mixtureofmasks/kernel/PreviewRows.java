package org.mixtureofmasks.kernel;

/** What a token's inputs say of the rows of a preview, the same for one token and for many. */
final class PreviewRows {
  /** What upper bits count together with the lower ones, in scales. */
  private static final float WHOLE = 4;

  /** What they count alone: {@code format.Preview.COARSE}. */
  private static final float COARSE = 3.54f;

  private PreviewRows() {}

  /** A token's inputs less their centres. */
  static void offCentre(PreviewFfn ffn, float[] x, int at, float[] out, int outAt) {
    float[] centres = ffn.centres();
    for (int i = 0; i < centres.length; i++) {
      out[outAt + i] = x[at + i] - centres[i];
    }
  }

  /** Whether the lower bits are read of an input whose upper bits are. */
  static boolean isWhole(PreviewFfn ffn, float offCentre) {
    return !(Math.abs(offCentre) <= ffn.wholeThreshold()); // what is no number shows as that
  }

  /** What upper bits count, in scales. */
  static float upper(boolean whole) {
    return whole ? WHOLE : COARSE;
  }

  /** What both planes' numbers count together, in scales: so much of their centres is taken off. */
  static float both(boolean whole) {
    return whole ? WHOLE + 1 : COARSE;
  }

  /** Sums of some neurons before a row is added: of what the inputs' centres give. */
  static void begin(PreviewFfn ffn, int from, int count, float added, float[] sum, int at) {
    float[] base = ffn.base();
    for (int j = 0; j < count; j++) {
      sum[at + j] = base[from + j] + added;
    }
  }
}
