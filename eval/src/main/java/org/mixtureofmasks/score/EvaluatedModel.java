package org.mixtureofmasks.score;

import java.util.OptionalInt;

/**
 * Whose results they are.
 *
 * @param name path or name, as it was given
 * @param identity what the results depend on beside the tasks: hash of the model, hash of the
 *     tokenizer, number format; a served model's address and name
 * @param hash of the model's contents; empty for a served model
 * @param description one line
 * @param weights number format that it ran in; empty for a served model
 * @param threads it ran on; 0 for a served model
 * @param maxLength most tokens of a context; empty if that is not known
 */
public record EvaluatedModel(
    String name,
    String identity,
    String hash,
    String description,
    String weights,
    int threads,
    OptionalInt maxLength) {}
