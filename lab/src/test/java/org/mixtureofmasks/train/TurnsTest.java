package org.mixtureofmasks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.mixtureofmasks.nn.SideBySide;

class TurnsTest {
  @Test
  void eachPartIsAddedToInTheOrderOfThePasses() {
    Turns turns = new Turns(2);
    List<List<Integer>> added = List.of(new ArrayList<>(), new ArrayList<>());
    SideBySide.inOrder(
        20,
        4,
        pass -> {
          for (int part = 1; part >= 0; part--) {
            List<Integer> sum = added.get(part);
            turns.take(part, pass, () -> sum.add(pass));
          }
          return true;
        },
        _ -> {});
    for (List<Integer> sum : added) {
      for (int pass = 0; pass < 20; pass++) {
        assertEquals(pass, sum.get(pass));
      }
    }
  }

  @Test
  void nobodyWaitsForAPassThatHasFailedAndItsFailureIsTheOneThatIsTold() {
    Turns turns = new Turns(1);
    List<Integer> added = new ArrayList<>();
    IllegalStateException told =
        assertThrows(
            IllegalStateException.class,
            () ->
                SideBySide.inOrder(
                    4,
                    4,
                    pass -> {
                      if (pass == 1) {
                        turns.fail(pass);
                        throw new IllegalStateException("out of order");
                      }
                      turns.take(0, pass, () -> added.add(pass));
                      return true;
                    },
                    _ -> {}));
    assertEquals("out of order", told.getMessage());
    assertEquals(List.of(0), added);
    assertThrows(CancellationException.class, () -> turns.take(0, 2, () -> added.add(2)));
  }
}
