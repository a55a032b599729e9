package org.mixtureofmasks.cli;

import java.util.Set;

/** The verbs that the lab adds, so that a command line without it can say where they are. */
public final class LabVerbs {
  /** As {@code @Command} names them; the lab's test compares. */
  public static final Set<String> NAMES =
      Set.of("analyse", "compile", "demo", "resume", "sparsify", "study");

  private LabVerbs() {}

  /** Why a verb of the lab is not there, and how to get it, in one line. */
  static String missing(String verb) {
    return "'%s' is a verb of the lab, which is not here: put mom-lab (org.mixtureofmasks:mom-lab) and its libraries on the class path, or start ./mom of a checkout, which builds it"
        .formatted(verb);
  }
}
