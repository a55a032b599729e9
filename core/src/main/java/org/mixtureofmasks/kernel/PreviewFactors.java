package org.mixtureofmasks.kernel;

/**
 * What tokens multiply the rows of a preview by: of each input, how far it is from its centre times
 * the scale of its gates or ups. These factors are rounded to whole numbers in [-127, 127], with a
 * unit for a token's inputs of which all bits are read and another for those of which the upper
 * bits are, so that sums of rows are whole numbers too, the same in every order and on every
 * machine.
 */
final class PreviewFactors {
  /** The largest factor. */
  static final int MOST = 127;

  /** A largest factor below this is none: what it would be divided by is no normal number. */
  private static final float LEAST = MOST * Float.MIN_NORMAL;

  /** What upper bits count together with the lower ones, in scales. */
  static final float WHOLE = 4;

  /** What they count alone: {@code format.Preview.COARSE}. */
  static final float COARSE = 3.54f;

  /** What of both planes' numbers together is no weight. */
  private static final float WHOLE_CENTRE = (WHOLE + 1) * PreviewWeights.CENTRE;

  private Token[] tokens = {};

  /** Of one token. */
  static final class Token {
    /**
     * Rows of upper bits of the inputs that are read whole, of their lower bits, of upper bits of
     * the others.
     */
    final int[] list;

    /** By place in the list, of gates; from half on, of ups. */
    final float[] factors;

    /** Inputs that are read whole. */
    int whole;

    /** Rows. */
    int count;

    /** What a factor of 1 stands for, of gates and of ups, where all bits are read. */
    private final float[] wholeUnits = new float[2];

    /** Likewise where the upper bits are. */
    private final float[] coarseUnits = new float[2];

    /** What is taken off gates and ups for the numbers' own centres. */
    final float[] takenOff = new float[2];

    private final float[] offCentre;

    private Token(int inputs) {
      list = new int[2 * inputs];
      factors = new float[4 * inputs];
      offCentre = new float[inputs];
    }

    /** Takes the inputs from x[at] on. */
    private void take(PreviewFfn ffn, float[] x, int at) {
      int d = ffn.inputs();
      float[] centres = ffn.centres();
      for (int i = 0; i < d; i++) {
        offCentre[i] = x[at + i] - centres[i];
      }
      float some = ffn.inputThreshold();
      float all = Math.max(some, ffn.wholeThreshold());
      whole = 0;
      for (int i = 0; i < d; i++) { // without branches, see Selection
        list[whole] = i;
        whole += Math.abs(offCentre[i]) <= all ? 0 : 1; // what is no number shows as that
      }
      for (int k = 0; k < whole; k++) {
        list[whole + k] = d + list[k];
      }
      count = 2 * whole;
      for (int i = 0; i < d && count < list.length; i++) {
        float size = Math.abs(offCentre[i]);
        list[count] = i;
        count += size > some && size <= all ? 1 : 0;
      }
      for (int half = 0; half < 2; half++) {
        int first = half * 2 * d;
        int others = first + 2 * whole;
        multiply(ffn.scales(), half, 0, whole, first);
        multiply(ffn.scales(), half, 2 * whole, count, first);
        wholeUnits[half] = round(first, whole);
        coarseUnits[half] = round(others, count - 2 * whole);
        System.arraycopy(factors, first, factors, first + whole, whole);
        float ofCoarse = COARSE * PreviewWeights.CENTRE * coarseUnits[half];
        takenOff[half] =
            WHOLE_CENTRE * wholeUnits[half] * total(first, whole)
                + ofCoarse * total(others, count - 2 * whole);
      }
    }

    /** Of places [from, to) of the list, what their inputs are times their scales. */
    private void multiply(float[] scales, int half, int from, int to, int first) {
      for (int k = from; k < to; k++) {
        factors[first + k] = offCentre[list[k]] * scales[2 * list[k] + half];
      }
    }

    /** Rounds some factors to whole numbers of a unit. */
    private float round(int from, int n) {
      float most = 0;
      for (int k = from; k < from + n; k++) {
        most = Math.max(most, Math.abs(factors[k])); // what is no number shows in the unit
      }
      boolean nothing = most < LEAST; // not of what is no number
      float in = nothing ? 0 : MOST / most;
      for (int k = from; k < from + n; k++) {
        factors[k] = Math.round(factors[k] * in);
      }
      return nothing ? 0 : most / MOST;
    }

    private float total(int from, int n) {
      int total = 0;
      for (int k = from; k < from + n; k++) {
        total += (int) factors[k];
      }
      return total;
    }

    /** What a row counts, of gates (half 0) or ups (half 1). */
    float factor(int place, int half) {
      float counts = place < whole ? WHOLE : place < 2 * whole ? 1 : COARSE;
      float unit = (place < 2 * whole ? wholeUnits : coarseUnits)[half];
      return counts * unit * factors[half * factors.length / 2 + place];
    }

    /**
     * Gates (half 0) or ups (half 1) of neurons [first, first + count).
     *
     * @param sums what {@link Kernels#preview} gave for these
     */
    void combine(
        PreviewFfn ffn, int half, int first, int count, float[] sums, float[] out, int at) {
      int upper = half * count;
      int lower = upper + 2 * count;
      int coarse = lower + 2 * count;
      int base = half * ffn.neurons() + first;
      float ofWhole = wholeUnits[half];
      float ofCoarse = COARSE * coarseUnits[half];
      float off = takenOff[half];
      for (int j = 0; j < count; j++) {
        float together = WHOLE * sums[upper + j] + sums[lower + j];
        out[at + j] =
            ffn.base()[base + j] + (ofWhole * together + ofCoarse * sums[coarse + j] - off);
      }
    }

    /** Inputs that are read; of which half of the bits are read count half. */
    double kept() {
      return count / 2.0;
    }
  }

  /** Makes room. */
  void reserve(int count, int inputs) {
    if (tokens.length < count) {
      tokens = new Token[count];
      for (int t = 0; t < count; t++) {
        tokens[t] = new Token(inputs);
      }
    }
  }

  /** Takes the inputs of a token; tokens may be taken by several threads. */
  void take(PreviewFfn ffn, float[] x, int t) {
    tokens[t].take(ffn, x, t * ffn.inputs());
  }

  Token of(int t) {
    return tokens[t];
  }
}
