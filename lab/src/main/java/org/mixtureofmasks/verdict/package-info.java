/** What a run has come to, beside the dense model that it began with. */
@NullMarked
package org.mixtureofmasks.verdict;

import org.jspecify.annotations.NullMarked;
