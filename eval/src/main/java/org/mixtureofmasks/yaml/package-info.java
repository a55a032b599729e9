/**
 * Files that people write, in strict YAML: {@link org.mixtureofmasks.yaml.YamlValue} reads tasks,
 * recipes and studies, and says in one line what is wrong with them and where.
 */
@NullMarked
package org.mixtureofmasks.yaml;

import org.jspecify.annotations.NullMarked;
