package org.mixtureofmasks.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.io.AtomicFiles;
import org.mixtureofmasks.io.AtomicFolder;
import org.mixtureofmasks.io.Json;
import org.mixtureofmasks.io.StrictJson;

/**
 * All that a run needs to go on to the bit. On disk a folder, complete or absent, without a clock
 * in it: model.safetensors (fp32 masters), optimizer.safetensors (moments, once a step has made
 * some), method.safetensors (the method's tensors, when it has any), random.safetensors (libtorch's
 * generator), state.json.
 *
 * @param step optimiser steps done
 * @param tokens input tokens seen
 * @param cursor rows taken from each source
 * @param recipe hash of the resolved recipe
 * @param parent hash of the dense model
 * @param data hashes of the files of data, training before validation; none in a state that was
 *     written before they were kept
 * @param steps that the run is to have; empty in older checkpoints: the recipe's
 */
record TrainingCheckpoint(
    int step,
    long tokens,
    long[] cursor,
    String recipe,
    String parent,
    List<String> data,
    OptionalInt steps) {
  private static final int FORMAT = 1;

  /** Saves beside the tensors; an older checkpoint of the same name gives way at the end. */
  void save(
      Path folder,
      Map<String, Tensor> weights,
      Map<String, Tensor> optimizer,
      Map<String, Tensor> method) {
    try (AtomicFolder atomic = AtomicFolder.replacing(folder);
        PointerScope _ = new PointerScope()) {
      Path to = atomic.path();
      TensorFiles.write(to.resolve("model.safetensors"), weights);
      if (step > 0) { // zeros before
        TensorFiles.write(to.resolve("optimizer.safetensors"), optimizer);
      }
      if (!method.isEmpty()) {
        TensorFiles.write(to.resolve("method.safetensors"), method);
      }
      Tensor generator = torch.getDefaultCPUGenerator().get_state();
      TensorFiles.write(to.resolve("random.safetensors"), Map.of("torch_cpu", generator));
      AtomicFiles.writeString(to.resolve("state.json"), json() + "\n");
      atomic.commit();
    }
  }

  private String json() {
    ObjectNode state = Json.object();
    state.put("format_version", FORMAT);
    state.put("step", step);
    state.put("tokens", tokens);
    var rows = state.putArray("cursor");
    for (long c : cursor) {
      rows.add(c);
    }
    state.put("recipe", recipe);
    state.put("parent", parent);
    data.forEach(state.putArray("data")::add);
    steps.ifPresent(n -> state.put("steps", n));
    return Json.pretty(state);
  }

  /** What state.json says. */
  static TrainingCheckpoint read(Path folder) {
    Path file = folder.resolve("state.json");
    ObjectNode state = StrictJson.readObject(file, StrictJson.CONFIG_LIMIT);
    if (state.path("format_version").asInt() != FORMAT) {
      throw new UserError(
          "%s: format %s, this program reads %s: resume with the version that began the run"
              .formatted(file, state.path("format_version"), FORMAT));
    }
    return new TrainingCheckpoint(
        state.path("step").asInt(),
        state.path("tokens").asLong(),
        StreamSupport.stream(state.path("cursor").spliterator(), false)
            .mapToLong(node -> node.asLong())
            .toArray(),
        state.path("recipe").asText(),
        state.path("parent").asText(),
        StreamSupport.stream(state.path("data").spliterator(), false)
            .map(JsonNode::asText)
            .toList(),
        state.has("steps") ? OptionalInt.of(state.path("steps").asInt()) : OptionalInt.empty());
  }

  static Map<String, Tensor> weights(Path folder) {
    return TensorFiles.read(folder.resolve("model.safetensors"));
  }

  static Map<String, Tensor> optimizer(Path folder) {
    return TensorFiles.read(folder.resolve("optimizer.safetensors"));
  }

  static Map<String, Tensor> method(Path folder) {
    Path file = folder.resolve("method.safetensors");
    return Files.exists(file) ? TensorFiles.read(file) : Map.of();
  }

  /** Sets libtorch's generator back. */
  static void restoreRandom(Path folder) {
    Tensor state = TensorFiles.read(folder.resolve("random.safetensors")).get("torch_cpu");
    torch.getDefaultCPUGenerator().set_state(state);
  }
}
