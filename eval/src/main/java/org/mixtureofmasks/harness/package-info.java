/**
 * Files in lm-evaluation-harness's schema: results and samples are written, read back and compared.
 */
@NullMarked
package org.mixtureofmasks.harness;

import org.jspecify.annotations.NullMarked;
