/** Reads, runs and judges dense and masked LLaMA-style models. */
module org.mixtureofmasks.engine {
  requires jdk.incubator.vector;
  requires java.net.http;
  requires transitive com.fasterxml.jackson.databind;
  requires transitive info.picocli;
  requires org.slf4j;
  requires ai.djl.tokenizers;
  requires me.tongfei.progressbar;

  exports org.mixtureofmasks;
  exports org.mixtureofmasks.checkpoint;
  exports org.mixtureofmasks.model;
  exports org.mixtureofmasks.tokenizer;
  exports org.mixtureofmasks.cli;
  exports org.mixtureofmasks.kernel;

  uses org.mixtureofmasks.cli.Verb;

  provides org.mixtureofmasks.cli.Verb with
      org.mixtureofmasks.cli.InspectVerb;

  opens org.mixtureofmasks.cli to
      info.picocli;
}
