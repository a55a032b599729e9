/** MoEfication: neurons split into equal experts, with a router that predicts which are needed. */
@NullMarked
package org.mixtureofmasks.sparsify.moefication;

import org.jspecify.annotations.NullMarked;
