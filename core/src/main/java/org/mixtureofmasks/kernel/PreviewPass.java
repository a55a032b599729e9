package org.mixtureofmasks.kernel;

import java.util.Arrays;

/**
 * One caller's memory for FFNs whose tokens choose neurons by a preview. Threads share out the
 * neurons: each adds up the preview of its own from all inputs that a token keeps, lists those that
 * are large, and computes these, with nobody to wait for between; what the others add is foreseen.
 * The threads' outputs are summed at the end.
 *
 * <p>A few tokens, those of a step among them, are computed one by one but for the blocks of rows
 * that they go over together, so a token's bits do not depend on the others. Of many tokens of a
 * prompt the preview comes from {@link PreviewTiles}, and what they chose from {@link SparseFfn}.
 */
public final class PreviewPass {
  /** Neurons of a thread come in multiples of so many. */
  private static final int PART = PreviewWeights.BLOCK;

  /** Of a plane's row: that many neurons are a cache line. */
  private static final int LINE = 4 * PART;

  /** Bytes of a preview that the tokens go over together: they stay in the second-level cache. */
  private static final int BLOCK_BYTES = 1 << 20;

  /** With fewer tokens they cost less by lists: as quick at 64, measured at 135M. */
  private static final int LEAST_TOKENS_OF_TILES = 64;

  private final float[][] sums; // each thread's, of rows of the preview, see Kernels.preview
  private final float[][] values; // each thread's: of each token gates, then ups of its neurons
  private final float[][] outputs; // each thread's, of each token, ordered
  private final float[][] foreseen; // each thread's: what its other neurons add, of each token
  private final float[][] scratch; // each thread's
  private final PreviewFactors factors = new PreviewFactors();
  private final Selection neurons = new Selection();
  private final Selection others = new Selection();
  private final PreviewTiles tiles;
  private final SparseFfn chosen;
  private boolean tiled; // how the last tokens were computed

  /**
   * For the threads of the team that will be used.
   *
   * @param width hidden_size
   */
  public PreviewPass(int width, int threads) {
    sums = new float[threads][0];
    values = new float[threads][0];
    outputs = new float[threads][0];
    foreseen = new float[threads][0];
    scratch = new float[threads][Kernels.SCRATCH];
    tiles = new PreviewTiles(threads);
    chosen = new SparseFfn(width, threads);
  }

  /**
   * All tokens of x.
   *
   * @param y x.tokens() x hidden_size, overwritten
   * @param kept inputs and neurons that the tokens keep are added to its two elements; an input of
   *     which half of the bits are read is half of one
   */
  public void run(
      ParallelKernels kernels, PreviewFfn ffn, Activations x, float[] y, double[] kept) {
    int tokens = x.tokens();
    factors.reserve(tokens, ffn.inputs());
    kernels.forEach(tokens, (t, _) -> factors.take(ffn, x.values(), t));
    neurons.reserve(tokens, ffn.neurons(), kernels.threads());
    tiled = !x.step() && tokens >= LEAST_TOKENS_OF_TILES;
    if (tiled) {
      many(kernels, ffn, x, y, kept);
    } else {
      few(kernels, ffn, x, y, kept);
    }
    for (int t = 0; t < tokens; t++) {
      TokenMaskedPass.scale(y, t * ffn.inputs(), ffn.outputScales(), 0, ffn.inputs());
    }
    if (tiled) {
      tiles.addOthers(kernels, ffn, tokens, y);
    } else {
      kernels.forEach(tokens, (t, _) -> addOthers(ffn, y, t * ffn.inputs()));
    }
    for (int t = 0; t < tokens; t++) {
      kept[0] += factors.of(t).kept();
    }
  }

  /** Adds what the threads foresaw to a token's outputs. */
  private void addOthers(PreviewFfn ffn, float[] y, int at) {
    for (int i = at; i < at + ffn.inputs(); i++) {
      float steps = 0;
      for (float[] ofThread : foreseen) {
        steps += ofThread[i];
      }
      y[i] += ffn.scoreUnit() * ffn.directionStep() * steps;
    }
  }

  /**
   * What a token of the last run kept.
   *
   * @param kernels those of the run
   * @param ffn that of the run
   * @param t token, from 0
   * @return a copy
   */
  public TokenKept kept(ParallelKernels kernels, PreviewFfn ffn, int t) {
    return new TokenKept(
        factors.of(t).kept(), neurons.all(t, ffn.neurons(), tiled ? 1 : kernels.threads(), PART));
  }

