package org.mixtureofmasks.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Which of the CPU's instructions that kernels profit from there are, as Linux names them. */
final class CpuFeatures {
  /** Of x86-64 and of AArch64. */
  private static final List<String> MATTER =
      List.of(
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx_vnni",
          "avx512_bf16",
          "amx_bf16",
          "asimd",
          "asimddp",
          "bf16",
          "i8mm",
          "sve",
          "sve2");

  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private CpuFeatures() {}

  /** Those of this machine; empty where the system does not tell. */
  static List<String> here() {
    if (!Files.isReadable(CPU_INFO)) {
      return List.of();
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
          .findFirst()
          .map(CpuFeatures::of)
          .orElse(List.of());
    } catch (IOException e) {
      return List.of(); // only to be shown
    }
  }

  /** Of a line such as "flags : fpu avx2". */
  static List<String> of(String line) {
    List<String> has = Arrays.asList(line.substring(line.indexOf(':') + 1).strip().split("\\s+"));
    return MATTER.stream().filter(has::contains).toList();
  }
}
