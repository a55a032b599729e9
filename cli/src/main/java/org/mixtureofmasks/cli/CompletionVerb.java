package org.mixtureofmasks.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code mom completion}: a script that makes a shell complete verbs and options. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Prints a script that makes a shell complete verbs, options and their values.",
    footer = {
      "",
      "Examples:",
      "  mom completion bash > ~/.local/share/bash-completion/completions/mom",
      "  mom completion fish > ~/.config/fish/completions/mom.fish",
      "  source <(mom completion zsh)     in ~/.zshrc, after compinit",
      "",
      "A shell completes the name it is typed by: put mom on the PATH or make it an alias."
    })
public final class CompletionVerb implements Verb {
  /** Shells that are known. */
  enum Shell {
    BASH,
    ZSH,
    FISH
  }

  @Parameters(paramLabel = "bash|zsh|fish", description = "The shell that is to complete.")
  private Shell shell;

  @Override
  public Integer call() {
    CommandLine mom = Main.whole();
    Terminal.text(
        switch (shell) {
          case BASH, ZSH -> AutoComplete.bash("mom", mom); // zsh reads it by its bashcompinit
          case FISH -> FishCompletion.script(mom.getCommandSpec());
        });
    return 0;
  }
}
