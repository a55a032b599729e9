package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** An analysis.json of any size with every part, from seeded random numbers. */
final class SampleAnalysis {
  static final List<String> DATA = List.of("novels", "facts", "plays");
  private static final int NEURONS = 384;

  private final ObjectMapper mapper = new ObjectMapper();
  private final Random random = new Random(7);
  private final int layers;
  private final int experts;

  private SampleAnalysis(int layers, int experts) {
    this.layers = layers;
    this.experts = experts;
  }

  static ObjectNode of(int layers, int experts) {
    return new SampleAnalysis(layers, experts).make();
  }

  private ObjectNode make() {
    ObjectNode root = mapper.createObjectNode();
    root.put("schema", "mom-analysis/1").put("date", "2026-11-24T12:00:00Z");
    root.put("command", "mom analyse run --out out").put("tokens", 123456);
    root.put("active_ffn_share_measured", 0.5012);
    root.putObject("model")
        .put("path", "run/model")
        .put("description", "LLaMA with " + experts + " masks a layer")
        .put("sha256", "0123456789abcdef".repeat(4))
        .put("layers", layers)
        .put("experts", experts)
        .put("hidden_size", 128)
        .put("intermediate_size", NEURONS)
        .put("top_k", 1)
        .put("target_share", 0.5);
    for (String name : DATA) {
      root.withArray("data")
          .addObject()
          .put("name", name)
          .put("kind", "text")
          .put("documents", 12)
          .put("tokens", 41152)
          .put("sha256", "fedcba9876543210".repeat(4));
    }
    for (int l = 0; l < layers; l++) {
      layer(root.withArray("layers").addObject(), l);
    }
    domains(root.putObject("domains"));
    preferences(root.putArray("experts_prefer"));
    paths(root.putObject("paths"));
    subjects(root.putObject("subjects"));
    ObjectNode removal = root.putObject("removal").put("tokens", 4096).put("base_loss", 3.6);
    eachExpert(
        removal.putArray("experts"),
        one -> {
          double increase = 0.02 * random.nextGaussian() + 0.03;
          one.put("loss", 3.6 + increase).put("loss_increase", increase);
        });
    for (int step = 0; step <= 800; step += 200) {
      ObjectNode node = root.withArray("history").addObject().put("step", step);
      for (int l = 0; l < layers; l++) {
        ObjectNode layer = node.withArray("layers").addObject().put("layer", l);
        layer.put("density", 1 - 0.5 * step / 800 - 0.02 * random.nextDouble());
        if (step > 0) {
          layer.put("changed_share", 20.0 * random.nextDouble() / step);
        }
      }
    }
    return root;
  }

  private void layer(ObjectNode layer, int l) {
    double[] tokens = distribution(experts);
    double[] counts = distribution(experts + 1);
    layer.put("layer", l).put("active_share", 0.4 + 0.2 * random.nextDouble());
    layer.set("token_share", array(tokens));
    layer.set("neuron_share", array(random.doubles(experts, 0.3, 0.7).toArray()));
    layer.set(
        "hits",
        array(IntStream.range(0, experts + 1).map(h -> (int) (NEURONS * counts[h])).toArray()));
    ArrayNode jaccard = layer.putArray("jaccard");
    double[][] overlap = symmetric(experts, 0.3);
    for (double[] row : overlap) {
      jaccard.add(array(row));
    }
    double entropy = random.nextDouble() * Math.log(experts);
    layer
        .putObject("entropy")
        .put("mean", entropy)
        .put("min_possible", 0)
        .put("max_possible", Math.log(experts));
    layer.put("load_entropy", -DoubleStream.of(tokens).map(p -> p * Math.log(p)).sum());
    layer.putObject("margin").put("mean", 0.41).put("median", 0.38).put("p05", 0.02 * l);
    layer
        .put("load_cv", random.nextDouble())
        .put("load_max_over_mean", 1 + 2 * random.nextDouble());
    layer.putObject("output_error").put("relative_squared", 0.05 + 0.1 * random.nextDouble());
    layer
        .putObject("mutual_information")
        .put("token", 0.7)
        .put("token_by_chance", 0.01)
        .put("domain", 0.04 * random.nextDouble())
        .put("domain_by_chance", 0.002);
  }

