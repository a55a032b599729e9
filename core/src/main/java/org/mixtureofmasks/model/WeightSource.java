package org.mixtureofmasks.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.DType;
import org.mixtureofmasks.checkpoint.Elements;
import org.mixtureofmasks.checkpoint.StoredTensor;
import org.mixtureofmasks.format.OutputScales;
import org.mixtureofmasks.io.BadCheckpoint;
import org.mixtureofmasks.kernel.Bf16;
import org.mixtureofmasks.kernel.F16;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.HugePages;
import org.mixtureofmasks.kernel.Int8;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.PreviewWeights;
import org.mixtureofmasks.kernel.Q4;

/**
 * Stored tensors as weights: what is stored as the format that is wanted stays in the mapped file;
 * everything else is converted once into memory of the arena.
 */
final class WeightSource {
  /** Formats of matrices that lie by input: their kernels read parts of rows. */
  private static final List<Format> IN_PARTS = List.of(F32.FORMAT, Bf16.FORMAT, Int8.FORMAT);

  private final WeightFormats formats;
  private final WeightMemory where;
  private final SegmentAllocator memory;

  /**
   * @param formats what matrices are kept in
   * @param where what does not stay in the files goes, and whether what can stay there does
   */
  WeightSource(WeightFormats formats, WeightMemory where) {
    this.formats = formats;
    this.where = where;
    this.memory = where.allocator();
  }

  /** A matrix in the wanted type. */
  Matrix matrix(StoredTensor tensor) {
    return matrix(tensor, null);
  }

  /** A matrix with its rows in another order: row r is row order(r) of the file; null: r. */
  Matrix matrix(StoredTensor tensor, @Nullable IntUnaryOperator order) {
    int columns = columns(tensor);
    return convert(tensor, rows(tensor), columns, order, format(tensor, columns));
  }

  /**
   * Neuron records. Where they are rounded with one scale a row, their outputs differ too much to
   * share it: down columns are divided by scales of the outputs first.
   *
   * @param neurons stored x 3 x hidden_size
   * @param stored by which down columns were divided when they were written; empty: by nothing
   */
  ColumnScaled records(StoredTensor neurons, Optional<StoredTensor> stored) {
    int rows = Math.toIntExact(3 * neurons.shape().getFirst());
    int columns = columns(neurons);
    Format wanted = format(neurons, columns);
    if (stored.isPresent() || !roundsRows(neurons)) {
      return new ColumnScaled(
          convert(neurons, rows, columns, null, wanted, null),
          stored.map(Elements::toFloats).orElse(null));
    }
    float[] scales = OutputScales.of(neurons);
    RowChange change = (r, row) -> OutputScales.divide(scales, r, row);
    return new ColumnScaled(convert(neurons, rows, columns, null, wanted, change), scales);
  }

  /**
   * Numbers of two bits as they are stored: a preview, or directions.
   *
   * @param tensor rows x columns / 4 bytes
   */
  Matrix preview(StoredTensor tensor) {
    return stored(tensor.data(), rows(tensor), 4 * columns(tensor), PreviewWeights.FORMAT);
  }

  /**
   * Refuses weights of which a preview saves nothing.
   *
   * @throws UserError if the neurons are wanted in fewer than 8 bits
   */
  void requirePreviewed(StoredTensor neurons) {
    int columns = columns(neurons);
    Format wanted = format(neurons, columns);
    if (wanted.rowBytes(columns) < columns) {
      throw new UserError(
          "%s has token masks, whose preview in 4 bits would be two fifths of weights in %s: --weights int8"
              .formatted(neurons.file(), wanted.name()));
    }
  }

  /** Whether a matrix is rounded with one scale a row. */
  private boolean roundsRows(StoredTensor tensor) {
    return format(tensor, columns(tensor)).equals(Int8.FORMAT) && tensor.dtype() != DType.INT8;
  }

  /**
   * A matrix whose columns may have been divided by scales.
   *
   * @param scales what its products are multiplied by; null: nothing
   */
  record ColumnScaled(Matrix matrix, float @Nullable [] scales) {}

  /**
   * A matrix that lies by input, so that a row has one weight for each output. Where it is rounded
   * with one scale a row its columns are divided by scales of their own first.
   *
   * @param stored by which its columns were divided when it was written; empty: by nothing
   * @throws UserError if it is wanted in a format of whose rows no kernel reads parts
   */
  ColumnScaled columnScaled(StoredTensor tensor, Optional<StoredTensor> stored) {
    Format wanted = format(tensor, columns(tensor));
    if (!IN_PARTS.contains(wanted)) {
      throw new UserError(
          "%s has token masks, whose weights lie by input and are not run in %s: --weights int8"
              .formatted(tensor.file(), wanted.name()));
    }
    if (stored.isPresent() || !roundsRows(tensor)) {
      return new ColumnScaled(matrix(tensor), stored.map(Elements::toFloats).orElse(null));
    }
    float[] scales = OutputScales.ofColumns(tensor);
    RowChange change = (_, row) -> OutputScales.divide(scales, row);
    return new ColumnScaled(
        convert(tensor, rows(tensor), columns(tensor), null, wanted, change), scales);
  }

