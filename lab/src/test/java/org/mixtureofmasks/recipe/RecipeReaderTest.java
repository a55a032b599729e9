package org.mixtureofmasks.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.UserError;

class RecipeReaderTest {
  private static final Key<String> MODEL = Key.path("model", "where the model lies");
  private static final Key<Integer> EXPERTS =
      Key.integer("masks.experts", 32, 1, 1024, "masks", "masks of a layer");
  private static final Key<Double> TARGET =
      Key.number("masks.target", 0.5, Kind.Range.above(0, 1), "share", "what a token uses");
  private static final Key<Boolean> STRAIGHT =
      Key.flag("masks.straight_through", true, "whether the router learns from the loss");
  private static final Key<String> START =
      Key.choice("masks.start", "calibrated", List.of("calibrated", "ones"), "the first masks");
  private static final Key<List<Source>> DATA = Key.sources("data.train", "what to train on");
  private static final Key<Double> LR =
      Key.number("train.lr", 4e-4, Kind.Range.above(0, 1), "", "peak learning rate");

  private static final RecipeReader READER =
      new RecipeReader(
          List.of(
              new RecipeSection("", "The model.", List.of(MODEL)),
              new RecipeSection("masks", "Masks.", List.of(EXPERTS, TARGET, STRAIGHT, START)),
              new RecipeSection("data", "Data.", List.of(DATA)),
              new RecipeSection("train", "Training.", List.of(LR))),
          Map.of("MODELS", "/big"));

  private static Recipe read(String text, String... overrides) {
    return READER.read(text, "r.yaml", Path.of("/home/me"), List.of(overrides));
  }

  private static String refusal(String text, String... overrides) {
    UserError error = assertThrows(UserError.class, () -> read(text, overrides));
    assertEquals(UserError.USAGE, error.exitCode());
    assertFalse(error.getMessage().contains("\n"), error.getMessage());
    return error.getMessage();
  }

  @Test
  void whatTheRecipeDoesNotSayIsTheDefault() {
    Recipe recipe = read("model: m\nmasks: {experts: 8}\n");
    assertEquals(8, recipe.get(EXPERTS));
    assertEquals(0.5, recipe.get(TARGET));
    assertTrue(recipe.given(EXPERTS));
    assertFalse(recipe.given(TARGET));
  }

  @Test
  void anUnknownKeyIsRefusedWithItsLineAndTheNearestOne() {
    assertEquals(
        "r.yaml:3: unknown key 'masks.expert' (did you mean 'masks.experts'?)",
        refusal("model: m\nmasks:\n  expert: 8\n"));
  }

  @Test
  void aKeyInTheWrongSectionIsRefusedWithTheRightOne() {
    assertEquals(
        "r.yaml:2: unknown key 'lr' (did you mean 'train.lr'?)", refusal("model: m\nlr: 0.1\n"));
  }

  @Test
  void aTargetOutsideItsRangeIsRefused() {
    for (String bad : List.of("0", "1.5", "-0.5", ".nan")) {
      String message = refusal("model: m\nmasks:\n  target: " + bad + "\n");
      assertTrue(message.startsWith("r.yaml:3: masks.target: "), message);
      assertTrue(message.endsWith("in (0, 1]"), message);
    }
    assertEquals(1, read("model: m\nmasks: {target: 1}\n").get(TARGET));
  }

  @Test
  void valuesOfAnotherKindAreRefused() {
    assertEquals(
        "r.yaml:2: masks.experts: '3.5' is not a whole number in [1, 1024]",
        refusal("model: m\nmasks: {experts: 3.5}\n"));
    assertEquals(
        "r.yaml:2: masks.experts: the quoted text '8' is not a whole number",
        refusal("model: m\nmasks: {experts: \"8\"}\n"));
    assertEquals(
        "r.yaml:2: masks.straight_through: 'yes' is neither true nor false",
        refusal("model: m\nmasks: {straight_through: yes}\n"));
    assertEquals(
        "r.yaml:2: masks.start: 'calibratd' is not one of calibrated, ones"
            + " (did you mean 'calibrated'?)",
        refusal("model: m\nmasks: {start: calibratd}\n"));
    assertEquals(
        "r.yaml:2: train.lr: a sequence is not a number", refusal("model: m\ntrain: {lr: [1]}\n"));
    assertEquals(
        "r.yaml:2: train.lr: nothing is not a number", refusal("model: m\ntrain: {lr: }\n"));
  }

