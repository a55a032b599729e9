/**
 * Files that people write, in strict YAML: {@link org.mixtureofmasks.yaml.YamlValue} reads tasks,
 * recipes and studies, and says in one line what is wrong with them and where.
 */
package org.mixtureofmasks.yaml;
