package org.mixtureofmasks.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a model's file asks for and greedy generation does not do is named. */
class SamplingOfFileTest {
  private static final String LINE = "mom: greedy; the model's generation_config.json samples: ";

  @TempDir private Path folder;

  private Optional<String> line(String json) throws IOException {
    Files.writeString(folder.resolve("generation_config.json"), json);
    return SamplingOfFile.of(folder);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"do_sample\": true, \"temperature\": 0.6, \"top_p\": 0.9}|--temperature 0.6 --top-p 0.9",
        "{\"do_sample\": true, \"top_k\": 50}|--top-k 50 --temperature 1",
        "{\"repetition_penalty\": 1.2}|--repetition-penalty 1.2"
      })
  void samplingIsNamedByTheOptionsOfTheSameMeaning(String json, String options) throws IOException {
    assertEquals(Optional.of(LINE + options), line(json));
  }

  @Test
  void nothingIsSaidOfAFileThatIsGreedyToo() throws IOException {
    assertEquals(Optional.empty(), SamplingOfFile.of(folder));
    assertEquals(Optional.empty(), line("{\"do_sample\": false, \"temperature\": 0.6}"));
  }
}