  @Test
  void aMissingRequiredKeyIsNamed() {
    assertEquals(
        "r.yaml: the key model is missing: where the model lies", refusal("masks: {experts: 8}\n"));
  }

  @Test
  void overridesWinAndAreCheckedAlike() {
    Recipe recipe = read("model: m\nmasks: {target: 0.7}\n", "masks.target=0.25", "train.lr=1e-3");
    assertEquals(0.25, recipe.get(TARGET));
    assertEquals(1e-3, recipe.get(LR));
    assertEquals(
        "--set masks.targt=1: unknown key 'masks.targt' (did you mean 'masks.target'?)",
        refusal("model: m\n", "masks.targt=1"));
    assertEquals(
        "--set masks.target=2: masks.target: 2 is not in (0, 1]",
        refusal("model: m\n", "masks.target=2"));
    assertEquals(
        "--set masks.target: write key=value, for example train.steps=100",
        refusal("model: m\n", "masks.target"));
  }

  @Test
  void pathsStartAtTheRecipeAndKnowTheEnvironment() {
    Recipe recipe =
        read("model: ${MODELS}/m\ndata:\n  train: [a.u16, {file: ../b.u16, weight: 2}]\n");
    assertEquals("/big/m", recipe.get(MODEL));
    assertEquals(
        List.of(new Source("/home/me/a.u16", 1), new Source("/home/b.u16", 2)), recipe.get(DATA));
    assertEquals(
        "r.yaml:1: model: the environment variable NONE of '${NONE}/m' is not set",
        refusal("model: ${NONE}/m\n"));
    assertEquals(
        "r.yaml:2: unknown key 'wieght' (did you mean 'weight'?)",
        refusal("model: m\ndata: {train: [{file: a, wieght: 1}]}\n"));
  }

  @Test
  void yamlThatCouldMeanSomethingElseIsRefused() {
    assertEquals(
        "r.yaml:2: the key model stands here a second time", refusal("model: m\nmodel: n\n"));
    assertTrue(refusal("model: m\nmodel: [\n").startsWith("r.yaml:"));
    assertTrue(refusal("model: !java.lang.Runtime m\n").contains("no tags"));
    assertTrue(refusal("- model\n").contains("a recipe is made of lines 'key: value'"));
    assertTrue(refusal("model: m\nmasks: 8\n").contains("the section masks is made of lines"));
    assertTrue(refusal("").contains("the key model is missing"));
  }

  @Test
  void theResolvedRecipeReadsBackAsTheSameRecipe() {
    Recipe recipe = read("model: my model\nmasks: {experts: 8}\ndata: {train: [a b.u16, c.u16]}\n");
    String yaml = recipe.resolvedYaml();
    Recipe again = READER.read(yaml, "resolved", Path.of("/elsewhere"), List.of());
    assertEquals(recipe.hash(), again.hash());
    assertEquals(yaml, again.resolvedYaml());
    assertTrue(
        yaml.contains(
            "  # what a token uses (unit: share; in (0, 1]; default: 0.5)\n  target: 0.5\n"),
        yaml);
  }

  @Test
  void theHashFollowsValuesNotSpelling() {
    String hash = read("model: m\nmasks: {experts: 8, target: 0.5}\n").hash();
    assertEquals(hash, read("masks:\n  experts: 8   # eight\nmodel: m\n").hash());
    assertNotEquals(hash, read("model: m\nmasks: {experts: 9}\n").hash());
  }
}
