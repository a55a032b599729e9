#!/usr/bin/env python3
"""Tries choices of what a token reads of an FFN, untrained, in PyTorch: perplexity over the dense model's.

    scripts/choice_trials.py MODEL TEXT[,TEXT...] '[{"choice": "inputs", "inputs": 0.6, "neurons": 0.3},
        {"choice": "preview", "tiers": [[0.25, 4], [0.4, 2]], "neurons": 0.425, "means": true}]' [CALIBRATION]

Wants torch and transformers; MODEL is a Hugging Face folder of a LLaMA-like model, of each TEXT 20 rows of 512 tokens are
read, in fp32; of CALIBRATION, a text too, the first 8,192 tokens for what a trial takes from calibration. For finding out
what is worth building; what is built is measured by mom.

oracle    the share "neurons" of the largest activations times the norm of the down column
inputs    gate and up read the largest inputs, down the largest activations (shares of each layer's values)
preview   gate and up of the token's largest inputs from a copy in few bits, one scale an input, tuned to a Gaussian:
          "tiers" [[share, bits], ...] from the largest inputs on, bits of one copy of "top" bits (4); the share "neurons"
          that it says are largest is computed exactly. "ups": of these only so many go on once the gate is known;
          "downs": only so many reach the output. "norms": true multiplies an input by its column's norm where the largest
          are chosen; "folded": false multiplies a neuron's score by the norm of its down column rather than its column in
          the copy; "centroids": true has a level stand for the mean of a Gaussian's weights in it rather than for its
          middle (of fewer bits than "top" it always does); "by_loss": true weighs that norm's outputs by the squared gradient of the loss;
          "rest": [share, bits] has so many of the next largest neurons add what is foreseen of them, along their down columns in so
          many bits; of the first rows it is printed which part of the squares of what they add is told so
Both: "means": true is of what inputs are beside their means on CALIBRATION, and what the means give is exact;
"components": N principal components of the inputs are read besides, whole (preview: in 8 bits), by all tokens.
The share printed counts bytes of bf16 weights, the copy's and the components' among them.
"""
import json
import math
import sys
import time

import torch
from torch.nn.functional import cross_entropy, silu
from transformers import AutoModelForCausalLM, AutoTokenizer

STEP = {4: .3352, 3: .586, 2: .9957}  # of a uniform quantiser for a Gaussian, in standard deviations


def levels(top, bits):
    """What each number of the upper "bits" of "top" stands for, in standard deviations of a Gaussian."""
    def below(x):
        return .5 * (1 + math.erf(x / math.sqrt(2)))

    def density(x):
        return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    half = 2 ** bits // 2
    width = STEP[top] * 2 ** (top - bits)
    edges = [-1e9] + [n * width for n in range(1 - half, half)] + [1e9]
    return torch.tensor([(density(a) - density(b)) / (below(b) - below(a)) for a, b in zip(edges, edges[1:])])


def quantised(w, top, bits, centroids):
    """A copy with one scale for each input, w is neurons x inputs."""
    deviation = w.std(0, keepdim=True)
    half = 2 ** top // 2
    number = torch.floor(w / (STEP[top] * deviation)).clamp(-half, half - 1).long() + half
    if bits == top and not centroids:
        return (number - half + .5) * STEP[top] * deviation
    return levels(top, bits)[number >> (top - bits)] * deviation


def rounded(w):
    """In 8 bits, one scale for each column."""
    scale = w.abs().amax(0, keepdim=True) / 127
    return torch.round(w / scale) * scale


def largest(values, share):
    if share >= 1:
        return torch.ones_like(values, dtype=torch.bool)
    flat = values.flatten()
    return values > flat.kthvalue(max(1, round((1 - share) * flat.numel()))).values


def known(layer, x, trial):
    """What is known of x without reading it: its mean, and its principal components."""
    base = layer.mean.expand_as(x) if trial.get("means") else torch.zeros_like(x)
    if trial.get("components"):
        basis = layer.basis[:, :trial["components"]]
        base = base + (x - base) @ basis @ basis.T
    return base


