#!/usr/bin/env python3
"""Training speed beside PyTorch (bf16 autocast) on one machine, in one run: dense continuation here, the same in
PyTorch, and dense continuation with masks here, in turns, medians of the steps after the first.

    MOM_MODELS=/models scripts/trainer_speed.py --python /path/to/venv/bin/python --out docs/benchmarks/trainer.json

MOM_MODELS holds SmolLM2-135M-Instruct (left out when it is not there). The other python has torch, transformers and
numpy. Nothing else should run on the machine.
"""
import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = "lab/src/main/resources/org/mixtureofmasks/demo"

parser = argparse.ArgumentParser()
parser.add_argument("--python", default=sys.executable, help="a python that has torch")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--steps", type=int, default=8)
parser.add_argument("--out", help="a JSON file with every figure")
args = parser.parse_args()
os.chdir(ROOT)

shapes = {"mom-4m": (DEMO, 8192, 32)}
smol = os.path.join(os.environ.get("MOM_MODELS", ""), "SmolLM2-135M-Instruct")
if os.path.isdir(smol):
    shapes["SmolLM2-135M"] = (smol, 1024, 4)


def here(recipe, model, batch, rows, *settings):
    with tempfile.TemporaryDirectory() as out:
        command = ["./mom", "sparsify", f"recipes/{recipe}.yaml", "--out", f"{out}/run",
                   "--set", f"model={os.path.abspath(model)}", "--set", f"train.steps={args.steps}",
                   "--set", f"train.batch_tokens={batch}", "--set", f"train.micro_batch_rows={rows}",
                   "--set", "evaluate.rows=[]"]
        for s in settings:
            command += ["--set", s]
        subprocess.run(command, check=True, capture_output=True)
        with open(f"{out}/run/metrics.jsonl") as lines:
            speeds = [json.loads(line)["tokens_per_second"] for line in lines]
    return statistics.median(speeds[1:])


def pytorch(model, batch, rows):
    text = subprocess.run(
        [args.python, "scripts/pytorch_baseline.py", model, "recipes/data", "--steps", str(args.steps),
         "--batch-tokens", str(batch), "--micro-rows", str(rows), "--skip-validation"],
        check=True, capture_output=True, text=True).stdout
    return float(re.search(r"median tokens/s (\d+)", text).group(1))


results = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "steps": args.steps, "shapes": {}}
for shape, (model, batch, rows) in shapes.items():
    rounds = []
    for i in range(args.rounds):
        rounds.append({
            "dense": here("mom-4m-dense", model, batch, rows),
            "pytorch": pytorch(model, batch, rows),
            "masks": here("mom-4m-masks", model, batch, rows, "masks.distillation=0", "masks.calibration_tokens=4096"),
        })
        print(shape, "round", i + 1, {k: round(v) for k, v in rounds[-1].items()}, file=sys.stderr, flush=True)
    middle = {k: statistics.median(r[k] for r in rounds) for k in rounds[0]}
    results["shapes"][shape] = {
        "batch_tokens": batch, "rounds": rounds, "median": middle,
        "dense_over_pytorch": middle["dense"] / middle["pytorch"],
        "cost_of_masks": middle["dense"] / middle["masks"],
    }
    print(f"{shape}: dense {middle['dense']:.0f}, PyTorch {middle['pytorch']:.0f}, masks {middle['masks']:.0f} tokens/s;"
          f" {middle['dense'] / middle['pytorch']:.2f} of PyTorch, masks cost {middle['dense'] / middle['masks']:.2f}x")
if args.out:
    with open(args.out, "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
