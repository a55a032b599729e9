/**
 * What a method of making a model sparse is, and what several of them share; one package for each
 * method.
 */
package org.mixtureofmasks.sparsify;
