#!/usr/bin/env python3
"""Trains a dense LLaMA with PyTorch as `mom sparsify recipes/mom-4m-dense.yaml` does: same rows in
the same order, same optimiser, same schedule, bf16 autocast. Prints tokens/s, to compare speeds on
one machine (alternate the two: speeds drift), and the final validation loss.

    scripts/pytorch_baseline.py lab/src/main/resources/org/mixtureofmasks/demo recipes/data --steps 20
Needs torch, numpy and transformers.
"""
import argparse
import math
import os
import statistics
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("data", help="folder with sparsify.u16 and valid-*.u16")
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--of", type=int, default=0, help="length of the schedule; default: --steps")
parser.add_argument("--batch-tokens", type=int, default=8192)
parser.add_argument("--micro-rows", type=int, default=32)
parser.add_argument("--row", type=int, default=257)
parser.add_argument("--lr", type=float, default=4e-4)
parser.add_argument("--warmup", type=float, default=0.02)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--skip-validation", action="store_true")
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.set_flush_denormal(True)
model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32, attn_implementation="sdpa")
model.train()
rows = np.memmap(os.path.join(args.data, "sparsify.u16"), dtype="<u2", mode="r").reshape(-1, args.row)
decay = [p for p in model.parameters() if p.dim() > 1]
rest = [p for p in model.parameters() if p.dim() <= 1]
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}],
    lr=args.lr, betas=(0.9, 0.95), fused=True)
length = args.of or args.steps
warmup = round(args.warmup * length)


def factor(step):
    if step < warmup:
        return (step + 1) / warmup
    t = (step - warmup) / max(1, length - warmup)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * t))


def loss_of(batch):
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(batch[:, :-1]).logits
    return F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())


def validate():
    total = tokens = 0
    model.eval()
    with torch.no_grad():
        for name in ("novel", "text", "fact", "wiki", "play"):
            data = np.fromfile(os.path.join(args.data, f"valid-{name}.u16"), dtype="<u2")
            data = torch.from_numpy(data.astype(np.int64).reshape(-1, args.row))
            for part in data.split(10):
                n = part.shape[0] * (args.row - 1)
                total += loss_of(part).item() * n
                tokens += n
    model.train()
    return total / tokens


step_rows = -(-args.batch_tokens // (args.row - 1))
speeds = []
for step in range(args.steps):
    begin = time.perf_counter()
    for group in optimizer.param_groups:
        group["lr"] = args.lr * factor(step)
    batch = torch.from_numpy(rows[step * step_rows:(step + 1) * step_rows].astype(np.int64))
    optimizer.zero_grad(set_to_none=True)
    mean = 0.0
    for part in batch.split(args.micro_rows):
        loss = loss_of(part) * (part.shape[0] / step_rows)
        loss.backward()
        mean += loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    speeds.append(step_rows * (args.row - 1) / (time.perf_counter() - begin))
    if step < 3 or step % 10 == 9:
        print(f"step {step + 1} loss {mean:.4f} tokens/s {speeds[-1]:.0f}", flush=True)
print(f"median tokens/s {statistics.median(speeds[1:] or speeds):.0f} best {max(speeds):.0f}")
if not args.skip_validation:
    print(f"validation loss {validate():.4f}")
