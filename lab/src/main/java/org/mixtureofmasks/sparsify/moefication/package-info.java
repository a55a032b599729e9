/** MoEfication: neurons split into equal experts, with a router that predicts which are needed. */
package org.mixtureofmasks.sparsify.moefication;
