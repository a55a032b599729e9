/**
 * What work takes of memory, time and disk: predicted before it begins, measured while it goes on.
 */
@NullMarked
package org.mixtureofmasks.ledger;

import org.jspecify.annotations.NullMarked;
