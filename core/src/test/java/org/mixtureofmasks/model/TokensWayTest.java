package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.kernel.F32;
import org.mixtureofmasks.kernel.Format;
import org.mixtureofmasks.kernel.Input;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.Matrix;
import org.mixtureofmasks.kernel.VectorKernels;

class TokensWayTest {
  private static final int MOST = 5;

  @TempDir Path folder;

  /** Floats that note who asks for neurons; the format counts as one of our classes. */
  private static final class Recording extends Format {
    final Set<Set<String>> ways = new LinkedHashSet<>();

    @Override
    public String name() {
      return "recording";
    }

    @Override
    public long rowBytes(int columns) {
      return F32.FORMAT.rowBytes(columns);
    }

    @Override
    public float get(MemorySegment data, long row, int column, int columns) {
      return F32.FORMAT.get(data, row, column, columns);
    }

    @Override
    public void put(float[] values, MemorySegment data, long row) {
      F32.FORMAT.put(values, data, row);
    }

    @Override
    public void gateUp(
        Matrix records, int[] list, int from, int count, int end, Input x, int token, float[] h) {
      Set<String> way =
          StackWalker.getInstance()
              .walk(
                  frames ->
                      frames
                          .map(StackWalker.StackFrame::getClassName)
                          .takeWhile(name -> !name.equals(ForwardPass.class.getName()))
                          .filter(name -> name.startsWith("org.mixtureofmasks."))
                          .collect(Collectors.toCollection(LinkedHashSet::new)));
      if (way.contains(ExpertNeurons.class.getName())) {
        ways.add(way); // a worker's stack begins in the middle
      }
      super.gateUp(records, list, from, count, end, x, token, h);
    }
  }

  @Test
  void aTokensWayThroughTheSparseFfnHasAtMostFiveOfOurClasses() throws IOException {
    Random random = new Random(1);
    RandomModel model =
        new RandomModel(random, 32, 48, 8, 2, false, RandomModel.masks(random, 48, 0.5, 0.5, 0.5));
    Path path = model.write(folder, "runs");
    KernelChoice vector = new KernelChoice(new VectorKernels(), "for the test");
    for (int threads = 1; threads <= 2; threads++) {
      Recording format = new Recording();
      LoadOptions options = new LoadOptions(WeightType.AUTO, threads);
      try (Model opened =
          new ModelLoader(options, vector, (stored, columns) -> format).open(path)) {
        ModelState state = opened.newState(64);
        for (int t = 0; t < 50; t++) {
          opened.forward(state, new int[] {t}, 0, 1);
        }
      }
      assertFalse(format.ways.isEmpty());
      for (Set<String> way : format.ways) {
        assertTrue(way.size() <= MOST, way.size() + " classes: " + way);
      }
    }
  }
}
