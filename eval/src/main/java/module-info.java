/** Evaluates models: published tasks, lm-evaluation-harness's files, perplexity, speed. */
module org.mixtureofmasks.eval {
  requires transitive org.mixtureofmasks.core;
  requires transitive org.snakeyaml.engine.v2;
  requires jdk.incubator.vector;
  requires java.net.http;
  requires org.apache.commons.compress;
  requires org.apache.commons.csv;
  requires dev.hardwood.core;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports org.mixtureofmasks.yaml;
  exports org.mixtureofmasks.task;
  exports org.mixtureofmasks.score;
  exports org.mixtureofmasks.harness;
  exports org.mixtureofmasks.perplexity;
  exports org.mixtureofmasks.bench;
}
