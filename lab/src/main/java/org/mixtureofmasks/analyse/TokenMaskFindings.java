package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.format.ModelConfig;
import org.mixtureofmasks.model.Model;
import org.mixtureofmasks.model.ModelState;

/** What tokens with masks of their own keep: how much, and which neurons how often. */
final class TokenMaskFindings implements Findings {
  private final ModelConfig.TokenMasks masks;
  private final List<DataSet> data;
  private final Optional<TokenTexts> texts;
  private final KeptTally tally;

  /**
   * @param config of a model with token masks
   * @param texts with a tokenizer
   */
  TokenMaskFindings(ModelConfig config, List<DataSet> data, Optional<TokenTexts> texts) {
    this.data = data;
    this.texts = texts;
    masks = config.tokenMasks().orElseThrow();
    tally = new KeptTally(config, data.size());
  }

  @Override
  public String choice() {
    return masks.choice().describe();
  }

  @Override
  public void describe(ObjectNode to) {
    to.put("choice", masks.choice().word());
    to.put("target_share", masks.target());
  }

  @Override
  public TokenTally tally() {
    return tally;
  }

  @Override
  public void write(Model model, ModelState state, Optional<OutputError> error, ObjectNode to) {
    KeptSection section = new KeptSection(tally, masks);
    section.writeLayers(state.expertLoad(), error, to.putArray("layers"));
    section.writePositions(to.putArray("positions"));
    section.writeDomains(data, to.putObject("domains"));
    section.writeTokens(texts, to);
  }
}
