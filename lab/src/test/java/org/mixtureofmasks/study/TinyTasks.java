package org.mixtureofmasks.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Invented documents of two tasks, a text, and a tokenizer of a few words for a tiny model. */
public final class TinyTasks {
  private static final int DOCUMENTS = 12;
  private static final List<String> WORDS =
      List.of(
          "?", "Question", "Answer", ":", "yes", "no", "is", "ball", "red", "park", "the", "in");

  private final Path folder;

  /**
   * Writes them below a folder: data/, wiki.txt, and model/tokenizer.json.
   *
   * @param folder with a tiny model in it
   */
  public TinyTasks(Path folder) throws IOException {
    this.folder = folder;
    StringBuilder vocabulary = new StringBuilder();
    for (int id = 0; id < WORDS.size(); id++) {
      vocabulary.append(id == 0 ? "" : ", ").append("\"%s\": %d".formatted(WORDS.get(id), id));
    }
    Files.writeString(
        folder.resolve("model/tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
         "decoder": null,
         "model": {"type": "WordLevel", "unk_token": "?", "vocab": {%s}}}
        """
            .formatted(vocabulary));
    List<String> boolq = new ArrayList<>();
    List<String> piqa = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < DOCUMENTS; i++) {
      boolq.add(
          "{\"question\": \"is the ball red\", \"answer\": %s, \"passage\": \"red %s park\"}"
              .formatted(i % 3 == 0, "ball ".repeat(i)));
      piqa.add(
          "{\"goal\": \"ball %s\", \"sol1\": \"in the park\", \"sol2\": \"no red\"}"
              .formatted("the ".repeat(i)));
      labels.add(Integer.toString(i % 2));
    }
    write("data/boolq/dev.jsonl", boolq);
    write("data/piqa/valid.jsonl", piqa);
    write("data/piqa/valid-labels.lst", labels);
    write("wiki.txt", List.of("the red ball is in the park : yes the park is red ".repeat(4)));
  }

  /** Writes a file below the folder. */
  public void write(String name, List<String> lines) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
  }
}
