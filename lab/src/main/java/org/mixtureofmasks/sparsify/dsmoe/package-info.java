/** DSMoE: parts of the feed-forward layer behind sigmoid gates. */
package org.mixtureofmasks.sparsify.dsmoe;
