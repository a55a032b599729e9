package org.mixtureofmasks.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.mixtureofmasks.UserError;
import org.mixtureofmasks.sparsify.Method.ParameterGroup;

/**
 * AdamW (Loshchilov and Hutter 2019) in groups, through libtorch's fused operator: one pass over
 * weight, gradient and both moments, three times as fast as the C++ optimiser class. A tensor
 * without a gradient is left alone, moments and all.
 */
final class AdamW {
  private static final double EPSILON = 1e-8;

  /** A trainable tensor and its moments; steps is a scalar tensor, as the operator wants it. */
  private record Slot(String name, Tensor tensor, Tensor mean, Tensor square, Tensor steps) {}

  private final List<ParameterGroup> groups;
  private final Map<String, List<Slot>> slots = new LinkedHashMap<>();
  private final double beta1;
  private final double beta2;
  private final OperatorHandle operator;

  AdamW(List<ParameterGroup> groups, double beta1, double beta2) {
    this.groups = List.copyOf(groups);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.operator = Dispatcher.singleton().findSchemaOrThrow("aten::_fused_adamw_", "");
    for (ParameterGroup group : groups) {
      List<Slot> list = new ArrayList<>();
      group
          .tensors()
          .forEach(
              (name, t) ->
                  list.add(
                      new Slot(
                          name,
                          t,
                          torch.zeros_like(t.detach()),
                          torch.zeros_like(t.detach()),
                          torch.zeros(new long[0]))));
      if (slots.put(group.name(), list) != null) {
        throw new IllegalArgumentException("two groups named %s".formatted(group.name()));
      }
    }
  }

  /** One update with every group's learning rate times the factor. */
  void step(double factor) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      for (ParameterGroup group : groups) {
        List<Slot> moving =
            Objects.requireNonNull(slots.get(group.name())).stream()
                .filter(s -> s.tensor().grad().defined())
                .toList();
        if (moving.isEmpty()) {
          continue;
        }
        moving.forEach(s -> s.steps().add_(new Scalar(1)));
        IValueVector arguments = new IValueVector();
        arguments.push_back(list(moving.stream().map(Slot::tensor).toList()));
        arguments.push_back(list(moving.stream().map(s -> s.tensor().grad()).toList()));
        arguments.push_back(list(moving.stream().map(Slot::mean).toList()));
        arguments.push_back(list(moving.stream().map(Slot::square).toList()));
        arguments.push_back(list(List.of())); // largest squares: AMSGrad only
        arguments.push_back(list(moving.stream().map(Slot::steps).toList()));
        for (double d :
            new double[] {
              group.learningRate() * factor, beta1, beta2, group.weightDecay(), EPSILON
            }) {
          arguments.push_back(new IValue(d));
        }
        arguments.push_back(new IValue(false)); // amsgrad
        arguments.push_back(new IValue(false)); // maximize
        arguments.push_back(new IValue()); // grad_scale
        arguments.push_back(new IValue()); // found_inf
        operator.callBoxed(arguments);
      }
    }
  }

  /** All that it moves, in the order of the groups. */
  List<Tensor> tensors() {
    return slots.values().stream().flatMap(List::stream).map(Slot::tensor).toList();
  }

  /** Forgets all gradients. */
  void clearGradients() {
    try (PointerScope _ = new PointerScope()) {
      slots.values().forEach(list -> list.forEach(s -> s.tensor().mutable_grad().reset()));
    }
  }

  /** Frees gradients and moments: no step can follow. */
  void free() {
    clearGradients();
    for (List<Slot> list : slots.values()) {
      list.forEach(s -> List.of(s.mean(), s.square(), s.steps()).forEach(Tensor::close));
    }
  }

  /** The moments by name, for checkpoints. */
  Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    for (List<Slot> list : slots.values()) {
      for (Slot s : list) {
        state.put(s.name() + ".exp_avg", s.mean());
        state.put(s.name() + ".exp_avg_sq", s.square());
        state.put(s.name() + ".step", s.steps());
      }
    }
    return state;
  }

  /** Sets the moments back. */
  void restore(Map<String, Tensor> saved) {
    try (NoGradGuard _ = new NoGradGuard()) {
      state()
          .forEach(
              (name, t) -> {
                Tensor from = saved.get(name);
                if (from == null) {
                  throw new UserError("the checkpoint lacks the optimiser's %s".formatted(name));
                }
                t.copy_(from);
              });
    }
  }

  private static IValue list(List<Tensor> tensors) {
    GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
    tensors.forEach(t -> list.push_back(new IValue(t)));
    return new IValue(list);
  }
}
