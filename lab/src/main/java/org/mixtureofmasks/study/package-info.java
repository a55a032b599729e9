/**
 * A matrix of runs in JVMs of their own, each measured by what ships, and one comparison of them.
 */
package org.mixtureofmasks.study;
