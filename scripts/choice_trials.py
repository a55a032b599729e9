#!/usr/bin/env python3
"""Tries choices of what a token reads of an FFN, untrained, in PyTorch: perplexity over the dense model's.

    scripts/choice_trials.py MODEL TEXT[,TEXT...] '[{"choice": "inputs", "inputs": 0.6, "neurons": 0.3},
        {"choice": "preview", "bits": 4, "inputs": 0.45, "candidates": 0.425}]'

Wants torch and transformers; MODEL is a Hugging Face folder of a LLaMA-like model, of each TEXT 20 rows of 512 tokens are
read, in fp32. For finding out what is worth building; what is built is measured by mom.

inputs    gate and up read the largest inputs, down the largest activations (shares of each layer's values)
preview   gate and up of the token's largest inputs (by |x_i| times the column's norm) from a copy in "bits" bits, one
          Gaussian-tuned scale an input; the "candidates" (share of the neurons) that it says are largest are computed
          exactly. "ups": of these only so many go on once the gate is known; "downs": only so many reach the output.
          "norms": false leaves the columns' norms out of the inputs' choice; "folded": true scales the copy's up part
          by the norm of the neuron's down column, so that the copy itself says what a neuron weighs
The share printed counts bytes of bf16 weights, the copy's among them.
"""
import json
import math
import sys
import time

import torch
from torch.nn.functional import cross_entropy, silu
from transformers import AutoModelForCausalLM, AutoTokenizer

STEP = {4: .3352, 3: .586, 2: .9957}  # of a uniform quantiser for a Gaussian, in standard deviations


def quantised(w, bits):
    """A copy with one scale for each input, w is neurons x inputs."""
    step = STEP[bits] * w.std(0, keepdim=True)
    half = 2 ** bits / 2
    return (torch.floor(w / step).clamp(-half, half - 1) + .5) * step


def largest(values, share):
    if share >= 1:
        return torch.ones_like(values, dtype=torch.bool)
    flat = values.flatten()
    return values > flat.kthvalue(max(1, round((1 - share) * flat.numel()))).values


def ffn(layer, x, trial):
    x, shape = x.reshape(-1, x.shape[-1]), x.shape
    gate, up, down = (p.weight for p in (layer.gate_proj, layer.up_proj, layer.down_proj))
    if trial["choice"] == "dense":
        a = silu(x @ gate.T) * (x @ up.T)
    elif trial["choice"] == "inputs":
        read = x * largest(x.abs(), trial["inputs"])
        a = silu(read @ gate.T) * (read @ up.T)
        a = a * largest(a.abs(), trial["neurons"])
    else:
        weight = down.norm(dim=0)
        norms = (gate.pow(2).sum(0) + up.pow(2).sum(0)).sqrt() if trial.get("norms", True) else 1
        read = x * largest(x.abs() * norms, trial["inputs"])
        guessed_gate, guessed_up = read @ layer.preview[0].T, read @ layer.preview[1].T
        if not trial.get("folded"):
            guessed_up = guessed_up * weight
        kept = largest((silu(guessed_gate) * guessed_up).abs(), trial["candidates"])
        g = silu(x @ gate.T)
        if "ups" in trial:
            kept = kept & largest((g * guessed_up).abs() * kept, trial["ups"])
        a = g * (x @ up.T) * kept
        if "downs" in trial:
            a = a * largest(a.abs() * weight, trial["downs"])
    return (a @ down.T).reshape(shape)


def share(trial):
    if trial["choice"] == "dense":
        return 1
    if trial["choice"] == "inputs":
        return (2 * trial["inputs"] + trial["neurons"]) / 3
    ups = trial.get("ups", trial["candidates"])
    return trial["bits"] / 16 * 2 / 3 * trial["inputs"] + (trial["candidates"] + ups + trial.get("downs", ups)) / 3


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    path, texts, trials = sys.argv[1], sys.argv[2].split(","), json.loads(sys.argv[3])
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    rows = {}
    for text in texts:
        ids = tokenizer(open(text, encoding="utf-8").read())["input_ids"]
        rows[text] = [torch.tensor(ids[i:i + 513]) for i in range(0, len(ids) - 513, 512)][:20]
    layers = [layer.mlp for layer in model.model.layers]

    def perplexities(trial):
        for layer in layers:
            if trial["choice"] == "preview":
                up = layer.up_proj.weight.data
                if trial.get("folded"):
                    up = up * layer.down_proj.weight.data.norm(dim=0)[:, None]
                layer.preview = [quantised(w, trial["bits"]) for w in (layer.gate_proj.weight.data, up)]
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
            print(json.dumps(trial), "share %.3f" % share(trial),
                  " ".join("%s %.2f (%+.1f %%)" % (t, p, 100 * (p / dense[t] - 1)) for t, p in found.items()),
                  "%.0f s" % (time.time() - start), flush=True)


if __name__ == "__main__":
    main()
