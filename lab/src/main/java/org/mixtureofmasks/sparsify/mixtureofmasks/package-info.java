/** Mixture of masks: experts are learned binary masks on the one feed-forward layer. */
package org.mixtureofmasks.sparsify.mixtureofmasks;
