package org.mixtureofmasks.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.mixtureofmasks.io.BadCheckpoint;

/** The member mixture_of_masks of a sparse folder's config.json, read and written. */
final class SparseJson {
  /** The newest that is read and written. */
  private static final int VERSION = 3;

  private static final String FORMAT_VERSION = "format_version";
  private static final String VARIANT = "variant";
  private static final String FAMILY = "family";
  private static final String LAYOUT = "layout";
  private static final String EXPERTS = "num_experts";
  private static final String EXPERTS_OF_A_TOKEN = "num_experts_per_tok";
  private static final String TARGET = "target";
  private static final String ACTIVE_SHARE = "active_ffn_share";
  private static final String PAPER_SHARE = "paper_share";
  private static final String KEPT_INPUTS = "kept_inputs";
  private static final String LIVE = "live_neurons";
  private static final String SHARED = "shared_neurons";
  private static final String REDUNDANT = "redundant_neurons";
  private static final String PARENT = "parent";

  private SparseJson() {}

  /**
   * The dense model's family, asked for before anything else of a sparse folder.
   *
   * @throws BadCheckpoint if the version is newer than this reader, or the family unknown
   */
  static Family family(Fields f) {
    int version = f.positive(FORMAT_VERSION);
    if (version > VERSION) {
      throw f.wrong(FORMAT_VERSION, "1 to %d; a newer mom wrote this model".formatted(VERSION));
    }
    if (version < 3 && f.has(FAMILY)) {
      throw f.wrong(FORMAT_VERSION, "3 for a model with %s".formatted(FAMILY));
    }
    return Families.in(f, FAMILY);
  }

  /**
   * @param layers num_hidden_layers
   * @param m intermediate_size
   * @param d hidden_size
   */
  static ModelConfig.MixtureOfMasks read(Fields f, int layers, int m, int d) {
    int version = f.positive(FORMAT_VERSION);
    for (String newer : List.of(RoutingJson.MEMBER, KEPT_INPUTS)) {
      if (version < 2 && f.has(newer)) {
        throw f.wrong(FORMAT_VERSION, "2 for a model with %s".formatted(newer));
      }
    }
    Layout layout = layout(f);
    int experts = f.positive(EXPERTS);
    int k = f.positive(EXPERTS_OF_A_TOKEN);
    if (k > experts) {
      throw f.wrong(EXPERTS_OF_A_TOKEN, "at most num_experts %d".formatted(experts));
    }
    Routing routing = RoutingJson.read(f.object(RoutingJson.MEMBER), k);
    if (routing.select() == Routing.Select.THRESHOLD && k != experts) {
      throw f.wrong(
          EXPERTS_OF_A_TOKEN, "num_experts %d: a threshold may pass all".formatted(experts));
    }
    return new ModelConfig.MixtureOfMasks(
        f.text(VARIANT, "mom"),
        layout,
        experts,
        routing,
        f.share(TARGET),
        f.share(ACTIVE_SHARE),
        neurons(f, LIVE, layers, m),
        neurons(f, SHARED, layers, m),
        f.has(KEPT_INPUTS) ? Optional.of(inputMasks(f, routing, layers, d)) : Optional.empty(),
        Optional.ofNullable(f.node().path(PARENT).textValue()));
  }

  private static Layout layout(Fields f) {
    JsonNode word = f.node().path(LAYOUT);
    Layout layout =
        Arrays.stream(Layout.values())
            .filter(known -> known.word().equals(word.textValue()))
            .findFirst()
            .orElseThrow(
                () ->
                    new BadCheckpoint(
                        f.file(),
                        -1,
                        "layout %s is unknown; runs, copied and masked are read".formatted(word)));
    if (layout == Layout.RUNS && f.has(KEPT_INPUTS)) {
      throw new BadCheckpoint(
          f.file(), -1, "layout \"runs\" holds no input masks; copied and masked do");
    }
    return layout;
  }

  private static ModelConfig.InputMasks inputMasks(Fields f, Routing routing, int layers, int d) {
    if (routing.select() != Routing.Select.TOP_K || routing.topK() != 1) {
      throw f.wrong(EXPERTS_OF_A_TOKEN, "1, of top_k, for a model with %s".formatted(KEPT_INPUTS));
    }
    List<Double> kept = f.reals(KEPT_INPUTS);
    if (kept.size() != layers || !kept.stream().allMatch(n -> n >= 0 && n <= d)) {
      throw f.wrong(KEPT_INPUTS, "%d numbers from 0 to hidden_size %d".formatted(layers, d));
    }
    return new ModelConfig.InputMasks(kept, f.share(PAPER_SHARE));
  }

  private static List<Integer> neurons(Fields f, String key, int layers, int m) {
    List<Integer> counts = f.ints(key);
    if (counts.size() != layers || counts.stream().anyMatch(n -> n < 0 || n > m)) {
      throw f.wrong(key, "%d numbers from 0 to intermediate_size %d".formatted(layers, m));
    }
    return counts;
  }

  /**
   * The config.json of a sparse folder: the dense model's, with this member.
   *
   * @param dense its config.json
   * @param shape of the dense model
   */
  static ObjectNode write(ObjectNode dense, ModelConfig shape, ModelConfig.MixtureOfMasks sparse) {
    ObjectNode config = dense.deepCopy();
    config.put("model_type", SparseNames.MEMBER);
    config.putArray("architectures").add(SparseNames.ARCHITECTURE);
    ObjectNode m = config.putObject(SparseNames.MEMBER);
    m.put(FORMAT_VERSION, version(shape.family(), sparse));
    m.put(VARIANT, sparse.variant());
    if (!shape.family().equals(Families.LLAMA)) {
      m.put(FAMILY, shape.family().modelType());
    }
    m.put(LAYOUT, sparse.layout().word());
    m.put(EXPERTS, sparse.experts());
    m.put(EXPERTS_OF_A_TOKEN, sparse.expertsPerToken());
    RoutingJson.write(sparse.routing(), m);
    m.put(TARGET, sparse.target());
    m.put(ACTIVE_SHARE, sparse.activeFfnShare());
    sparse
        .inputMasks()
        .ifPresent(
            inputs -> {
              m.put(PAPER_SHARE, inputs.paperShare());
              ArrayNode kept = m.putArray(KEPT_INPUTS);
              inputs.keptInputs().forEach(n -> kept.add(n.doubleValue()));
            });
    ArrayNode live = m.putArray(LIVE);
    ArrayNode shared = m.putArray(SHARED);
    ArrayNode redundant = m.putArray(REDUNDANT);
    sparse.liveNeurons().forEach(live::add);
    sparse.sharedNeurons().forEach(shared::add);
    sparse.liveNeurons().forEach(n -> redundant.add(shape.intermediateSize() - n));
    sparse.parent().ifPresent(parent -> m.put(PARENT, parent));
    return config;
  }

  /** The oldest whose readers understand it: 1 knows one routing, 2 one family. */
  private static int version(Family family, ModelConfig.MixtureOfMasks sparse) {
    if (!family.equals(Families.LLAMA)) {
      return 3;
    }
    return sparse.routing().isDefault() && sparse.inputMasks().isEmpty() ? 1 : 2;
  }
}
