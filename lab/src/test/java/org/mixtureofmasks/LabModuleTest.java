package org.mixtureofmasks;

import org.junit.jupiter.api.Test;

/** The lab as a module. */
class LabModuleTest {
  @Test
  void verbsAndMethodsAreTheSameOnTheClassPathAndOnTheModulePath() throws Exception {
    Providers.areTheSameOnBothPaths();
  }
}
