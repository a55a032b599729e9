package org.mixtureofmasks.recipe;

import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mixtureofmasks.yaml.YamlValue;

/**
 * What paths in a file mean.
 *
 * @param base folder that relative ones start from
 * @param environment what {@code ${NAME}} in them stands for
 */
public record PathNames(Path base, Map<String, String> environment) implements Kind.Context {
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");

  @Override
  public String resolve(String path, YamlValue at) {
    Matcher variable = VARIABLE.matcher(path);
    StringBuilder expanded = new StringBuilder();
    while (variable.find()) {
      String value = environment.get(variable.group(1));
      if (value == null) {
        throw at.error(
            "the environment variable %s of '%s' is not set".formatted(variable.group(1), path));
      }
      variable.appendReplacement(expanded, Matcher.quoteReplacement(value));
    }
    variable.appendTail(expanded);
    return base.resolve(expanded.toString()).normalize().toString();
  }
}
