/** What all rooms share: errors that a person can mend, and near misses of names. */
@NullMarked
package org.mixtureofmasks;

import org.jspecify.annotations.NullMarked;