def ffn(layer, x, trial):
    x, shape = x.reshape(-1, x.shape[-1]), x.shape
    gate, up, down = (p.weight for p in (layer.gate_proj, layer.up_proj, layer.down_proj))
    weight = down.norm(dim=0)
    choice = trial["choice"]
    if choice == "inputs":
        base = known(layer, x, trial)
        read = base + (x - base) * largest((x - base).abs(), trial["inputs"])
        a = silu(read @ gate.T) * (read @ up.T)
        a = a * largest(a.abs(), trial["neurons"])
    else:
        g = silu(x @ gate.T)
        a = g * (x @ up.T)
        if choice == "oracle":
            a = a * largest(a.abs() * weight, trial["neurons"])
        elif choice == "preview":
            kept, guessed_gate, guessed_up = foreseen(layer, x, trial, weight)
            if "ups" in trial:
                kept = kept & largest((g * guessed_up).abs() * kept, trial["ups"])
            a = a * kept
            if "downs" in trial:
                a = a * largest(a.abs() * weight, trial["downs"])
            if "rest" in trial:
                score = silu(guessed_gate) * guessed_up
                others = largest(score.abs(), trial["neurons"] + trial["rest"][0]) & ~kept
                if layer.told is None:
                    exact = g * (x @ up.T) * weight
                    layer.told = float(1 - ((exact - score)[others] ** 2).sum() / (exact[others] ** 2).sum())
                return (a @ down.T + (score * others) @ layer.directions.T).reshape(shape)
    return (a @ down.T).reshape(shape)


def foreseen(layer, x, trial, weight):
    base = known(layer, x, trial)
    norms = (layer.gate_proj.weight.pow(2).sum(0) + layer.up_proj.weight.pow(2).sum(0)).sqrt() if trial.get("norms") else 1
    beside = (x - base) * norms
    guessed = [layer.of_base[half](base) for half in (0, 1)]
    taken, so_far = torch.zeros_like(x, dtype=torch.bool), 0
    for share, bits in trial["tiers"]:
        so_far += share
        tier = largest(beside.abs(), so_far)
        read = (x - base) * (tier & ~taken)
        taken = tier
        guessed = [guessed[half] + read @ layer.preview[bits][half].T for half in (0, 1)]
    if trial.get("folded") is False:
        guessed[1] = guessed[1] * weight
    return largest((silu(guessed[0]) * guessed[1]).abs(), trial["neurons"]), guessed[0], guessed[1]


def share(trial, config):
    hidden, neurons = config.hidden_size, config.intermediate_size
    if trial["choice"] == "oracle":
        return trial["neurons"]
    components = trial.get("components", 0) * (hidden + 2 * neurons) / (3 * hidden * neurons)
    if trial["choice"] == "inputs":
        return (2 * trial["inputs"] + trial["neurons"]) / 3 + components
    bits = sum(part * bits for part, bits in trial["tiers"])
    components = trial.get("components", 0) * (2 * hidden + 2 * neurons) / (6 * hidden * neurons)
    ups = trial.get("ups", trial["neurons"])
    rest = trial["rest"][0] * trial["rest"][1] / 48 if "rest" in trial else 0
    return bits / 16 * 2 / 3 + (trial["neurons"] + ups + trial.get("downs", ups)) / 3 + components + rest


def prepare(layer, trial):
    """The copies, and how what is known of an input becomes sums."""
    gate, up = layer.gate_proj.weight.data, layer.up_proj.weight.data
    if trial.get("folded", True):
        squares = layer.down_proj.weight.data.pow(2)
        up = up * (squares * (layer.squares[:, None] if trial.get("by_loss") else 1)).sum(0).sqrt()[:, None]
    top = trial.get("top", 4)
    layer.preview = {bits: [quantised(w, top, bits, trial.get("centroids")) for w in (gate, up)] for _, bits in trial["tiers"]}
    layer.told = None
    if "rest" in trial:
        down = layer.down_proj.weight.data
        layer.directions = quantised(down / down.norm(dim=0).clamp_min(1e-30), trial["rest"][1], trial["rest"][1], True)
    components = trial.get("components", 0)
    if components:
        basis = layer.basis[:, :components]
        mean = layer.mean if trial.get("means") else torch.zeros_like(layer.mean)
        layer.of_base = [lambda base, w=w: mean @ w.T + (base - mean) @ basis @ rounded(w @ basis).T for w in (gate, up)]
    else:
        layer.of_base = [lambda base, w=w: base[:1] @ w.T for w in (gate, up)]


