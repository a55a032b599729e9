/** Settings for a model and texts of one's own, from their size and from what one can spend. */
@NullMarked
package org.mixtureofmasks.plan;

import org.jspecify.annotations.NullMarked;
