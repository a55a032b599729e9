package org.mixtureofmasks.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** What is copied into every report: its own style and script, and Apache ECharts of the WebJar. */
final class ReportLibrary {
  private static final String WEBJAR = "META-INF/maven/org.webjars.npm/echarts/pom.properties";

  private ReportLibrary() {}

  static String style() {
    return text(ReportLibrary.class.getResourceAsStream("report.css"), "report.css");
  }

  static String script() {
    return inlined(text(ReportLibrary.class.getResourceAsStream("report.js"), "report.js"));
  }

  /** The library with its notice before it; its licence's header is part of the file. */
  static String charts() {
    String folder = "META-INF/resources/webjars/echarts/" + version() + "/";
    return inlined(
        "/*\nApache ECharts "
            + version()
            + "\n"
            + ofWebjar(folder + "NOTICE").strip()
            + "\n*/\n"
            + ofWebjar(folder + "dist/echarts.min.js"));
  }

  static String version() {
    Properties properties = new Properties();
    try {
      properties.load(new StringReader(ofWebjar(WEBJAR)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  private static String ofWebjar(String path) {
    return text(ReportLibrary.class.getClassLoader().getResourceAsStream(path), path);
  }

  private static String text(InputStream resource, String name) {
    try (InputStream in = resource) {
      if (in == null) {
        throw new IllegalStateException(
            "%s is part of the program, but is not there".formatted(name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** Refuses a script that would end its own element or begin an HTML comment. */
  private static String inlined(String script) {
    String lower = script.toLowerCase(java.util.Locale.ROOT);
    if (lower.contains("</script") || lower.contains("<!--")) {
      throw new IllegalStateException("a script of the report cannot stand within HTML");
    }
    return script;
  }
}
