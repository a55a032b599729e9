package org.mixtureofmasks.yaml;

import java.util.Map;
import java.util.Optional;
import org.mixtureofmasks.UserError;

/** Values by their keys, all of which are known ones: {@link YamlValue#mapping}. */
public final class YamlMapping {
  private final String where;
  private final Map<String, String> known;
  private final Map<String, YamlValue> values;

  YamlMapping(String where, Map<String, String> known, Map<String, YamlValue> values) {
    this.where = where;
    this.known = known;
    this.values = values;
  }

  /** The value of a key, if it is there. */
  public Optional<YamlValue> find(String key) {
    if (!known.containsKey(key)) {
      throw new IllegalArgumentException("no declared key: %s".formatted(key));
    }
    return Optional.ofNullable(values.get(key));
  }

  /** The value of a key that must be there. */
  public YamlValue required(String key) {
    return find(key).orElseThrow(() -> missing(key));
  }

  /** The error of a key that is not there. */
  public UserError missing(String key) {
    return UserError.usage("%s: the key %s is missing: %s".formatted(where, key, known.get(key)));
  }

  /** An error of a key's value, or of its absence. */
  public UserError error(String key, String reason) {
    return find(key)
        .map(value -> value.error(reason))
        .orElseGet(() -> UserError.usage("%s: %s".formatted(where, reason)));
  }
}
