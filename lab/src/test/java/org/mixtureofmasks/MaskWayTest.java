package org.mixtureofmasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.format.ExpertMasks;
import org.mixtureofmasks.format.Mask;
import org.mixtureofmasks.format.ShippedExperts;

/**
 * HACKING.md lists who holds a mask on its way from the method to the engine. Here the list is
 * walked: each class is there, and no class besides has a mask in a field, a parameter or a result.
 */
class MaskWayTest {
  private static final int MOST_PLACES = 8;
  private static final Pattern PLACE = Pattern.compile("^\\d+\\. ");
  private static final Pattern NAME = Pattern.compile("`(\\w+)`");
  private static final Set<String> MASKS =
      Stream.of(Mask.class, ExpertMasks.class, ShippedExperts.class)
          .map(Class::getName)
          .collect(Collectors.toSet());

  private final JavaClasses code =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar")) // core's, packaged
          .importPackages("org.mixtureofmasks");

  private static List<String> section() throws IOException {
    return Files.readAllLines(Path.of("..", "HACKING.md")).stream()
        .dropWhile(line -> !line.equals("## A mask's way"))
        .skip(1)
        .takeWhile(line -> !line.startsWith("## "))
        .toList();
  }

  /** Names of classes, and of rooms in lower case, in the section. */
  private static Set<String> names() throws IOException {
    return section().stream()
        .flatMap(line -> NAME.matcher(line).results().map(found -> found.group(1)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void aMaskIsHeldInAtMostEightPlaces() throws IOException {
    long places = section().stream().filter(line -> PLACE.matcher(line).find()).count();
    assertTrue(places > 0 && places <= MOST_PLACES, places + " places");
  }

  @Test
  void everyPlaceOfTheListIsThere() throws IOException {
    Set<String> known =
        code.stream()
            .flatMap(c -> Stream.of(c.getSimpleName(), room(c)))
            .collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>(names());
    unknown.removeAll(known);
    assertEquals(Set.of(), unknown);
  }

  @Test
  void nobodyBesidesTheListHoldsAMask() throws IOException {
    Set<String> listed = names();
    Set<String> unlisted =
        code.stream()
            .filter(c -> !listed.contains(outermost(c)) && !listed.contains(room(c)))
            .filter(MaskWayTest::holdsAMask)
            .map(JavaClass::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), unlisted);
  }

  /** The package below org.mixtureofmasks. */
  private static String room(JavaClass c) {
    String[] parts = c.getPackageName().split("\\.");
    return parts.length > 2 ? parts[2] : "";
  }

  private static String outermost(JavaClass c) {
    JavaClass outer = c;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer.getSimpleName();
  }

  private static boolean holdsAMask(JavaClass c) {
    Stream<JavaType> fields = c.getFields().stream().map(JavaField::getType);
    Stream<JavaType> codeUnits =
        c.getCodeUnits().stream()
            .filter(unit -> !unit.getName().startsWith("lambda$"))
            .flatMap(MaskWayTest::types);
    return Stream.concat(fields, codeUnits)
        .flatMap(type -> type.getAllInvolvedRawTypes().stream())
        .anyMatch(type -> MASKS.contains(type.getBaseComponentType().getName()));
  }

  private static Stream<JavaType> types(JavaCodeUnit unit) {
    return Stream.concat(unit.getParameterTypes().stream(), Stream.of(unit.getReturnType()));
  }
}
