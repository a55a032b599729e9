package org.mixtureofmasks.cli;

import java.util.concurrent.Callable;

/**
 * One verb of the command line: a class with picocli's {@code @Command}, found by ServiceLoader, so
 * that the lab adds its own. {@code call} returns the exit code; a {@link
 * org.mixtureofmasks.UserError} becomes one line on stderr.
 */
public interface Verb extends Callable<Integer> {}
