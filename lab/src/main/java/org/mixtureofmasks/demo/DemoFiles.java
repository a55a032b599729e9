package org.mixtureofmasks.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFolder;

/**
 * The embedded model, its training rows and its held-out text, laid out as files:
 *
 * <pre>
 * dense/                 the model, a Hugging Face folder
 * train.u16              2,000 rows of 257 token ids
 * held-out.txt           text that the model never saw
 * recipe.yaml            what the demo does
 * run/, sparse/          what it makes
 * </pre>
 *
 * @param root the demo's folder
 */
public record DemoFiles(Path root) {
  private static final List<String> MODEL =
      List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json");

  public Path dense() {
    return root.resolve("dense");
  }

  public Path heldOut() {
    return root.resolve("held-out.txt");
  }

  public Path recipe() {
    return root.resolve("recipe.yaml");
  }

  public Path run() {
    return root.resolve("run");
  }

  public Path sparse() {
    return root.resolve("sparse");
  }

  /**
   * Writes the files into a folder, in the place of an earlier demo's.
   *
   * @throws UserError if the folder holds something else, or cannot be written
   */
  public static DemoFiles writeTo(Path root) {
    DemoFiles files = new DemoFiles(root);
    boolean earlierDemo = Files.exists(files.recipe()) && Files.isDirectory(files.dense());
    try (AtomicFolder folder =
        earlierDemo ? AtomicFolder.replacing(root) : AtomicFolder.create(root)) {
      DemoFiles fresh = new DemoFiles(folder.path());
      Files.createDirectory(fresh.dense());
      for (String name : MODEL) {
        copy(name, fresh.dense().resolve(name));
      }
      copy("train.u16", fresh.root().resolve("train.u16"));
      copy("held-out.txt", fresh.heldOut());
      copy("recipe.yaml", fresh.recipe());
      folder.commit();
    } catch (IOException e) {
      throw new UserError(
          "%s: the demo's files cannot be written there: %s".formatted(root, e.getMessage()), e);
    }
    return files;
  }

  private static void copy(String name, Path target) throws IOException {
    try (InputStream in = DemoFiles.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks its resource %s".formatted(name));
      }
      Files.copy(in, target);
    }
  }
}
