package org.mixtureofmasks.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

class PrefetchTest {
  @Test
  void linux_on_x86_64_has_it() {
    assumeTrue(System.getProperty("os.name").equals("Linux"));
    assumeTrue(System.getProperty("os.arch").equals("amd64"));
    assertEquals("software prefetch", Prefetch.link(null).reason());
    assertNotNull(Prefetch.link("on").lines());
  }

  @Test
  void it_can_be_declined_and_says_so() {
    assertNull(Prefetch.link("off").lines());
    assertEquals("no software prefetch: -Dmom.prefetch=off", Prefetch.link("off").reason());
    assertNull(Prefetch.link("maybe").lines());
    assertTrue(Prefetch.link("maybe").reason().endsWith("=maybe, which means off (use on or off)"));
  }

  @Test
  void addresses_that_are_not_mapped_do_no_harm() {
    assertDoesNotThrow(() -> Prefetch.lines(8, 4096));
    assertDoesNotThrow(() -> Prefetch.lines(1 << 20, 1 << 20));
  }

  @Test
  void the_choice_of_kernels_names_it() {
    assumeTrue(KernelChoice.get().vector());
    assertTrue(KernelChoice.get().reason().contains(Prefetch.description()));
  }
}
