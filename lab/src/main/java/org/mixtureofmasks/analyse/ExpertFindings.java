package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.format.SparseFolder;
import org.mixtureofmasks.io.Progress;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/** What experts do: their masks, which tokens choose them, what is lost without them. */
final class ExpertFindings implements Findings {
  private final Path folder;
  private final ModelConfig config;
  private final ModelConfig.MixtureOfMasks mom;
  private final List<DataSet> data;
  private final Optional<TokenTexts> texts;
  private final int removalTokens;
  private final Progress listener;
  private final RoutingTally tally;

  /**
   * @param folder of the model
   * @param config of a model with experts
   * @param texts with a tokenizer
   * @param removalTokens on which experts are removed; 0: none is
   */
  ExpertFindings(
      Path folder,
      ModelConfig config,
      List<DataSet> data,
      Optional<TokenTexts> texts,
      int removalTokens,
      Progress listener) {
    this.folder = folder;
    this.config = config;
    this.data = data;
    this.texts = texts;
    this.removalTokens = removalTokens;
    this.listener = listener;
    mom = config.mixtureOfMasks().orElseThrow();
    tally = new RoutingTally(config, data.size());
  }

  @Override
  public String choice() {
    return mom.variant() + ": " + mom.routing().describe(mom.experts());
  }

  @Override
  public void describe(ObjectNode to) {
    to.put("experts", mom.experts());
    to.put("top_k", mom.expertsPerToken());
    to.put("target_share", mom.target());
  }

  @Override
  public TokenTally tally() {
    return tally;
  }

  @Override
  public void write(Model model, ModelState state, Optional<OutputError> error, ObjectNode to) {
    LayerSection layers =
        new LayerSection(tally, SparseFolder.masks(folder), state.expertLoad(), error);
    layers.write(to.putArray("layers"));
    layers.writeDomains(data, to.putObject("domains"));
    preferences(to);
    PathSection.write(tally.paths(), config.layers(), to.putObject("paths"));
    if (data.stream().filter(d -> d.group().isPresent()).count() > 1) {
      SubjectSection.write(data, tally, to.putObject("subjects"));
    }
    if (removalTokens > 0) {
      remove(model, to);
    }
  }

  private void preferences(ObjectNode to) {
    ArrayNode prefer = to.putArray("experts_prefer");
    IntStream.range(0, config.layers())
        .forEach(l -> Preferences.write(l, tally.layer(l), texts, prefer));
    to.put("experts_left_out", config.layers() * Math.max(0, mom.experts() - Preferences.EXPERTS));
  }

  private void remove(Model model, ObjectNode json) {
    if (!Removal.possible(mom)) {
      listener.note("every token goes through all experts: none can be removed");
      return;
    }
    List<int[]> sample = Removal.sample(data, removalTokens);
    if (sample.stream().allMatch(s -> s.length < 2)) {
      listener.note("no two tokens in a row among those for removal: no expert is removed");
      return;
    }
    listener.begin("removal", "experts");
    Removal removal = new Removal(model, sample);
    Removal.Result result = removal.run(tally.counts(), listener);
    ObjectNode to = json.putObject("removal");
    to.put("tokens", result.tokens());
    to.put("base_loss", Numbers.rounded(result.baseLoss()));
    to.put("experts_left_out", result.leftOut());
    ArrayNode experts = to.putArray("experts");
    for (Removal.Effect effect : result.effects()) {
      experts
          .addObject()
          .put("layer", effect.layer())
          .put("expert", effect.expert())
          .put("loss", Numbers.rounded(effect.loss()))
          .put("loss_increase", Numbers.rounded(effect.loss() - result.baseLoss()));
    }
  }
}
