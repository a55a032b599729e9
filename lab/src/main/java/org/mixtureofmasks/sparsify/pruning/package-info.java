/** Static pruning: one fixed mask for all tokens. */
package org.mixtureofmasks.sparsify.pruning;
