/**
 * Files in lm-evaluation-harness's schema: results and samples are written, read back and compared.
 */
package org.mixtureofmasks.harness;
