/**
 * Reads and runs dense and masked LLaMA-style models: what a program embeds. Kernels are for this
 * project's own modules: their methods change with what processors can do.
 */
@SuppressWarnings("module") // the modules named below are compiled after this one
module org.mixtureofmasks.core {
  requires jdk.incubator.vector;
  requires jdk.management;
  requires transitive com.fasterxml.jackson.databind;
  requires org.slf4j;
  requires static transitive org.jspecify;
  requires ai.djl.tokenizers;

  exports org.mixtureofmasks;
  exports org.mixtureofmasks.io;
  exports org.mixtureofmasks.checkpoint;
  exports org.mixtureofmasks.format;
  exports org.mixtureofmasks.template;
  exports org.mixtureofmasks.ledger;
  exports org.mixtureofmasks.tokenizer;
  exports org.mixtureofmasks.model;
  exports org.mixtureofmasks.generate;
  exports org.mixtureofmasks.quantise;
  exports org.mixtureofmasks.kernel to
      org.mixtureofmasks.eval,
      org.mixtureofmasks.cli,
      org.mixtureofmasks.lab;
}
