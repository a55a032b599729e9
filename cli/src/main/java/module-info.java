/** The command mom: the frame of every verb, and the verbs that run and evaluate models. */
module org.mixtureofmasks.cli {
  requires transitive org.mixtureofmasks.eval;
  requires transitive info.picocli;
  requires java.logging;
  requires jdk.management;
  requires static transitive org.jspecify;

  exports org.mixtureofmasks.cli;

  opens org.mixtureofmasks.cli to
      info.picocli;

  uses org.mixtureofmasks.cli.TrainingNeeds;
  uses org.mixtureofmasks.cli.Verb;

  provides org.mixtureofmasks.cli.Verb with
      org.mixtureofmasks.cli.BenchVerb,
      org.mixtureofmasks.cli.CompareVerb,
      org.mixtureofmasks.cli.CompletionVerb,
      org.mixtureofmasks.cli.DoctorVerb,
      org.mixtureofmasks.cli.EvaluateVerb,
      org.mixtureofmasks.cli.GenerateVerb,
      org.mixtureofmasks.cli.ImportVerb,
      org.mixtureofmasks.cli.InspectVerb,
      org.mixtureofmasks.cli.QuantiseVerb;
}