  private void domains(ObjectNode domains) {
    DATA.forEach(domains.putArray("names")::add);
    for (int l = 0; l < layers; l++) {
      ArrayNode layer = domains.withArray("token_share").addArray();
      double[][] shares = new double[DATA.size()][];
      for (int d = 0; d < shares.length; d++) {
        shares[d] = distribution(experts);
      }
      for (int e = 0; e < experts; e++) {
        int expert = e;
        layer.add(
            array(IntStream.range(0, shares.length).mapToDouble(d -> shares[d][expert]).toArray()));
      }
    }
  }

  private void preferences(ArrayNode all) {
    eachExpert(
        all,
        one -> {
          for (String text : List.of(" the", "\n", "ing", " London", ",")) {
            one.withArray("tokens")
                .addObject()
                .put("id", 11)
                .put("text", text)
                .put("count", 5 + random.nextInt(90))
                .put("lift", 1 + 4 * random.nextDouble());
          }
          ObjectNode context = one.withArray("contexts").addObject();
          context
              .put("text", "They went down to London in the morning")
              .putArray("position")
              .add(17)
              .add(24);
        });
  }

  private void eachExpert(ArrayNode all, java.util.function.Consumer<ObjectNode> fill) {
    for (int l = 0; l < layers; l++) {
      for (int e = 0; e < experts; e++) {
        fill.accept(all.addObject().put("layer", l).put("expert", e));
      }
    }
  }

  private void paths(ObjectNode paths) {
    for (int l = 0; l + 1 < layers; l++) {
      ObjectNode pair = paths.withArray("pairs").addObject();
      pair.put("from_layer", l)
          .put("to_layer", l + 1)
          .put("mutual_information", random.nextDouble())
          .put("by_chance", 0.001);
      ArrayNode joint = pair.putArray("joint");
      double[] shares = distribution(experts * experts);
      for (int e = 0; e < experts; e++) {
        joint.add(array(java.util.Arrays.copyOfRange(shares, e * experts, (e + 1) * experts)));
      }
    }
    for (int i = 0; i < 10; i++) {
      ObjectNode path = paths.withArray("top").addObject().put("share", 0.05 / (i + 1));
      for (int l = 0; l < layers; l++) {
        path.withArray("experts").add(random.nextInt(experts));
      }
    }
    paths.put("distinct", 3210).put("entropy", 6.5);
  }

  private void subjects(ObjectNode subjects) {
    List<String> groups = List.of("other", "stem", "humanities", "social_sciences");
    double[][] cosine = symmetric(57, 0.9);
    for (int i = 0; i < 57; i++) {
      subjects.withArray("names").add("high_school_subject_" + i);
      subjects.withArray("groups").add(groups.get(i % 4));
      for (int j = 0; j < 57; j++) {
        cosine[i][j] += i != j && i % 4 == j % 4 ? -0.02 : 0;
      }
      subjects.withArray("cosine").add(array(cosine[i]));
    }
    subjects.put("within_mean", 0.9661).put("between_mean", 0.9412).put("p_value", 0.0001);
    subjects.put("permutations", 10000).put("seed", 1);
  }

  private double[][] symmetric(int n, double low) {
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      matrix[i][i] = 1;
      for (int j = 0; j < i; j++) {
        matrix[i][j] = matrix[j][i] = low + (1 - low) * random.nextDouble();
      }
    }
    return matrix;
  }

  private double[] distribution(int n) {
    double[] raw = random.doubles(n, 0.05, 1).map(x -> x * x).toArray();
    double sum = DoubleStream.of(raw).sum();
    return DoubleStream.of(raw).map(x -> x / sum).toArray();
  }

  private ArrayNode array(double[] values) {
    ArrayNode array = mapper.createArrayNode();
    DoubleStream.of(values).forEach(array::add);
    return array;
  }

  private ArrayNode array(int[] values) {
    ArrayNode array = mapper.createArrayNode();
    IntStream.of(values).forEach(array::add);
    return array;
  }
}
