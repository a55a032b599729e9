package org.mixtureofmasks;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The rules between rooms that HACKING.md states, for the architecture test of each module. */
public final class Rooms {
  private static final String ROOT = "org.mixtureofmasks.";
  private final JavaClasses code;

  private Rooms(JavaClasses code) {
    this.code = code;
  }

  /** The classes of the module whose test runs, and no tests. */
  public static Rooms ofThisModule() {
    return new Rooms(
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPath(Path.of("target", "classes")));
  }

  /** Every class of every module on the class path, and no tests. */
  public static Rooms ofAllModules() {
    return new Rooms(
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            // What other modules' tests share comes as jars, which that option does not know.
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("org.mixtureofmasks"));
  }

  public Rooms haveNoCycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(code);
    return this;
  }

  /** None of these rooms knows one of those; names are packages below org.mixtureofmasks. */
  public Rooms doNotKnow(String[] these, String... those) {
    noClasses()
        .that()
        .resideInAnyPackage(packages(these))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(packages(those))
        .check(code);
    return this;
  }

  /** Classes outside of a room do not depend on a package, given in full as ArchUnit writes it. */
  public Rooms doNotKnowOutside(String room, String packageName) {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages(room))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(packageName)
        .check(code);
    return this;
  }

  /** No class depends on these packages, given in full as ArchUnit writes them. */
  public Rooms doNotUse(String... packages) {
    noClasses().should().dependOnClassesThat().resideInAnyPackage(packages).check(code);
    return this;
  }

  /** No class of these rooms depends on a package, given in full as ArchUnit writes it. */
  public Rooms doNotUseIn(String[] rooms, String packageName) {
    noClasses()
        .that()
        .resideInAnyPackage(packages(rooms))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(packageName)
        .check(code);
    return this;
  }

  public Rooms printNothingBut(String... rooms) {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages(rooms))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(code);
    return this;
  }

  public Rooms mapNoFilesBut(String... rooms) {
    noClasses()
        .that()
        .resideOutsideOfPackages(packages(rooms))
        .should()
        .dependOnClassesThat()
        .areAssignableTo(FileChannel.class)
        .check(code);
    return this;
  }

  /** Functions of C are called by these classes alone, named in full, and those within them. */
  public Rooms callNativeCodeOnlyFrom(String... classNames) {
    String names =
        Arrays.stream(classNames).map(Pattern::quote).collect(Collectors.joining("|", "(", ")"));
    noClasses()
        .that()
        .haveNameNotMatching(names + "(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .check(code);
    return this;
  }

  private static String[] packages(String... rooms) {
    String[] packages = new String[rooms.length];
    for (int i = 0; i < rooms.length; i++) {
      packages[i] = ROOT + rooms[i] + "..";
    }
    return packages;
  }
}
