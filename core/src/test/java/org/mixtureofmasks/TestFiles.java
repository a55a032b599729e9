package org.mixtureofmasks;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Models that tests read: the small ones lie among the resources, the large ones elsewhere. */
public final class TestFiles {
  private TestFiles() {}

  /** A llama2.c model of 260,000 parameters, its tokenizer beside it. */
  public static Path stories() {
    return resource("/org/mixtureofmasks/models/stories260K.bin");
  }

  /** A test resource of this module or of core as a file or folder. */
  public static Path resource(String name) {
    try {
      URI found = TestFiles.class.getResource(name).toURI();
      // Of another module's tests the class path has a jar; the files themselves lie beside it.
      return found.getScheme().equals("file")
          ? Path.of(found)
          : Path.of("..", "core", "src", "test", "resources", name.substring(1)).toAbsolutePath();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  /**
   * A file or folder among the large models; the test is skipped unless the environment variable
   * MOM_MODELS names a folder that has it.
   */
  public static Path large(String name) {
    String models = System.getenv("MOM_MODELS");
    assumeTrue(models != null, "MOM_MODELS names no folder of models");
    Path path = Path.of(models).resolve(name);
    assumeTrue(Files.exists(path), path + " does not exist");
    return path;
  }
}
