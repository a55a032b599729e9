/**
 * Models as an evaluation asks them, and what their answers come to: {@link
 * org.mixtureofmasks.score.LanguageModel}, for a model at hand (requests packed into full passes)
 * and for one behind OpenAI's completions; grading, errors of estimates, retention. The rules are
 * those of lm-evaluation-harness.
 */
@NullMarked
package org.mixtureofmasks.score;

import org.jspecify.annotations.NullMarked;
