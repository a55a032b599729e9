/**
 * What work takes of memory, time and disk: predicted before it begins, measured while it goes on.
 */
package org.mixtureofmasks.ledger;
