package org.mixtureofmasks.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.recipe.PathNames;
import org.mixtureofmasks.task.AskedTask;
import org.mixtureofmasks.yaml.YamlMapping;
import org.mixtureofmasks.yaml.YamlValue;

/**
 * Reads what a study judges by: tasks and texts are opened at once, so that what is wrong with them
 * is told with file and line before anything runs.
 */
final class JudgementReader {
  private static final Map<String, String> KEYS = new LinkedHashMap<>();

  static {
    KEYS.put("names", "tasks or groups, as mom evaluate --tasks takes them");
    KEYS.put("data", "the folder of the tasks' files");
    KEYS.put("limit", "documents of each task at most");
  }

  private final PathNames paths;

  /**
   * @param paths what paths in the study mean
   */
  JudgementReader(PathNames paths) {
    this.paths = paths;
  }

  /**
   * @param study with the keys tasks, texts and bench
   * @throws UserError (wrong usage) for a task or text that cannot be used
   */
  Judgement read(YamlMapping study) {
    return new Judgement(
        study.find("tasks").map(this::tasks),
        study.find("texts").map(this::texts).orElse(List.of()),
        study.find("bench").map(YamlValue::flag).orElse(false));
  }

  private Judgement.AskedTasks tasks(YamlValue value) {
    YamlMapping tasks = value.mapping("tasks", KEYS);
    YamlValue folder = tasks.required("data");
    Path data = Path.of(paths.resolve(folder.text("a path"), folder));
    if (!Files.isDirectory(data)) {
      throw folder.error("%s: no such folder of data sets".formatted(data));
    }
    OptionalInt limit =
        tasks
            .find("limit")
            .map(n -> OptionalInt.of(n.whole(1, Integer.MAX_VALUE)))
            .orElse(OptionalInt.empty());
    List<String> names = new ArrayList<>();
    List<AskedTask> all = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (YamlValue item : tasks.required("names").list()) {
      String name = name(item);
      names.add(name);
      for (AskedTask asked : load(item, name, data, limit)) {
        if (!seen.add(asked.task().name())) {
          throw item.error("the task %s is named twice".formatted(asked.task().name()));
        }
        all.add(asked);
      }
    }
    return new Judgement.AskedTasks(names, data, limit, AskedTask.hash(all));
  }

  /** As mom evaluate takes it, whatever folder it runs in. */
  private String name(YamlValue item) {
    String name = item.text("a task");
    if (name.contains(",")) {
      throw item.error("'%s' is more than one task: make it a list".formatted(name));
    }
    return name.matches(".*\\.ya?ml([:@].*)?") ? paths.resolve(name, item) : name;
  }

  private static List<AskedTask> load(YamlValue item, String name, Path data, OptionalInt limit) {
    try {
      return AskedTask.load(List.of(name), data, OptionalInt.empty(), limit);
    } catch (UserError e) {
      throw item.error(e.getMessage());
    }
  }

  private List<Judgement.Text> texts(YamlValue value) {
    List<Judgement.Text> texts = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (YamlValue item : value.list()) {
      Path file = Path.of(paths.resolve(item.text("a path"), item));
      String name = file.getFileName().toString();
      if (!Files.isRegularFile(file)) {
        throw item.error("%s: no such text file".formatted(file));
      }
      if (!seen.add(name)) {
        throw item.error("two texts are called %s: tables name them so".formatted(name));
      }
      texts.add(new Judgement.Text(name, file, Fingerprint.of(file)));
    }
    return texts;
  }
}
