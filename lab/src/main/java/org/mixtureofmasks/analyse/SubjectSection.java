package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.IntStream;

/** The member "subjects" of analysis.json: the paper's Figure 6b. */
final class SubjectSection {
  private static final int SHUFFLES = 10_000;
  private static final long SEED = 1;

  private SubjectSection() {}

  /**
   * @param data all data sets; those of MMLU count, two at least
   */
  static void write(List<DataSet> data, RoutingTally tally, ObjectNode to) {
    List<Integer> subjects =
        IntStream.range(0, data.size())
            .filter(d -> data.get(d).group().isPresent())
            .boxed()
            .toList();
    ArrayNode names = to.putArray("names");
    ArrayNode groups = to.putArray("groups");
    subjects.forEach(d -> names.add(data.get(d).name()));
    subjects.forEach(d -> groups.add(data.get(d).group().orElseThrow()));
    List<String> kinds = data.stream().flatMap(d -> d.group().stream()).distinct().toList();
    int[] labels =
        subjects.stream().mapToInt(d -> kinds.indexOf(data.get(d).group().orElseThrow())).toArray();
    double[][] cosine =
        GroupSeparation.cosines(
            subjects.stream().map(tally::routingVector).toArray(double[][]::new));
    Numbers.add(to.putArray("cosine"), cosine);
    GroupSeparation separation = GroupSeparation.of(cosine, labels, SHUFFLES, SEED);
    separation.within().ifPresent(mean -> to.put("within_mean", Numbers.rounded(mean)));
    separation.between().ifPresent(mean -> to.put("between_mean", Numbers.rounded(mean)));
    separation
        .pValue()
        .ifPresent(
            p ->
                to.put("p_value", Numbers.rounded(p))
                    .put("permutations", SHUFFLES)
                    .put("seed", SEED));
  }
}
