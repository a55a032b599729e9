package org.mixtureofmasks.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.mixtureofmasks.UserError;

class TaskFileTest {
  private static final String YAML =
      """
      task: capitals
      about: Capitals of countries
      source: an atlas
      test_files: ["capitals/{,csv/}test.csv", capitals/test.jsonl]
      training_files: capitals/train.csv
      description: "Capitals.\\n\\n"
      doc_to_text: "Capital of {{country}}:"
      doc_to_choice: ["{{a}}", "{{b}}", nowhere]
      doc_to_target: right
      num_fewshot: 1
      fewshot_delimiter: "\\n"
      metrics: [acc, acc_norm]
      """;

  @TempDir Path folder;

  private Task task(String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve("capitals.yaml"), yaml);
    return Tasks.resolve(List.of(file.toString())).getFirst();
  }

  private String refusal(String yaml) {
    UserError error = assertThrows(UserError.class, () -> TaskFile.read(yaml, "t.yaml"));
    assertEquals(UserError.USAGE, error.exitCode());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    return error.getMessage();
  }

  @Test
  void ownTasksAreReadFromTheirFilesWithTheirExamples() throws IOException {
    Files.createDirectories(folder.resolve("capitals/csv"));
    Files.writeString(
        folder.resolve("capitals/csv/test.csv"),
        "country,a,b,right\nFrance,Paris,Rome,Paris\nItaly,Paris,Rome,Rome\n");
    Files.writeString(
        folder.resolve("capitals/train.csv"), "country,a,b,right\nNorth Pole,x,y,nowhere\n");
    LoadedTask loaded = task(YAML).load(folder, OptionalInt.empty(), 0);
    assertEquals("capitals", loaded.name());
    assertEquals(Optional.empty(), loaded.group());
    assertEquals(1, loaded.fewShot());
    Question second = loaded.questions().get(1);
    assertEquals(1, second.gold());
    assertEquals(List.of("Paris", "Rome", "nowhere"), second.choices());
    assertEquals("Capitals.\n\nCapital of North Pole: nowhere\n", second.before());
    assertEquals("Capital of Italy:", second.text());
    assertEquals(
        new Question.Ask(
            "Capitals.\n\nCapital of North Pole: nowhere\nCapital of Italy:", " nowhere"),
        second.asks().get(2));
    assertEquals(
        "Capitals.\n\nCapital of Italy:",
        task(YAML)
            .load(folder, OptionalInt.of(0), 0)
            .questions()
            .get(1)
            .asks()
            .getFirst()
            .context());
  }

  @Test
  void subjectsMakeATaskEachAndTheirGroups() throws BadDocument {
    List<TaskDefinition> tasks =
        TaskFile.read(
            YAML.replace("task: capitals", "task: capitals_{subject}\ngroup: all")
                    .replace("capitals/train.csv", "\"{subject}/train.csv\"")
                    .replace("Capitals.", "Capitals of {title}.")
                + "subjects:\n  old: [old_world]\n  new: [north_america, south_america]\n",
            "t.yaml");
    assertEquals(
        List.of("capitals_old_world", "capitals_north_america", "capitals_south_america"),
        tasks.stream().map(TaskDefinition::name).toList());
    assertEquals(List.of("new", "all"), tasks.get(2).groups());
    assertEquals("south_america/train.csv", tasks.get(2).splits().examples().toString());
    assertEquals(
        "Capitals of south america.\n\n",
        tasks.get(2).prompts().description().text(JsonNodeFactory.instance.objectNode()));
  }

  @Test
  void anUnknownKeyIsRefusedWithItsLineAndTheNearest() {
    assertEquals(
        "t.yaml:13: unknown key 'doc_to_txt' (did you mean 'doc_to_text'?)",
        refusal(YAML + "doc_to_txt: x\n"));
    assertTrue(
        refusal(YAML + "dataset_path: json\n")
            .startsWith("t.yaml:13: unknown key 'dataset_path'; known keys: task, about, source,"));
    assertEquals(
        "t.yaml:4: unknown key 'label' (did you mean 'labels'?)",
        refusal(
            YAML.replace(
                "[\"capitals/{,csv/}test.csv\", capitals/test.jsonl]",
                "[{file: a.jsonl, label: b}]")));
  }

  @Test
  void aMissingKeyIsNamedWithWhatItSays() {
    assertEquals(
        "t.yaml: the key doc_to_target is missing: the right choice's index or text, or what is"
            + " scored",
        refusal(YAML.replace("doc_to_target: right\n", "")));
    assertEquals(
        "t.yaml: the key validation_files is missing: where the validation split may lie",
        refusal(YAML.replaceFirst("test_files.*\n", "")));
    assertEquals("t.yaml: the task file is empty", refusal(""));
    assertEquals("t.yaml:1: a task is made of lines 'key: value'", refusal("- task\n"));
  }

  @Test
  void valuesThatDoNotFitAreRefusedWithTheirLine() {
    assertEquals(
        "t.yaml:12: metrics: 'accuracy' is not one of acc, acc_norm, perplexity, word_perplexity,"
            + " byte_perplexity, bits_per_byte",
        refusal(YAML.replace("[acc, acc_norm]", "[accuracy]")));
    assertEquals(
        "t.yaml:12: metrics: this output_type has acc, acc_norm, not perplexity",
        refusal(YAML.replace("[acc, acc_norm]", "perplexity")));
    assertEquals(
        "t.yaml:10: num_fewshot: 'many' is not a whole number in [0, 1000]",
        refusal(YAML.replace("num_fewshot: 1", "num_fewshot: many")));
    assertEquals(
        "t.yaml:13: form: 'pica' is not one of plain, boolq, piqa, social_iqa, hellaswag,"
            + " hellaswag_text, arc, openbookqa, mmlu, wikitext (did you mean 'piqa'?)",
        refusal(YAML + "form: pica\n"));
    assertEquals(
        "t.yaml:13: output_type: 'generate_until' is not one of multiple_choice, loglikelihood,"
            + " loglikelihood_rolling",
        refusal(YAML + "output_type: generate_until\n"));
    assertEquals(
        "t.yaml:8: doc_to_choice: multiple_choice tasks, and only they, have doc_to_choice",
        refusal(YAML.replace("[acc, acc_norm]", "[acc]") + "output_type: loglikelihood\n"));
    assertEquals(
        "t.yaml:5: training_files: '../train.csv' is not a path below the data folder",
        refusal(YAML.replace("capitals/train.csv", "../train.csv")));
    assertTrue(
        refusal(YAML.replace("{{country}}", "{{country|uper}}"))
            .startsWith(
                "t.yaml:7: doc_to_text: 'country|uper': there is no filter 'uper' (did you mean"
                    + " 'upper'?); there are capitalize, first,"));
  }

  @Test
  void aFileThatIsNotThereIsRefused() {
    UserError error =
        assertThrows(UserError.class, () -> Tasks.resolve(List.of(folder + "/none.yaml")));
    assertEquals(
        folder
            + "/none.yaml: cannot be read as a task: no such file or folder; give the path of a"
            + " .yaml file",
        error.getMessage());
  }
}
