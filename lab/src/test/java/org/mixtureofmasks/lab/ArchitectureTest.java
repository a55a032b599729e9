package org.mixtureofmasks.lab;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.channels.FileChannel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rules between rooms that HACKING.md states. */
class ArchitectureTest {
  private static final String ROOT = "org.mixtureofmasks.";
  private static JavaClasses code;

  @BeforeAll
  static void readTheClasses() {
    code =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.mixtureofmasks");
  }

  @Test
  void roomsHaveNoCycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(code);
  }

  @Test
  void onlyTheCommandLinePrints() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "cli", ROOT + "lab")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(code);
  }

  @Test
  void kernelsKnowNoOtherRoom() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "kernel")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "checkpoint",
            ROOT + "model",
            ROOT + "tokenizer",
            ROOT + "generate",
            ROOT + "cli")
        .check(code);
  }

  @Test
  void tasksKnowNoModelAndNoJudge() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "task")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "evaluate",
            ROOT + "generate",
            ROOT + "kernel",
            ROOT + "model",
            ROOT + "tokenizer")
        .check(code);
  }

  @Test
  void reportsAreDrawnFromFilesAlone() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "report")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "analyse",
            ROOT + "study",
            ROOT + "train",
            ROOT + "nn",
            ROOT + "model",
            ROOT + "evaluate",
            ROOT + "tokenizer",
            ROOT + "cli")
        .check(code);
  }

  @Test
  void onlyTheCheckpointRoomMapsFiles() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "checkpoint")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(FileChannel.class)
        .check(code);
  }

  @Test
  void theEngineDoesNotKnowTheLab() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + "checkpoint",
            ROOT + "tokenizer",
            ROOT + "kernel",
            ROOT + "model",
            ROOT + "generate",
            ROOT + "evaluate",
            ROOT + "task",
            ROOT + "bench",
            ROOT + "cli")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + "nn..",
            ROOT + "data..",
            ROOT + "recipe..",
            ROOT + "sparsify..",
            ROOT + "train..",
            ROOT + "compile..",
            ROOT + "analyse..",
            ROOT + "report..",
            ROOT + "study..",
            ROOT + "lab..",
            "org.bytedeco..")
        .check(code);
  }

  @Test
  void nativeCodeIsReachedOnlyWhereItMayBe() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            ROOT + "kernel",
            ROOT + "nn..",
            ROOT + "data..",
            ROOT + "sparsify..",
            ROOT + "train..",
            ROOT + "compile..",
            ROOT + "lab..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(code);
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "tokenizer")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(code);
  }
}
