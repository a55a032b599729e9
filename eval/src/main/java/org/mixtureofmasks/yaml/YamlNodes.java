package org.mixtureofmasks.yaml;

import java.util.Optional;
import org.mixtureofmasks.UserError;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Strict YAML as a tree whose nodes know their lines; builds no objects by name. */
final class YamlNodes {
  private YamlNodes() {}

  /**
   * The tree of a YAML text without aliases and duplicate keys; empty for an empty text.
   *
   * @param name what errors call it
   * @throws UserError (wrong usage) if it is not YAML
   */
  static Optional<Node> compose(String text, String name) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(name)
            .setAllowDuplicateKeys(false)
            .setMaxAliasesForCollections(0)
            .setCodePointLimit(1 << 20)
            .build();
    try {
      return new Compose(settings).composeString(text);
    } catch (MarkedYamlEngineException e) {
      int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(1);
      throw UserError.usage("%s:%s: not YAML: %s".formatted(name, line, e.getProblem()));
    } catch (YamlEngineException e) {
      throw UserError.usage(
          "%s: not YAML: %s"
              .formatted(name, String.valueOf(e.getMessage()).lines().findFirst().orElse("")));
    }
  }

  /** The 1-based line on which a node begins. */
  static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }
}
