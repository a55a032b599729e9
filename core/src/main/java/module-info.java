/** Reads and runs dense and masked LLaMA-style models: what a program embeds. */
module org.mixtureofmasks.core {
  requires jdk.incubator.vector;
  requires jdk.management;
  requires transitive com.fasterxml.jackson.databind;
  requires org.slf4j;
  requires static org.jspecify;
  requires ai.djl.tokenizers;

  exports org.mixtureofmasks;
  exports org.mixtureofmasks.io;
  exports org.mixtureofmasks.checkpoint;
  exports org.mixtureofmasks.format;
  exports org.mixtureofmasks.template;
  exports org.mixtureofmasks.tokenizer;
  exports org.mixtureofmasks.kernel;
  exports org.mixtureofmasks.model;
  exports org.mixtureofmasks.generate;
}
