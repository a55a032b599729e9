package org.mixtureofmasks.io;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.SafetensorsWriter;
import org.mixtureofmasks.checkpoint.TensorSource;

/** A program that saves and is stopped by its caller: each save is filled with its number. */
final class Saver {
  private Saver() {}

  /** FOLDER COUNT FLOATS: saves model.safetensors and step-NNNNNN so often, a line after each. */
  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    try {
      for (int i = 1; i <= Integer.parseInt(args[1]); i++) {
        float[] values = new float[Integer.parseInt(args[2])];
        Arrays.fill(values, i);
        SequencedMap<String, TensorSource> tensors = new LinkedHashMap<>();
        tensors.put("t", TensorSource.of(values, values.length));
        Map<String, String> metadata = Map.of("save", Integer.toString(i));
        SafetensorsWriter.write(folder.resolve("model.safetensors"), metadata, tensors);
        try (AtomicFolder step = AtomicFolder.create(folder.resolve("step-%06d".formatted(i)))) {
          SafetensorsWriter.write(step.path().resolve("model.safetensors"), metadata, tensors);
          step.commit();
        }
        System.out.println("saved " + i);
      }
    } catch (UserError e) {
      System.out.println(e.getMessage());
      System.exit(e.exitCode());
    }
  }

  /** The command that runs this program in a JVM of its own. */
  static List<String> command(Path folder, int count, int floats) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:-UsePerfData",
        "-XX:TieredStopAtLevel=1",
        "-Xmx64m",
        "-cp",
        System.getProperty("java.class.path"),
        Saver.class.getName(),
        folder.toString(),
        Integer.toString(count),
        Integer.toString(floats));
  }
}
