package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The README's lines of Java, compiled and run as they stand by a program that embeds core. */
@Timeout(120)
class ReadmeExampleTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("<!-- library example.*?-->\n```java\n(.*?)```", Pattern.DOTALL);

  @TempDir Path folder;

  @Test
  void theLibraryExampleOfTheReadmeTellsAStoryInAModuleOfItsOwn() throws Exception {
    ModuleGraph core =
        ModuleGraph.of(
            "core",
            "jackson-databind",
            "jackson-core",
            "jackson-annotations",
            "slf4j-api",
            "tokenizers");
    // Annotations are part of the API for compilers; programs run without them.
    compile(core.with(ModuleGraph.of("jspecify")), example());
    Files.copy(TestFiles.stories(), folder.resolve("stories260K.bin"));
    Files.copy(TestFiles.stories().resolveSibling("tok512.bin"), folder.resolve("tok512.bin"));

    ModuleGraph.Ended ended =
        core.with(folder.resolve("program"))
            .run(
                folder,
                List.of("--enable-native-access=ai.djl.tokenizers,org.mixtureofmasks.core"),
                "program/program.Main");

    assertEquals(0, ended.exit(), ended.errors());
    String story = "Once upon a time" + ended.output();
    assertTrue(story.length() > 300, story);
    assertTrue(expected().startsWith(story), story);
  }

  private static String example() throws IOException {
    Matcher readme = EXAMPLE.matcher(Files.readString(Path.of("..", "README.md")));
    assertTrue(readme.find(), "README.md has no library example");
    return readme.group(1);
  }

  /** Each import goes to the head of the file, the other lines into main. */
  private void compile(ModuleGraph core, String lines) throws IOException {
    Path sources = Files.createDirectories(folder.resolve("sources").resolve("program"));
    Path descriptor = sources.resolveSibling("module-info.java");
    Files.writeString(descriptor, "module program {\n  requires org.mixtureofmasks.core;\n}\n");
    Path main = sources.resolve("Main.java");
    String imports = String.join("\n", lines.lines().filter(ReadmeExampleTest::imports).toList());
    String body =
        String.join("\n", lines.lines().filter(line -> !ReadmeExampleTest.imports(line)).toList());
    Files.writeString(
        main,
        """
        package program;

        %s

        public final class Main {
          public static void main(String[] args) {
        %s
          }
        }
        """
            .formatted(imports, body));

    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of(
            "--module-path", core.path(), "-d", folder.resolve("program").toString(), "-Xlint:all");
    try (var files = javac.getStandardFileManager(null, null, null)) {
      boolean compiled =
          javac
              .getTask(
                  messages, files, null, options, null, files.getJavaFileObjects(descriptor, main))
              .call();
      assertTrue(compiled, messages::toString);
    }
  }

  private static boolean imports(String line) {
    return line.startsWith("import ");
  }

  private static String expected() throws IOException {
    return Files.readString(
        TestFiles.resource("/org/mixtureofmasks/models/stories260K.greedy200.expected.txt"));
  }
}
