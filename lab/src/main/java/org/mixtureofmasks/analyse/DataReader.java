package org.mixtureofmasks.analyse;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.TextFiles;
import org.mixtureofmasks.io.TokenIds;
import org.mixtureofmasks.io.TokenRows;
import org.mixtureofmasks.tokenizer.PackedWith;
import org.mixtureofmasks.tokenizer.Tokenizer;

/** Reads the data sets of an analysis as sequences that the model takes. */
final class DataReader {
  /** Longest sequence, tokens: attention over more would only take longer. */
  private static final int LONGEST = 2048;

  private final AnalysisSettings settings;
  private final Path model;
  private final Optional<Tokenizer> tokenizer;
  private final int window;
  private final int vocabulary;

  /**
   * @param model its folder
   * @param tokenizer present unless all data are ids
   * @param context tokens that the model takes
   * @param vocabulary ids are below it
   */
  DataReader(
      AnalysisSettings settings,
      Path model,
      Optional<Tokenizer> tokenizer,
      int context,
      int vocabulary) {
    this.settings = settings;
    this.model = model;
    this.tokenizer = tokenizer;
    this.window = Math.min(context, LONGEST);
    this.vocabulary = vocabulary;
  }

  /**
   * @throws UserError naming the file that cannot be read or does not fit the model
   */
  List<DataSet> read() {
    List<DataSet> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Path file : settings.texts()) {
      all.add(text(file, name(file, names)));
    }
    for (Path file : settings.tokens()) {
      all.add(rows(file, name(file, names)));
    }
    settings
        .mmlu()
        .map(folder -> new MmluQuestions(folder).subjects(settings.shots()))
        .ifPresent(subjects -> subjects.forEach(subject -> all.add(subject(subject))));
    return all;
  }

  /** The file's name, or where it is when another has the same. */
  private static String name(Path file, Set<String> names) {
    String name = file.getFileName().toString();
    if (names.add(name)) {
      return name;
    }
    if (names.add(file.toString())) {
      return file.toString();
    }
    throw UserError.usage("%s is named twice: each file is a data set of its own".formatted(file));
  }

  private DataSet text(Path file, String name) {
    int[] ids = encode(TextFiles.read(file), file);
    if (ids.length == 0) {
      throw new UserError("%s: is empty".formatted(file));
    }
    int n = Math.min(ids.length, settings.limit(DataSet.Kind.TEXT));
    List<DataSet.Sequence> sequences = new ArrayList<>();
    for (int from = 0; from < n; from += window) {
      int[] part = Arrays.copyOfRange(ids, from, Math.min(n, from + window));
      sequences.add(new DataSet.Sequence(part, 0));
    }
    return dataSet(name, DataSet.Kind.TEXT, 1, file, sequences);
  }

  private DataSet rows(Path file, String name) {
    int read = settings.row() - 1;
    if (read < 1 || read > window) {
      throw UserError.usage(
          "--row %s: a row is 2 to %s tokens, one more than are read"
              .formatted(settings.row(), window + 1));
    }
    PackedWith.require(file, model);
    int left = settings.limit(DataSet.Kind.ROWS);
    List<DataSet.Sequence> sequences = new ArrayList<>();
    try (TokenRows rows = TokenRows.open(file, settings.row(), vocabulary)) {
      for (int r = 0; r < rows.rows() && left > 0; r++) {
        int[] part = Arrays.copyOf(rows.row(r), Math.min(read, left));
        sequences.add(new DataSet.Sequence(part, 0));
        left -= part.length;
      }
    }
    return dataSet(name, DataSet.Kind.ROWS, sequences.size(), file, sequences);
  }

  private DataSet subject(MmluQuestions.Subject subject) {
    int left = settings.limit(DataSet.Kind.MMLU_SUBJECT);
    List<DataSet.Sequence> sequences = new ArrayList<>();
    for (MmluQuestions.Prompt prompt : subject.prompts()) {
      if (left <= 0) {
        break;
      }
      int before = encode(prompt.before(), subject.file()).length;
      int[] ids = encode(prompt.before() + prompt.question(), subject.file());
      sequences.add(question(ids, before, left));
      left -= sequences.getLast().counted();
    }
    return new DataSet(
        subject.name(),
        DataSet.Kind.MMLU_SUBJECT,
        Optional.of(subject.group()),
        sequences.size(),
        Fingerprint.of(subject.file()),
        sequences);
  }

  /**
   * Too long a prompt loses its beginning, as in the harness; the question's tokens count, {@code
   * most} at most.
   */
  private DataSet.Sequence question(int[] ids, int before, int most) {
    int cut = Math.max(0, ids.length - window);
    int end = Math.min(ids.length, Math.max(before, cut) + most);
    return new DataSet.Sequence(Arrays.copyOfRange(ids, cut, end), Math.max(0, before - cut));
  }

  private static DataSet dataSet(
      String name, DataSet.Kind kind, int documents, Path file, List<DataSet.Sequence> sequences) {
    return new DataSet(name, kind, Optional.empty(), documents, Fingerprint.of(file), sequences);
  }

  private int[] encode(String text, Path file) {
    int[] ids = tokenizer.orElseThrow().encode(text);
    TokenIds.require(ids, vocabulary, file.toString(), "name the model's own by --tokenizer");
    return ids;
  }
}
