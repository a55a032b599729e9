package org.mixtureofmasks.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.io.TokenRows;

class SamplerTest {
  @TempDir Path folder;

  /** Rows of two tokens: (first, first), (first + 1, first + 1), ... */
  private TokenRows rows(String name, int first, int count) throws IOException {
    byte[] bytes = new byte[4 * count];
    for (int i = 0; i < count; i++) {
      bytes[4 * i] = (byte) (first + i);
      bytes[4 * i + 2] = (byte) (first + i);
    }
    return TokenRows.open(Files.write(folder.resolve(name), bytes), 2, 256);
  }

  private static int[] firsts(Sampler sampler, int n) {
    return Arrays.stream(sampler.next(n)).mapToInt(row -> (int) row[0]).toArray();
  }

  @Test
  void sequentialRowsComeInOrderAndBeginAgain() throws IOException {
    Sampler sampler = new Sampler(List.of(rows("a.u16", 0, 3)), new double[] {1}, false, 0);
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2, 0}, firsts(sampler, 7));
    assertArrayEquals(new long[] {7}, sampler.cursor());
  }

  @Test
  void everyEpochIsAnotherPermutation() throws IOException {
    Sampler sampler = new Sampler(List.of(rows("a.u16", 0, 20)), new double[] {1}, true, 5);
    int[] first = firsts(sampler, 20);
    int[] second = firsts(sampler, 20);
    assertFalse(Arrays.equals(first, second));
    Arrays.sort(first);
    Arrays.sort(second);
    for (int i = 0; i < 20; i++) {
      assertEquals(i, first[i]);
      assertEquals(i, second[i]);
    }
  }

  @Test
  void aSavedCursorGoesOnWithTheSameRowsAcrossEpochs() throws IOException {
    List<TokenRows> files = List.of(rows("a.u16", 0, 7), rows("b.u16", 100, 5));
    double[] weights = {3, 1};
    Sampler whole = new Sampler(files, weights, true, 9);
    whole.next(11);
    long[] cursor = whole.cursor();
    int[] expected = firsts(whole, 30);
    Sampler resumed = new Sampler(files, weights, true, 9);
    resumed.seek(cursor);
    assertArrayEquals(expected, firsts(resumed, 30));
  }

  @Test
  void everyStretchHasTheMixture() throws IOException {
    List<TokenRows> files = List.of(rows("a.u16", 0, 7), rows("b.u16", 100, 5));
    Sampler sampler = new Sampler(files, new double[] {0.6, 0.2}, false, 0);
    for (int n = 1; n <= 100; n++) {
      sampler.next();
      long[] taken = sampler.cursor();
      assertEquals(n, taken[0] + taken[1]);
      assertTrue(Math.abs(taken[0] - 0.75 * n) <= 1, n + ": " + taken[0]);
    }
  }

  @Test
  void anotherSeedIsAnotherOrder() throws IOException {
    List<TokenRows> files = List.of(rows("a.u16", 0, 20));
    int[] one = firsts(new Sampler(files, new double[] {1}, true, 1), 20);
    int[] two = firsts(new Sampler(files, new double[] {1}, true, 2), 20);
    assertFalse(Arrays.equals(one, two));
  }

  @Test
  void repeatsAreThoseOfTheSourceThatRunsOutFirst() throws IOException {
    List<TokenRows> files = List.of(rows("a.u16", 0, 10), rows("b.u16", 100, 5));
    Sampler sampler = new Sampler(files, new double[] {3, 1}, false, 0);
    assertEquals(3, sampler.repeats(40), 1e-12); // 30 of the first's 10 rows, 10 of the other's 5
    assertEquals(0, sampler.repeats(0));
  }
}
