package org.mixtureofmasks.analyse;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** The member "paths" of analysis.json. */
final class PathSection {
  private static final int TOP = 20;

  private PathSection() {}

  static void write(Paths paths, int layers, ObjectNode to) {
    ArrayNode pairs = to.putArray("pairs");
    for (int l = 0; l + 1 < layers; l++) {
      List<int[]> joint = paths.joint(l);
      ObjectNode pair = pairs.addObject().put("from_layer", l).put("to_layer", l + 1);
      MutualInformation information = MutualInformation.of(joint);
      pair.put("mutual_information", Numbers.rounded(information.nats()));
      pair.put("by_chance", Numbers.rounded(information.byChance()));
      ArrayNode rows = pair.putArray("joint");
      for (int[] row : joint) {
        ArrayNode shares = rows.addArray();
        for (int count : row) {
          shares.add(Numbers.rounded((double) count / paths.tokens()));
        }
      }
    }
    ArrayNode top = to.putArray("top");
    for (Paths.Path path : paths.top(TOP)) {
      ObjectNode node = top.addObject();
      ArrayNode experts = node.putArray("experts");
      for (int e : path.experts()) {
        experts.add(e);
      }
      node.put("share", Numbers.rounded((double) path.tokens() / paths.tokens()));
    }
    to.put("distinct", paths.distinct());
    to.put("entropy", Numbers.rounded(paths.entropy()));
  }
}
