/**
 * Tasks as lm-evaluation-harness has them: YAML files that say what is read, how a document becomes
 * a prompt and choices, and which metrics are told. Knows no model.
 */
@NullMarked
package org.mixtureofmasks.task;

import org.jspecify.annotations.NullMarked;