def calibrate(model, layers, ids):
    """Means and principal components of each layer's inputs; squared gradients of the loss by its outputs."""
    inputs, gradients = {}, {}

    def before(i):
        return lambda _, args: inputs.setdefault(i, []).append(args[0].detach().reshape(-1, args[0].shape[-1]))

    def after(i):
        def add(g):
            gradients[i] = gradients.get(i, 0) + g.reshape(-1, g.shape[-1]).pow(2).sum(0)
        return lambda _, __, out: out.register_hook(add) and None

    hooks = [h for i, layer in enumerate(layers)
             for h in (layer.register_forward_pre_hook(before(i)), layer.register_forward_hook(after(i)))]
    model.requires_grad_(False)
    model.get_input_embeddings().weight.requires_grad_(True)
    for i in range(0, len(ids) - 512, 512):
        row = torch.tensor(ids[i:i + 513])[None]
        logits = model(row[:, :-1]).logits
        cross_entropy(logits[0], row[0, 1:], reduction="sum").backward()
        model.zero_grad()
    for h in hooks:
        h.remove()
    for i, layer in enumerate(layers):
        x = torch.cat(inputs[i])
        layer.mean = x.mean(0)
        layer.basis = torch.linalg.eigh((x - layer.mean).T @ (x - layer.mean))[1].flip(1)
        layer.squares = gradients[i] / gradients[i].mean()


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    path, texts, trials = sys.argv[1], sys.argv[2].split(","), json.loads(sys.argv[3])
    if any("rest" in t and t.get("by_loss") for t in trials):
        sys.exit("rest and by_loss do not go together: a score that is weighed is not what a neuron adds")
    if len(sys.argv) == 4 and any(t.get(k) for t in trials for k in ("means", "components", "by_loss")):
        sys.exit("means, components and by_loss want a CALIBRATION text behind the trials")
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    layers = [layer.mlp for layer in model.model.layers]

    def read(text):
        with open(text, encoding="utf-8") as file:
            return tokenizer(file.read(200_000))["input_ids"]

    rows = {}
    for text in texts:
        ids = read(text)
        rows[text] = [torch.tensor(ids[i:i + 513]) for i in range(0, len(ids) - 513, 512)][:20]
    if len(sys.argv) == 5:
        calibrate(model, layers, read(sys.argv[4])[:8193])

    def perplexities(trial):
        for layer in layers:
            if trial["choice"] == "preview":
                prepare(layer, trial)
            layer.forward = lambda x, layer=layer: ffn(layer, x, trial)
        found = {}
        for text, some in rows.items():
            loss = 0
            for i in range(0, len(some), 4):
                batch = torch.stack(some[i:i + 4])
                logits = model(batch[:, :-1]).logits
                loss += cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="sum").item()
            found[text] = math.exp(loss / (len(some) * 512))
        return found

    with torch.no_grad():
        dense = perplexities({"choice": "dense"})
        print("dense", dense, flush=True)
        for trial in trials:
            start = time.time()
            found = perplexities(trial)
            if "rest" in trial:
                told = [layer.told for layer in layers]
                print("told %.2f (%.2f to %.2f)" % (sum(told) / len(told), min(told), max(told)))
            print(json.dumps(trial), "share %.3f" % share(trial, model.config),
                  " ".join("%s %.2f (%+.1f %%)" % (t, p, 100 * (p / dense[t] - 1)) for t, p in found.items()),
                  "%.0f s" % (time.time() - start), flush=True)


if __name__ == "__main__":
    main()
