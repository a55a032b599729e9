package org.mixtureofmasks.kernel;

import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.mixtureofmasks.UserError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that decides between vector and scalar kernels and says why.
 *
 * @param kernels what computes
 * @param reason why, with the flag that mends it where something is missing
 */
public record KernelChoice(Kernels kernels, String reason) {
  /** System property: "vector" insists, "scalar" declines, absent chooses by the machine. */
  public static final String PROPERTY = "mom.kernel";

  private static final Logger LOG = LoggerFactory.getLogger(KernelChoice.class);

  /** Whether the vector kernels were chosen. */
  public boolean vector() {
    return kernels instanceof VectorKernels;
  }

  /** The choice of this JVM, made and logged once. */
  public static KernelChoice get() {
    return Holder.CHOICE;
  }

  /** Initialised on first use, by whichever thread is first. */
  private static final class Holder {
    private static final KernelChoice CHOICE = announced(choose(System.getProperty(PROPERTY)));
  }

  private static KernelChoice announced(KernelChoice choice) {
    if (choice.vector() || "scalar".equals(System.getProperty(PROPERTY))) {
      LOG.info("kernels: {} ({})", choice.kernels().name(), choice.reason());
    } else {
      LOG.warn("kernels: {}, many times slower ({})", choice.kernels().name(), choice.reason());
    }
    return choice;
  }

  /**
   * Decides; {@code wish} as the property {@value #PROPERTY} has it.
   *
   * @throws UserError for an unknown wish, or "vector" where it cannot be had
   */
  static KernelChoice choose(@Nullable String wish) {
    String obstacle = obstacle();
    switch (wish == null ? "" : wish.toLowerCase(Locale.ROOT)) {
      case "scalar" -> {
        return new KernelChoice(new ScalarKernels(), "asked for by -D" + PROPERTY + "=scalar");
      }
      case "vector" -> {
        if (obstacle != null) {
          throw new UserError("-D%s=vector cannot be had: %s".formatted(PROPERTY, obstacle));
        }
      }
      case "" -> {
        if (obstacle != null) {
          return new KernelChoice(new ScalarKernels(), obstacle);
        }
      }
      default -> throw UserError.usage("-D%s=%s: use vector or scalar".formatted(PROPERTY, wish));
    }
    NativeKernels.Link library =
        NativeKernels.link(System.getProperty(NativeKernels.PROPERTY), VectorKernels.vectorBits());
    if (library.unusable()) {
      LOG.warn("{}; Java's kernels compute, which have the same bits", library.reason());
    }
    return new KernelChoice(
        new VectorKernels(library),
        "Vector API%s, %s, C2%s%s, %s"
            .formatted(
                ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
                    ? " as a module"
                    : " on the boot class path",
                System.getProperty("os.arch"),
                narrow(VectorKernels.vectorBits()),
                library.kernels() == null
                    ? ", " + Prefetch.description()
                    : "", // the library has its own
                library.reason()));
  }

  /** Says so where vectors are shorter than the longest that the kernels are made for. */
  static String narrow(int bits) {
    return bits >= 512
        ? ""
        : ", vectors of %d bits and not 512: what this CPU (or -XX:MaxVectorSize) gives"
            .formatted(bits);
  }

  /** As a module, or appended to the boot class path, as the launcher does. */
  private static boolean vectorApi() {
    try {
      Class.forName("jdk.incubator.vector.Vector", false, KernelChoice.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /** Why vectors would be missing or slow here, or null. */
  private static @Nullable String obstacle() {
    if (!vectorApi()) {
      return "the Vector API is not loaded: add --add-modules jdk.incubator.vector to java";
    }
    // Without C2 every vector is an object on the heap: slower than scalar code.
    String vm = String.valueOf(System.getProperty("java.vm.info"));
    if (vm.contains("emulated-client") || vm.contains("interpreted")) {
      return "this JVM runs without its optimising compiler ("
          + vm
          + "): remove -XX:TieredStopAtLevel or -Xint";
    }
    if (VectorKernels.vectorBits() < 128 || VectorKernels.vectorBits() > 512) {
      return "this CPU (or -XX:MaxVectorSize) has vectors of "
          + VectorKernels.vectorBits()
          + " bits; the kernels are made for 128, 256 and 512";
    }
    return null;
  }
}
