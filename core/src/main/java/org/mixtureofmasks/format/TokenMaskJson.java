package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.mixtureofmasks.format.ShippedThresholds.Choice;

/** The member token_masks of a config.json, read and written. */
final class TokenMaskJson {
  /** The newest that is read and written. */
  private static final int VERSION = 4;

  /** The one with directions beside a preview; earlier ones left out what they foresaw. */
  private static final int WITH_PREVIEW = 4;

  private static final String FORMAT_VERSION = "format_version";
  private static final String FAMILY = "family";
  private static final String CHOICE = "choice";
  private static final String TARGET = "target";
  private static final String ACTIVE_SHARE = "active_ffn_share";
  private static final String KEPT_INPUTS = "kept_inputs";
  private static final String KEPT_NEURONS = "kept_neurons";
  private static final String PREVIEW_BITS = "preview_bits";
  private static final String PARENT = "parent";

  private TokenMaskJson() {}

  /**
   * The dense model's family, asked for before anything else.
   *
   * @throws org.mixtureofmasks.io.BadCheckpoint if the version is newer than this reader, or the
   *     family unknown
   */
  static Family family(Fields f) {
    if (f.positive(FORMAT_VERSION) > VERSION) {
      throw f.wrong(FORMAT_VERSION, "%d; a newer mom wrote this model".formatted(VERSION));
    }
    return Families.in(f, FAMILY);
  }

  /**
   * @param layers num_hidden_layers
   * @throws org.mixtureofmasks.io.BadCheckpoint naming the member that is missing or out of range
   */
  static ModelConfig.TokenMasks read(Fields f, int layers) {
    Choice choice = choice(f);
    if (choice == Choice.PREVIEW && f.positive(FORMAT_VERSION) < WITH_PREVIEW) {
      throw f.wrong(
          FORMAT_VERSION,
          "%d with a preview; an earlier mom wrote this model: write it again by mom compile RUN or mom sparsify"
              .formatted(WITH_PREVIEW));
    }
    if (choice == Choice.PREVIEW && f.positive(PREVIEW_BITS) != Preview.BITS) {
      throw f.wrong(PREVIEW_BITS, "%d".formatted(Preview.BITS));
    }
    return new ModelConfig.TokenMasks(
        choice,
        f.share(TARGET),
        f.share(ACTIVE_SHARE),
        shares(f, KEPT_INPUTS, layers),
        shares(f, KEPT_NEURONS, layers),
        Optional.ofNullable(f.node().path(PARENT).textValue()));
  }

  private static Choice choice(Fields f) {
    String word = f.text(CHOICE, "none");
    return Arrays.stream(Choice.values())
        .filter(choice -> choice.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                f.wrong(
                    CHOICE,
                    Arrays.stream(Choice.values())
                        .map(choice -> "\"%s\"".formatted(choice.word()))
                        .collect(Collectors.joining(" or "))));
  }

  private static List<Double> shares(Fields f, String key, int layers) {
    List<Double> shares = f.reals(key);
    if (shares.size() != layers || !shares.stream().allMatch(n -> n >= 0 && n <= 1)) {
      throw f.wrong(key, "%d shares from 0 to 1".formatted(layers));
    }
    return shares;
  }

  /**
   * The config.json of a folder with token masks: the dense model's, with this member.
   *
   * @param dense its config.json
   */
  static ObjectNode write(ObjectNode dense, Family family, ModelConfig.TokenMasks masks) {
    ObjectNode config = dense.deepCopy();
    config.put("model_type", SparseNames.TOKEN_MEMBER);
    config.putArray("architectures").add(SparseNames.TOKEN_ARCHITECTURE);
    ObjectNode m = config.putObject(SparseNames.TOKEN_MEMBER);
    boolean preview = masks.choice() == Choice.PREVIEW;
    m.put(FORMAT_VERSION, preview ? WITH_PREVIEW : 1);
    if (!family.equals(Families.LLAMA)) {
      m.put(FAMILY, family.modelType());
    }
    m.put(CHOICE, masks.choice().word());
    if (preview) {
      m.put(PREVIEW_BITS, Preview.BITS);
    }
    m.put(TARGET, masks.target());
    m.put(ACTIVE_SHARE, masks.activeFfnShare());
    ArrayNode inputs = m.putArray(KEPT_INPUTS);
    masks.keptInputs().forEach(inputs::add);
    ArrayNode neurons = m.putArray(KEPT_NEURONS);
    masks.keptNeurons().forEach(neurons::add);
    masks.parent().ifPresent(parent -> m.put(PARENT, parent));
    return config;
  }
}
