/** Reads, runs and judges dense and masked LLaMA-style models. */
module org.mixtureofmasks.engine {
  requires jdk.incubator.vector;
  requires java.logging;
  requires java.net.http;
  requires transitive com.fasterxml.jackson.databind;
  requires transitive info.picocli;
  requires transitive org.snakeyaml.engine.v2;
  requires org.apache.commons.compress;
  requires org.apache.commons.csv;
  requires dev.hardwood.core;
  requires org.slf4j;
  requires ai.djl.tokenizers;
  requires me.tongfei.progressbar;
  requires jdk.management;

  exports org.mixtureofmasks;
  exports org.mixtureofmasks.checkpoint;
  exports org.mixtureofmasks.model;
  exports org.mixtureofmasks.task;
  exports org.mixtureofmasks.tokenizer;
  exports org.mixtureofmasks.cli;
  exports org.mixtureofmasks.kernel;
  exports org.mixtureofmasks.generate;
  exports org.mixtureofmasks.evaluate;
  exports org.mixtureofmasks.bench;

  uses org.mixtureofmasks.cli.Verb;

  provides org.mixtureofmasks.cli.Verb with
      org.mixtureofmasks.cli.BenchVerb,
      org.mixtureofmasks.cli.CompareVerb,
      org.mixtureofmasks.cli.DoctorVerb,
      org.mixtureofmasks.cli.EvaluateVerb,
      org.mixtureofmasks.cli.GenerateVerb,
      org.mixtureofmasks.cli.ImportVerb,
      org.mixtureofmasks.cli.InspectVerb;

  opens org.mixtureofmasks.cli to
      info.picocli;
}
