/** YAML that is read strictly: every key is known, or the nearest known one is named. */
@NullMarked
package org.mixtureofmasks.yaml;

import org.jspecify.annotations.NullMarked;
