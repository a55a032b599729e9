/** Upper-bound baselines that ship nothing: which neurons a token would choose for itself. */
@NullMarked
package org.mixtureofmasks.sparsify.pertoken;

import org.jspecify.annotations.NullMarked;
