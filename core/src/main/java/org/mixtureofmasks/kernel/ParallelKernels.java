package org.mixtureofmasks.kernel;

/**
 * Kernels whose rows, tokens or heads are shared out to threads. Rows are computed alike whichever
 * part they fall to, so the number of threads does not change a product; it does change the last
 * bits of {@link SparseFfn}'s sums.
 */
public final class ParallelKernels implements AutoCloseable {
  /** Work below this many bytes of weights is not worth a hand-over. */
  private static final long ALONE_BYTES = 32 << 10;

  /** A block of widened rows stays in the second-level cache while all tokens pass over it. */
  private static final int BLOCK_FLOATS = 48 << 10;

  /** With fewer, so many lanes of a tile are idle that sums across lanes cost less. */
  private static final int LEAST_TOKENS_OF_TILES = 12;

  private static final int LEAST_ROWS_OF_TILES = 64;

  private final Kernels kernels;
  private final ThreadTeam threads;

  /** Computes with {@code kernels} on {@code threads} threads, the caller's included. */
  public ParallelKernels(Kernels kernels, int threads) {
    this.kernels = kernels;
    this.threads = new ThreadTeam(threads);
  }

  public Kernels kernels() {
    return kernels;
  }

  /** Threads, the caller's included. */
  public int threads() {
    return threads.threads();
  }

  /** One item of many; part says whose scratch memory may be used. */
  @FunctionalInterface
  public interface Item {
    void run(int item, int part);
  }

  /** Runs all items, dealt out one by one so that growing work (causal attention) stays even. */
  public void forEach(int items, Item work) {
    if (items == 1) {
      work.run(0, 0);
      return;
    }
    threads.run(
        (part, parts) -> {
          for (int i = part; i < items; i += parts) {
            work.run(i, part);
          }
        });
  }

  /** The threads themselves, for work that is shared out otherwise. */
  public ThreadTeam team() {
    return threads;
  }

  /**
   * y[t, r] = Σ_c w[r, c] x[t, c]: y is x.tokens() x w.rows(). In which order sums run depends on
   * the number of tokens, unless they are those of a step ({@link Activations#step}).
   */
  public void multiply(Activations x, Matrix w, float[] y) {
    multiply(x, new Matrix[] {w}, new float[][] {y});
  }

  /** The products of one input with several matrices, in one hand-over. */
  public void multiply(Activations x, Matrix[] ws, float[][] ys) {
    long bytes = 0;
    for (Matrix w : ws) {
      prepare(x, w);
      bytes += w.bytes();
    }
    if (bytes * x.tokens() < ALONE_BYTES) {
      rows(x, ws, ys, 0, 1);
    } else {
      threads.run((part, parts) -> rows(x, ws, ys, part, parts));
    }
  }

  /** Has x in every order that the product with w will ask for. */
  private void prepare(Activations x, Matrix w) {
    x.input(w.format(), this);
    if (inTiles(x, w)) {
      x.tiles(w.format(), this);
    }
  }

  /**
   * Many tokens are computed in tiles, whether or not they fill the last one: so a token's bits do
   * not depend on how many others there are. Few rows are not worth transposing x.
   */
  private static boolean inTiles(Activations x, Matrix w) {
    return !x.step() && x.tokens() >= LEAST_TOKENS_OF_TILES && w.rows() >= LEAST_ROWS_OF_TILES;
  }

  private void rows(Activations x, Matrix[] ws, float[][] ys, int part, int parts) {
    for (int i = 0; i < ws.length; i++) {
      Matrix w = ws[i];
      int from = ThreadTeam.start(w.rows(), part, parts, 4);
      int to = ThreadTeam.start(w.rows(), part + 1, parts, 4);
      if (x.tokens() == 1) {
        kernels.matvec(w, x.input(w.format(), this), 0, ys[i], 0, from, to);
      } else if (x.step()) {
        Input input = x.input(w.format(), this);
        kernels.products(w, input, x.tokens(), ys[i], w.rows(), 0, from, to);
      } else {
        matmul(w, x, ys[i], from, to);
      }
    }
  }

  /** Widens a block of rows at a time and multiplies it with all tokens. */
  private void matmul(Matrix w, Activations x, float[] y, int from, int to) {
    int n = w.columns();
    int block = Math.min(to - from, Math.max(12, BLOCK_FLOATS / n / 12 * 12));
    float[] rows = new float[Math.max(0, block) * n];
    for (int r = from; r < to; r += block) {
      int end = Math.min(to, r + block);
      kernels.widen(w, r, end, rows);
      if (inTiles(x, w)) {
        tiles(rows, end - r, x.tiles(w.format(), this), x.tokens(), n, y, w.rows(), r);
      } else {
        float[] ordered = x.input(w.format(), this).floats();
        kernels.matmul(rows, end - r, n, ordered, x.tokens(), y, w.rows(), r);
      }
    }
  }

  private void tiles(
      float[] w, int rows, float[] tiles, int tokens, int n, float[] y, int yStride, int yAt) {
    int tile = kernels.tileTokens();
    for (int t = 0; t < tokens; t += tile) {
      int used = Math.min(tile, tokens - t);
      kernels.matmulOfTile(w, rows, n, tiles, t * n, used, y, yStride, t * yStride + yAt);
    }
  }

  /** h[t, r] = SiLU(gate x)[t, r] (up x)[t, r]; upScratch holds x.tokens() x up.rows(). */
  public void gated(Activations x, Matrix gate, Matrix up, Activations h, float[] upScratch) {
    Matrix[] ws = {gate, up};
    float[][] ys = {h.values(), upScratch};
    prepare(x, gate);
    prepare(x, up);
    int m = gate.rows();
    threads.run(
        (part, parts) -> {
          rows(x, ws, ys, part, parts);
          int from = ThreadTeam.start(m, part, parts, 4);
          int n = ThreadTeam.start(m, part + 1, parts, 4) - from;
          for (int t = 0; t < x.tokens(); t++) {
            kernels.siluTimes(ys[0], t * m + from, upScratch, t * m + from, n);
          }
        });
    h.changed(x.tokens());
  }

  @Override
  public void close() {
    threads.close();
  }
}