  private void few(
      ParallelKernels kernels, PreviewFfn ffn, Activations x, float[] y, double[] kept) {
    int tokens = x.tokens();
    int d = ffn.inputs();
    others.reserve(tokens, ffn.neurons(), kernels.threads());
    Input exact = x.input(ffn.records().format(), kernels);
    kernels
        .team()
        .run(
            (part, parts) -> {
              choose(kernels.kernels(), ffn, tokens, part, parts);
              compute(kernels.kernels(), ffn, exact, tokens, part, parts);
              foresee(kernels.kernels(), ffn, tokens, part, parts);
            });
    Order order = ffn.records().format().order();
    kernels.forEach(tokens, (t, _) -> order.addUp(y, t * d, outputs, t * d, d));
    for (int t = 0; t < tokens; t++) {
      kept[1] += neurons.kept(t, kernels.threads());
    }
  }

  /** Lists a thread's neurons of every token. */
  private void choose(Kernels kernels, PreviewFfn ffn, int tokens, int part, int parts) {
    int m = ffn.neurons();
    int from = ThreadTeam.start(m, part, parts, PART);
    int n = ThreadTeam.start(m, part + 1, parts, PART) - from;
    float[] value = Room.of(values, part, tokens * 2 * n);
    int block = Math.max(LINE, BLOCK_BYTES / ffn.inputs() / LINE * LINE);
    for (int j = 0; j < n; j += block) {
      int count = Math.min(block, n - j);
      float[] sum = Room.of(sums, part, 6 * count);
      for (int t = 0; t < tokens; t++) {
        PreviewFactors.Token of = factors.of(t);
        int first = from + j;
        kernels.preview(
            ffn.preview(), of.list, of.whole, of.count, of.factors, sum, first, first + count);
        of.combine(ffn, 0, first, count, sum, value, t * 2 * n + j);
        of.combine(ffn, 1, first, count, sum, value, t * 2 * n + n + j);
      }
    }
    for (int t = 0; t < tokens; t++) {
      int at = t * 2 * n;
      kernels.siluTimes(value, at, value, at + n, n);
      neurons.select(t, part, value, at, n, ffn.neuronThreshold(), from);
      others.selectOthers(t, part, value, at, n, ffn.neuronThreshold(), from);
    }
  }

  /** What a thread's neurons add to the outputs of every token. */
  private void compute(Kernels kernels, PreviewFfn ffn, Input x, int tokens, int part, int parts) {
    int d = ffn.inputs();
    int first = ThreadTeam.start(ffn.neurons(), part, parts, PART);
    int end = ThreadTeam.start(ffn.neurons(), part + 1, parts, PART);
    float[] sum = Room.cleared(outputs, part, tokens * d);
    int block = tokens == 1 ? end - first : ListedRows.blockOf(ffn.recordBytes());
    for (int j = first, next; j < end; j = next) {
      next = Math.min(end, j + block);
      for (int t = 0; t < tokens; t++) {
        int[] list = neurons.lists[t];
        int listed = first + neurons.counts[t][part];
        int k = ListedRows.place(list, first, listed, j);
        int kEnd = ListedRows.place(list, k, listed, next);
        kernels.neurons(ffn.records(), list, k, kEnd, null, x, t, sum, t * d, scratch[part]);
      }
    }
  }

  /** What a thread's other neurons add to the outputs of every token, in units and steps. */
  private void foresee(Kernels kernels, PreviewFfn ffn, int tokens, int part, int parts) {
    int d = ffn.inputs();
    int first = ThreadTeam.start(ffn.neurons(), part, parts, PART);
    int end = ThreadTeam.start(ffn.neurons(), part + 1, parts, PART);
    float[] sum = Room.of(foreseen, part, tokens * d);
    ListedRows directions = new ListedRows(ffn.directions(), sum, d, 0, 0, d);
    for (int t = 0; t < tokens; t++) {
      float[] scores = others.values[t];
      float total = 0;
      for (int k = first; k < first + others.counts[t][part]; k++) {
        scores[k] = ffn.inUnits(scores[k]);
        total += scores[k];
      }
      Arrays.fill(sum, t * d, (t + 1) * d, -PreviewWeights.CENTRE * total);
    }
    for (int j = first, next; j < end; j = next) {
      next = Math.min(end, j + directions.block(tokens));
      for (int t = 0; t < tokens; t++) {
        int listed = first + others.counts[t][part];
        int[] list = others.lists[t];
        directions.add(kernels, t, list, others.values[t], first, listed, j, next);
      }
    }
  }

  private void many(
      ParallelKernels kernels, PreviewFfn ffn, Activations x, float[] y, double[] kept) {
    int tokens = x.tokens();
    tiles.run(kernels, ffn, factors, tokens, neurons);
    chosen.clear();
    for (int t = 0; t < tokens; t++) {
      int count = neurons.counts[t][0];
      chosen.lane(t, neurons.lists[t], count, 1);
      kept[1] += count;
    }
    chosen.many(kernels, ffn.records(), x, y);
  }
}
