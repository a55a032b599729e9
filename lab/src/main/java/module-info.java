/** Makes sparse models: data, masks, training, compilation. */
module org.mixtureofmasks.lab {
  requires transitive org.mixtureofmasks.cli;
  requires transitive org.bytedeco.javacpp;
  requires transitive org.bytedeco.pytorch;
  requires org.bytedeco.openblas;
  requires java.management;
  requires jdk.management;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports org.mixtureofmasks.analyse;
  exports org.mixtureofmasks.compile;
  exports org.mixtureofmasks.data;
  exports org.mixtureofmasks.nn;
  exports org.mixtureofmasks.recipe;
  exports org.mixtureofmasks.report;
  exports org.mixtureofmasks.sparsify;
  exports org.mixtureofmasks.study;
  exports org.mixtureofmasks.train;

  opens org.mixtureofmasks.verbs to
      info.picocli;

  uses org.mixtureofmasks.sparsify.MethodProvider;

  provides org.mixtureofmasks.sparsify.MethodProvider with
      org.mixtureofmasks.sparsify.DenseProvider,
      org.mixtureofmasks.sparsify.cmoe.CmoeProvider,
      org.mixtureofmasks.sparsify.dsmoe.DsmoeProvider,
      org.mixtureofmasks.sparsify.mixtureofmasks.MixtureOfMasksProvider,
      org.mixtureofmasks.sparsify.moefication.MoeficationProvider,
      org.mixtureofmasks.sparsify.pertoken.PerTokenProvider,
      org.mixtureofmasks.sparsify.pruning.PruningProvider,
      org.mixtureofmasks.sparsify.tokenmasks.TokenMasksProvider;
  provides org.mixtureofmasks.cli.TrainingNeeds with
      org.mixtureofmasks.verbs.DefaultNeeds;
  provides org.mixtureofmasks.cli.Verb with
      org.mixtureofmasks.verbs.Analyse,
      org.mixtureofmasks.verbs.Demo,
      org.mixtureofmasks.verbs.Sparsify,
      org.mixtureofmasks.verbs.Resume,
      org.mixtureofmasks.verbs.Compile,
      org.mixtureofmasks.verbs.StudyVerb;
}
