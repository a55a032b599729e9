package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line as a module. */
@Timeout(60)
class CliModuleTest {
  @TempDir Path folder;

  @Test
  void verbsAreTheSameOnTheClassPathAndOnTheModulePath() throws Exception {
    Providers.areTheSameOnBothPaths();
  }

  @Test
  void aModelIsInspectedOnTheModulePath() throws Exception {
    ModuleGraph.Ended ended =
        ModuleGraph.of(
                "core",
                "eval",
                "cli",
                "picocli",
                "jackson-databind",
                "jackson-core",
                "jackson-annotations",
                "slf4j-api",
                "tokenizers",
                "snakeyaml-engine",
                "commons-compress",
                "commons-codec",
                "commons-csv",
                "commons-io",
                "commons-lang3",
                "hardwood-core")
            .run(
                folder,
                List.of(),
                "org.mixtureofmasks.cli/org.mixtureofmasks.cli.Main",
                "inspect",
                "--json",
                TestFiles.stories().toAbsolutePath().toString());
    assertEquals(0, ended.exit(), ended.errors());
    assertTrue(ended.output().contains("\"hidden_size\""), ended.output());
  }
}
