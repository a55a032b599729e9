package org.mixtureofmasks.format;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.mixtureofmasks.io.BadCheckpoint;

/** The families of models that are read; docs/families.md says what of each. */
public final class Families {
  /** The family of llama2.c's files, and of sparse folders that name none. */
  static final Family LLAMA = new Llama();

  private static final List<Family> ALL = List.of(LLAMA, new Mistral());

  private Families() {}

  /**
   * {@return the family of a name}
   *
   * @param modelType as in config.json
   * @throws IllegalArgumentException if there is none of that name
   */
  public static Family named(String modelType) {
    return find(modelType)
        .orElseThrow(() -> new IllegalArgumentException("no family %s".formatted(modelType)));
  }

  static Optional<Family> find(String modelType) {
    return ALL.stream().filter(family -> family.modelType().equals(modelType)).findFirst();
  }

  /**
   * The family that a member of a sparse model's description names; llama where it names none.
   *
   * @throws BadCheckpoint if it is unknown
   */
  static Family in(Fields f, String member) {
    return find(f.text(member, LLAMA.modelType()))
        .orElseThrow(
            () ->
                f.wrong(
                    member,
                    "one of %s"
                        .formatted(
                            all().map(Family::modelType).collect(Collectors.joining(", ")))));
  }

  /**
   * The family of a GGUF file.
   *
   * @throws BadCheckpoint if the architecture is unknown
   */
  static Family ofGguf(Path file, String architecture) {
    return ALL.stream()
        .filter(family -> family.ggufArchitecture().equals(Optional.of(architecture)))
        .findFirst()
        .orElseThrow(
            () ->
                new BadCheckpoint(
                    file,
                    -1,
                    "general.architecture '%s' is unknown; %s is read"
                        .formatted(
                            architecture,
                            ALL.stream()
                                .flatMap(family -> family.ggufArchitecture().stream())
                                .collect(Collectors.joining(" or ")))));
  }

  /**
   * Every model_type that is read, for messages: "llama, mistral, mixture_of_masks and
   * token_masks".
   */
  static String modelTypes() {
    return ALL.stream().map(Family::modelType).collect(Collectors.joining(", "))
        + ", "
        + SparseNames.MEMBER
        + " and "
        + SparseNames.TOKEN_MEMBER;
  }

  /** All of them. */
  static Stream<Family> all() {
    return ALL.stream();
  }
}
