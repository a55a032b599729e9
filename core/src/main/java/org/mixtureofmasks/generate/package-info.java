/** Text from a model: sampling, stop rules, streaming, cancellation. */
@NullMarked
package org.mixtureofmasks.generate;

import org.jspecify.annotations.NullMarked;
