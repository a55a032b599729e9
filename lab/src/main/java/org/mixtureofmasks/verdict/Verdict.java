package org.mixtureofmasks.verdict;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.mixtureofmasks.format.Shares;
import org.mixtureofmasks.io.Json;

/**
 * A sparse model beside the dense one that it was made of, on the same held-out text, in turns on
 * the same machine.
 *
 * @param shares of the sparse model as it is stored
 * @param prompts that both models continue
 */
public record Verdict(Figures dense, Figures sparse, Shares shares, List<String> prompts) {
  private static final String SCHEMA = "mom-verdict/1";

  /** Rises of the perplexity, and what they mean to a reader. */
  private enum Change {
    NONE(1.02, "nobody will notice"),
    SMALL(1.10, "a reader will hardly notice, a benchmark will"),
    CLEAR(1.30, "a reader will notice: facts and long answers suffer first"),
    LARGE(2.0, "texts stay grammatical, but the model knows less"),
    RUIN(Double.POSITIVE_INFINITY, "the model is of little use as it is");

    private final double below;
    private final String words;

    Change(double below, String words) {
      this.below = below;
      this.words = words;
    }

    static Change of(double ratio) {
      for (Change change : values()) {
        if (ratio < change.below) {
          return change;
        }
      }
      return RUIN;
    }
  }

  public Verdict {
    prompts = List.copyOf(prompts);
  }

  /** Perplexity of the sparse model over that of the dense one. */
  public double perplexityRatio() {
    return sparse.quality().over(dense.quality());
  }

  /** Decode speed of the sparse model over that of the dense one, as both are printed. */
  public double speedup() {
    return sparse.decode() / dense.decode();
  }

  /** The change in a sentence. */
  public String words() {
    double rise = 100 * (perplexityRatio() - 1);
    double error = 100 * sparse.quality().errorOver(dense.quality());
    return String.format(
        Locale.ROOT,
        "With %.0f %% of the FFN's weights active, perplexity on held-out text %s by %.1f %% (standard error %.1f): %s."
            + " Decoding is %.2f times as fast.",
        100 * sparse.quality().shares().activeFfn(),
        rise < 0 ? "falls" : "rises",
        Math.abs(rise),
        error,
        Change.of(perplexityRatio()).words,
        speedup());
  }

  /** Whether training is what it needs most. */
  public boolean wantsTraining() {
    return perplexityRatio() >= Change.SMALL.below;
  }

  /** All figures. */
  public ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("schema", SCHEMA);
    json.set("dense", json(dense));
    ObjectNode after = json(sparse);
    shares.describe(after);
    sparse.quality().shares().describeMeasured(after);
    json.set("sparse", after);
    json.put("perplexity_over_dense", perplexityRatio());
    json.put("perplexity_over_dense_stderr", sparse.quality().errorOver(dense.quality()));
    json.put("decode_speedup", speedup());
    json.put("words", words());
    ArrayNode asked = json.putArray("prompts");
    prompts.forEach(asked::add);
    return json;
  }

  private static ObjectNode json(Figures figures) {
    ObjectNode json = Json.object();
    json.put("perplexity", figures.quality().perplexity());
    json.put("tokens", figures.quality().tokens());
    json.put("bytes", figures.bytes());
    json.put("bytes_per_token", figures.bytesPerToken());
    json.put("decode_tokens_per_second", figures.decode());
    json.put("prefill_tokens_per_second", figures.prefill());
    ArrayNode layers = json.putArray("active_ffn_share_by_layer");
    figures.quality().layerShares().forEach(layers::add);
    ArrayNode texts = json.putArray("continuations");
    figures.continuations().forEach(texts::add);
    return json;
  }
}
