package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.ShellWords;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.checkpoint.Checkpoint;
import org.mixtureofmasks.checkpoint.Checkpoints;
import org.mixtureofmasks.format.ConfigReader;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.Fingerprint;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.LayerObserver;
import org.mixtureofmasks.model.LoadOptions;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;
import org.mixtureofmasks.model.WeightType;
import org.mixtureofmasks.tokenizer.Tokenizer;
import org.mixtureofmasks.train.RunFolder;

/** One analysis, from a sparse model and data to the object that analysis.json holds. */
public final class Analysis {
  private static final String SCHEMA = "mom-analysis/1";

  private final AnalysisSettings settings;
  private final Progress listener;
  private final boolean run;
  private final Path folder;

  private Analysis(AnalysisSettings settings, Progress listener) {
    this.settings = settings;
    this.listener = listener;
    run = Files.isRegularFile(new RunFolder(settings.path()).recipe());
    folder = run ? new RunFolder(settings.path()).model() : settings.path();
  }

  /**
   * Analyses.
   *
   * @throws UserError if the model is dense, its run no model, or the data do not fit it
   */
  public static ObjectNode of(AnalysisSettings settings, Progress listener) {
    return new Analysis(settings, listener).json();
  }

  private ObjectNode json() {
    if (run && !Files.isDirectory(folder)) {
      throw new UserError(
          "%s is a run without a model: make it with 'mom compile %s --out %s'"
              .formatted(
                  settings.path(), ShellWords.quote(settings.path()), ShellWords.quote(folder)));
    }
    ModelConfig config = config(folder);
    if (!config.sparse()) {
      throw new UserError(
          "%s is a dense model: it has no experts or token masks to analyse; 'mom sparsify' makes them"
              .formatted(folder));
    }
    if (config.tokenMasks().isPresent() && settings.removalTokens().orElse(0) > 0) {
      throw UserError.usage(
          "--removal-tokens: %s has token masks and no experts to remove; leave the option out"
              .formatted(folder));
    }
    settings.reference().ifPresent(dense -> requireFit(dense, config));
    try (Words words = new Words(tokenizer())) {
      List<DataSet> data =
          new DataReader(
                  settings, folder, words.tokenizer, config.maxPositions(), config.vocabSize())
              .read();
      ObjectNode json = Json.object();
      json.put("schema", SCHEMA);
      json.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
      json.put("command", settings.command());
      Findings findings = findings(config, data, words);
      describe(config, findings, json.putObject("model"));
      describe(data, json.putArray("data"));
      if (run && config.mixtureOfMasks().isPresent()) {
        MaskHistory.write(new RunFolder(settings.path()), json.putArray("history"));
      }
      analyse(data, findings, json);
      return json;
    }
  }

  private Findings findings(ModelConfig config, List<DataSet> data, Words words) {
    Optional<TokenTexts> texts = words.tokenizer.map(TokenTexts::new);
    if (config.tokenMasks().isPresent()) {
      return new TokenMaskFindings(config, data, texts);
    }
    int removal = settings.removalTokens().orElse(AnalysisSettings.REMOVAL_TOKENS);
    return new ExpertFindings(folder, config, data, texts, removal, listener);
  }

  /** The tokenizer, if there is or must be one. */
  private Optional<Tokenizer> tokenizer() {
    boolean needed = !settings.texts().isEmpty() || settings.mmlu().isPresent();
    Path from = settings.tokenizer().orElse(folder);
    boolean there =
        settings.tokenizer().isPresent() || Files.exists(folder.resolve("tokenizer.json"));
    return needed || there ? Optional.of(Tokenizer.open(from)) : Optional.empty();
  }

  /** A tokenizer to be closed, or none. */
  private record Words(Optional<Tokenizer> tokenizer) implements AutoCloseable {
    @Override
    public void close() {
      tokenizer.ifPresent(Tokenizer::close);
    }
  }

  private static ModelConfig config(Path model) {
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      return ConfigReader.read(checkpoint);
    }
  }

  private static void requireFit(Path reference, ModelConfig config) {
    ModelConfig dense = config(reference);
    if (dense.sparse()) {
      throw new UserError("--reference %s is sparse: give the dense model".formatted(reference));
    }
    if (dense.layers() != config.layers() || dense.hiddenSize() != config.hiddenSize()) {
      throw new UserError(
          ("--reference %s has %s layers of hidden size %s, the sparse model %s of %s: give"
                  + " the model that it was made of")
              .formatted(
                  reference,
                  dense.layers(),
                  dense.hiddenSize(),
                  config.layers(),
                  config.hiddenSize()));
    }
  }

  private void describe(ModelConfig config, Findings findings, ObjectNode to) {
    to.put("path", folder.toString());
    to.put("description", findings.choice());
    to.put("sha256", Fingerprint.of(folder));
    to.put("layers", config.layers());
    to.put("hidden_size", config.hiddenSize());
    to.put("intermediate_size", config.intermediateSize());
    findings.describe(to);
  }

  private static void describe(List<DataSet> data, ArrayNode to) {
    for (DataSet d : data) {
      ObjectNode node = to.addObject().put("name", d.name()).put("kind", d.kind().word());
      d.group().ifPresent(group -> node.put("group", group));
      node.put("documents", d.documents()).put("tokens", d.tokens()).put("sha256", d.sha256());
    }
  }

  private void analyse(List<DataSet> data, Findings findings, ObjectNode json) {
    LoadOptions options = new LoadOptions(WeightType.AUTO, settings.threads());
    try (Model model = Model.open(folder, options);
        References references =
            new References(settings.reference().map(p -> Model.open(p, options)))) {
      Optional<OutputError> error = references.dense.map(OutputError::new);
      ModelState state = model.newState(longest(data));
      observe(model, state, data, findings.tally(), error);
      json.put("tokens", findings.tally().tokens());
      Shares shares = model.shares(state.expertLoad());
      new Shares(Numbers.rounded(shares.activeFfn()), Numbers.rounded(shares.allIn()))
          .describeMeasured(json);
      findings.write(model, state, error, json);
    }
  }

  /** A reference to be closed, or none. */
  private record References(Optional<Model> dense) implements AutoCloseable {
    @Override
    public void close() {
      dense.ifPresent(Model::close);
    }
  }

  private static int longest(List<DataSet> data) {
    return data.stream()
        .flatMap(d -> d.sequences().stream())
        .mapToInt(s -> s.ids().length)
        .max()
        .orElseThrow();
  }

  private void observe(
      Model model,
      ModelState state,
      List<DataSet> data,
      TokenTally tally,
      Optional<OutputError> error) {
    listener.begin("observing", "tokens");
    state.observe(
        new LayerObserver() {
          @Override
          public void routed(int layer, int position, int[] experts, float[] scores) {
            tally.routed(layer, position, experts, scores);
          }

          @Override
          public void kept(int layer, int position, double inputs, int[] neurons) {
            tally.kept(layer, position, inputs, neurons);
          }

          @Override
          public void computed(int layer, int tokens, float[] inputs, float[] outputs) {
            error.ifPresent(e -> e.computed(layer, tokens, inputs, outputs));
          }
        });
    long total = data.stream().mapToLong(DataSet::tokens).sum();
    for (int d = 0; d < data.size(); d++) {
      for (DataSet.Sequence sequence : data.get(d).sequences()) {
        state.truncate(0);
        tally.begin(d, sequence);
        model.forward(state, sequence.ids(), 0, sequence.ids().length);
        tally.end();
        listener.at(tally.tokens(), total);
      }
    }
    state.observe(null);
  }
}
