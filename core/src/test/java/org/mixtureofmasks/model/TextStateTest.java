package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.kernel.KvF32;
import org.mixtureofmasks.kernel.KvHead;
import org.mixtureofmasks.kernel.KvPage;

/** Texts, their pages, and the workspace that they share. */
class TextStateTest {
  private static final int LONG = 2 * KvHead.PAGE + 50;

  @TempDir Path folder;
  private final Random random = new Random(1);
  private Model model;

  @BeforeEach
  void open() throws IOException {
    boolean[][][] masks = RandomModel.masks(random, 64, 0.5, 0.5, 0.5);
    new RandomModel(random, 32, 64, 8, 1, true, masks).write(folder, "runs");
    model = Model.open(folder, new LoadOptions(WeightType.AUTO, 2));
  }

  @AfterEach
  void close() {
    model.close();
  }

  private int[] tokens(int n) {
    return random.ints(n, 0, RandomModel.VOCABULARY).toArray();
  }

  /** Prompt at once, then token by token, as {@link #inTurns} does for several. */
  private float[] alone(int[] tokens, int prompt) {
    ModelState state = model.newState(600);
    float[] logits = model.forward(state, tokens, 0, prompt);
    for (int t = prompt; t < tokens.length; t++) {
      logits = model.forward(state, tokens, t, 1);
    }
    return logits.clone();
  }

  @Test
  void textsThatShareAWorkspaceInTurnsGetTheBitsOfEachAlone() {
    Workspace workspace = model.newWorkspace(64);
    int[][] texts = {tokens(LONG), tokens(LONG), tokens(LONG)};
    List<ModelState> states = new ArrayList<>();
    float[][] logits = new float[3][];
    int prompt = KvHead.PAGE - 3;
    for (int[] text : texts) {
      states.add(new ModelState(model.newText(600), workspace));
      model.forward(states.getLast(), text, 0, prompt);
    }
    for (int t = prompt; t < LONG; t++) {
      for (int i = 0; i < 3; i++) {
        logits[i] = model.forward(states.get(i), texts[i], t, 1).clone();
      }
    }
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(alone(texts[i], prompt), logits[i], "text " + i);
    }
  }

  @Test
  void pagesComeAsTokensComeAndGoBackWhenTheyAreForgotten() {
    ModelState state = model.newState(600);
    assertEquals(0, state.text().bytes());
    model.forward(state, tokens(3), 0, 3);
    long page = state.text().bytes();
    assertEquals(4L * RandomModel.LAYERS * RandomModel.KV_HEADS * 2 * 8 * KvHead.PAGE, page);
    model.forward(state, tokens(LONG), 0, LONG);
    assertEquals(3 * page, state.text().bytes());
    state.truncate(KvHead.PAGE);
    assertEquals(page, state.text().bytes());
    state.text().close();
    assertEquals(0, state.text().bytes());
    KvPool pool = new KvPool(model.config(), KvF32.FORMAT);
    KvPage[] first = pool.take();
    pool.give(first);
    assertSame(first, pool.take());
  }

  @ParameterizedTest
  @EnumSource
  void theBytesOfATextAreThoseThatAreForetold(CacheType cache) {
    LoadOptions options = new LoadOptions(WeightType.AUTO, 1, LoadOptions.Memory.MAPPED, cache);
    try (Model own = Model.open(folder, options)) {
      for (int n : new int[] {1, KvHead.PAGE, KvHead.PAGE + 1, LONG}) {
        ModelState state = own.newState(600);
        own.forward(state, tokens(n), 0, n);
        assertEquals(cache.bytes(own.config(), n), state.text().bytes());
      }
    }
    assertEquals(0, cache.bytes(model.config(), 0));
  }

  /** Attention's own errors stay small; the bits do not depend on how a text was read. */
  @ParameterizedTest
  @EnumSource
  void aSmallerCacheGivesNearlyTheSameLogits(CacheType cache) {
    int[] text = tokens(LONG);
    float[] expected = alone(text, LONG);
    LoadOptions options = new LoadOptions(WeightType.AUTO, 2, LoadOptions.Memory.AUTO, cache);
    try (Model own = Model.open(folder, options)) {
      float[] got = own.forward(own.newState(600), text, 0, LONG);
      float largest = 0;
      float off = 0;
      for (int i = 0; i < got.length; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        off = Math.max(off, Math.abs(expected[i] - got[i]));
      }
      assertTrue(off <= (cache == CacheType.F32 ? 0 : 0.02f) * largest, off + " of " + largest);
      assertEquals(cache == CacheType.F32, off == 0);
    }
  }

  /** What another text left in a page must not count. */
  @Test
  void aTextInPagesOfAnotherGetsItsOwnBits() {
    int[] text = tokens(LONG);
    float[] expected = alone(text, 100);
    ModelState other = model.newState(600);
    model.forward(other, tokens(500), 0, 500);
    other.text().close();
    assertArrayEquals(expected, alone(text, 100));
  }

  @Test
  void aTextAndAWorkspaceOfDifferentModelsAreRefused() {
    try (Model same = Model.open(folder, new LoadOptions(WeightType.AUTO, 1))) {
      TextState text = model.newText(8);
      Workspace workspace = same.newWorkspace(8);
      assertThrows(IllegalArgumentException.class, () -> new ModelState(text, workspace));
      assertThrows(IllegalArgumentException.class, () -> model.newWorkspace(0));
    }
  }
}