  /** What is done to a row before it is rounded. */
  private interface RowChange {
    void change(int number, float[] row);
  }

  private static int rows(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getFirst());
  }

  private static int columns(StoredTensor matrix) {
    return Math.toIntExact(matrix.shape().getLast());
  }

  private Format format(StoredTensor tensor, int columns) {
    Format format = formats.of(tensor.dtype(), columns);
    // Broken weights are to show as what they are.
    return format.equals(F16.FORMAT) && !F16.isFinite(tensor.data()) ? F32.FORMAT : format;
  }

  /**
   * The embedding or the output projection: where other matrices get 4 bits it gets 8, unless it is
   * stored in 4. Of the numbers that a model has they cost it most when they are rounded.
   */
  Matrix end(StoredTensor tensor) {
    Format format = format(tensor, columns(tensor));
    boolean spared = format.equals(Q4.FORMAT) && tensor.dtype() != DType.INT4;
    return convert(tensor, rows(tensor), columns(tensor), null, spared ? Int8.FORMAT : format);
  }

  /**
   * A router: as it is stored, f32 being exact whatever formats are wanted; beside matrices of 8
   * bits and less, of which it would be a large part, in 8 bits.
   */
  Matrix router(StoredTensor tensor) {
    Format format =
        switch (tensor.dtype()) {
          case INT8 -> Int8.FORMAT;
          case BF16 -> Bf16.FORMAT;
          default ->
              isSmall(format(tensor, columns(tensor)), columns(tensor)) ? Int8.FORMAT : F32.FORMAT;
        };
    return convert(tensor, rows(tensor), columns(tensor), null, format);
  }

  /** Whether weights have fewer than 16 bits. */
  private static boolean isSmall(Format format, int columns) {
    return format.rowBytes(columns) < (long) Short.BYTES * columns;
  }

  private Matrix stored(MemorySegment data, int rows, int columns, Format format) {
    if (where.move() != null) {
      return where.move().matrix(data, rows, columns, format);
    }
    return new Matrix(where.mapped() ? data : copy(data), rows, columns, format);
  }

  private MemorySegment copy(MemorySegment data) {
    return memory
        .allocate(Math.max(1, data.byteSize()), 64)
        .asSlice(0, data.byteSize())
        .copyFrom(data);
  }

  private Matrix convert(
      StoredTensor tensor, int rows, int columns, @Nullable IntUnaryOperator order, Format format) {
    return convert(tensor, rows, columns, order, format, null);
  }

  private Matrix convert(
      StoredTensor tensor,
      int rows,
      int columns,
      @Nullable IntUnaryOperator order,
      Format format,
      @Nullable RowChange change) {
    if (order == null && format.isStoredAs(tensor.dtype().name())) {
      return stored(tensor.data(), rows, columns, format);
    }
    // Checked against the file already: of every type, a few elements at most share a byte.
    long rowBytes = format.rowBytes(columns);
    long bytes = Math.multiplyExact(rows, rowBytes);
    MemorySegment data = memory.allocate(Math.max(1, bytes), 64).asSlice(0, bytes);
    if (ScaledRows.fits(tensor, format)) {
      ScaledRows scaled = new ScaledRows(tensor, columns);
      for (int r = 0; r < rows; r++) {
        scaled.copy(order == null ? r : order.applyAsInt(r), data, r * rowBytes);
      }
      HugePages.forget(tensor.data());
      return new Matrix(data, rows, columns, format);
    }
    boolean whole = format.isStoredAs(tensor.dtype().name());
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      int from = order == null ? r : order.applyAsInt(r);
      if (whole) { // rows change places as the bytes that they are
        MemorySegment.copy(tensor.data(), from * rowBytes, data, r * rowBytes, rowBytes);
      } else {
        Elements.copyTo(tensor, (long) from * columns, row, 0, columns);
        if (isSmall(format, columns)) {
          requireFinite(row, tensor);
        }
        if (change != null) {
          change.change(r, row);
        }
        format.put(row, data, r * rowBytes);
      }
    }
    HugePages.forget(tensor.data()); // read once
    return new Matrix(data, rows, columns, format);
  }

  private static void requireFinite(float[] row, StoredTensor tensor) {
    for (float weight : row) {
      if (!Float.isFinite(weight)) {
        throw new BadCheckpoint(
            tensor.file(),
            tensor.offset(),
            "tensor '%s' holds %s: only finite weights can be rounded"
                .formatted(tensor.name(), weight));
      }
    }
  }
}
