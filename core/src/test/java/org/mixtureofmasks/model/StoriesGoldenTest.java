package org.mixtureofmasks.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mixtureofmasks.kernel.KernelChoice;
import org.mixtureofmasks.kernel.ScalarKernels;
import org.mixtureofmasks.kernel.VectorKernels;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** stories260K against stored logits of an independent float64 forward pass. */
class StoriesGoldenTest {
  private static final Path MODELS =
      Path.of("src/test/resources/org/mixtureofmasks/models").toAbsolutePath();

  /** Logits reach 20; float32 sums of 64 to 172 products in five layers keep five digits. */
  private static final float TOLERANCE = 2e-4f;

  private static final int VOCABULARY = 512;

  enum Twin {
    VECTOR,
    SCALAR;

    Model open(Path model, int threads) {
      return Model.open(
          model,
          new LoadOptions(WeightType.AUTO, threads),
          new KernelChoice(this == VECTOR ? new VectorKernels() : new ScalarKernels(), "test"));
    }
  }

  private static JsonNode reference() throws IOException {
    return new ObjectMapper()
        .readTree(MODELS.resolve("stories260K.reference.json").toFile())
        .path("stories260K");
  }

  private static int[] ids(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static float[][] logits(String file) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(MODELS.resolve(file))).order(ByteOrder.LITTLE_ENDIAN);
    float[][] rows = new float[bytes.remaining() / 4 / VOCABULARY][VOCABULARY];
    for (float[] row : rows) {
      for (int i = 0; i < VOCABULARY; i++) {
        row[i] = bytes.getFloat();
      }
    }
    return rows;
  }

  @ParameterizedTest
  @EnumSource
  void aPromptInOneBatchGivesTheStoredLogitsOfEveryPosition(Twin twin) throws IOException {
    int[] tokens = ids(reference().path("prompt_tokens"));
    float[][] expected = logits("stories260K.prompt.logits.f32");
    assertEquals(tokens.length, expected.length);
    List<float[]> got = new ArrayList<>();
    try (Model llama = twin.open(MODELS.resolve("stories260K.bin"), 2)) {
      llama.forwardEach(
          llama.newState(512), tokens, 0, tokens.length, (i, row) -> got.add(row.clone()));
    }
    assertEquals(expected.length, got.size());
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], got.get(i), TOLERANCE, "position " + i);
    }
  }

  @ParameterizedTest
  @EnumSource
  void greedyDecodingGivesTheStoredTokensAndLogits(Twin twin) throws IOException {
    int[] expected = ids(reference().path("greedy_tokens"));
    float[][] rows = logits("stories260K.greedy.logits.f32");
    try (Model llama = twin.open(MODELS.resolve("stories260K.bin"), 2)) {
      ModelState state = llama.newState(512);
      int[] token = {expected[0]};
      for (int i = 0; i < rows.length; i++) {
        assertEquals(expected[i], token[0], "token " + i);
        float[] logits = llama.forward(state, token, 0, 1);
        assertArrayEquals(rows[i], logits, TOLERANCE, "position " + i);
        token[0] = TestModels.argmax(logits);
      }
      assertTrue(state.position() == rows.length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoHundredGreedyStepsGiveTheTextOfRunC(Twin twin) throws IOException {
    String expected = Files.readString(MODELS.resolve("stories260K.greedy200.expected.txt"));
    try (Model llama = twin.open(MODELS.resolve("stories260K.bin"), 2);
        Tokenizer tokenizer = Tokenizer.open(MODELS.resolve("tok512.bin"))) {
      ModelState state = llama.newState(512);
      int[] ids = new int[200];
      int[] token = {llama.config().bosToken()};
      for (int i = 0; i < ids.length; i++) {
        token[0] = TestModels.argmax(llama.forward(state, token, 0, 1));
        ids[i] = token[0];
      }
      assertEquals(expected.strip(), tokenizer.decode(ids, true).strip());
    }
  }
}
