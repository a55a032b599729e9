/** Tokens a second beside the memory bandwidth that the same run measures. */
package org.mixtureofmasks.bench;
