/**
 * The small model, training rows and text that come with the program: what {@code mom demo} uses.
 */
package org.mixtureofmasks.demo;
