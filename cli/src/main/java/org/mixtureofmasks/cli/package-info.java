/**
 * The command {@code mom}: the frame of every verb, the verbs that run and evaluate models, and the
 * only way to stdout and stderr. Modules add verbs as services of {@link
 * org.mixtureofmasks.cli.Verb}.
 */
package org.mixtureofmasks.cli;
