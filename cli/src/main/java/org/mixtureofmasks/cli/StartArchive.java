package org.mixtureofmasks.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/**
 * The AOT cache that makes starts short; java goes on without a word when it does not fit.
 *
 * @param inUse whether this JVM runs from it
 * @param description for people, with the remedy where it is not
 */
record StartArchive(boolean inUse, String description) {
  /** That of this JVM. */
  static StartArchive here() {
    String file;
    try {
      file =
          ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
              .getVMOption("AOTCache")
              .getValue();
    } catch (IllegalArgumentException e) {
      return new StartArchive(false, "this JVM has none (made by JDK 25's HotSpot)");
    }
    return of(file, String.valueOf(System.getProperty("java.vm.info")));
  }

  /**
   * @param file of java's option -XX:AOTCache, may be empty
   * @param vmInfo "mixed mode, sharing" when the file named is used
   */
  static StartArchive of(String file, String vmInfo) {
    if (file.isEmpty()) {
      return new StartArchive(
          false, "none, starts take longer: java was started without -XX:AOTCache");
    }
    return vmInfo.contains("sharing")
        ? new StartArchive(true, "in use: " + file)
        : new StartArchive(
            false,
            "not in use, starts take longer: %s does not fit this JVM; delete it and ./mom makes it anew"
                .formatted(file));
  }
}
