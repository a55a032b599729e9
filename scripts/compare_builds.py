#!/usr/bin/env python3
"""Is one build as fast as another? Two checkouts of this project in turns, whole processes, a quiet machine.

    scripts/compare_builds.py OLD NEW --model MODEL [--model MODEL ...]     decode and prompt, by `mom bench`
    scripts/compare_builds.py OLD NEW --model MODEL --start                 wall clock of `mom generate`, 16 tokens

OLD and NEW are folders with a ./mom that has been built. Each pair runs OLD and NEW one after the other, the order
changes from pair to pair. Printed: the median over the pairs of NEW / OLD (a rate; for --start OLD / NEW, so that more
than 1 is always faster) with the interval that holds the median with 95 % probability (order statistics of a binomial).
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("old")
parser.add_argument("new")
parser.add_argument("--model", action="append", required=True)
parser.add_argument("--pairs", type=int, default=20)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--tokens", type=int, default=64, help="decoded tokens of one pass")
parser.add_argument("--repetitions", type=int, default=5)
parser.add_argument("--start", action="store_true")
parser.add_argument("--tokenizer", help="of a model that has none beside it (--start)")
parser.add_argument("--out", help="a JSON file with every figure")
args = parser.parse_args()

FIGURES = ["decode_tokens_per_second", "prompt_tokens_per_second"]


def bench(build, model):
    text = subprocess.run(
        [os.path.join(build, "mom"), "bench", model, "--threads", str(args.threads), "--tokens", str(args.tokens),
         "--repetitions", str(args.repetitions), "--json"], check=True, capture_output=True, text=True).stdout
    found = json.loads(text)
    found = found.get("model", found) if isinstance(found.get("model"), dict) else found
    return {name: found[name] for name in FIGURES}


def start(build, model):
    command = [os.path.join(build, "mom"), "generate", model, "--prompt", "Once upon a time", "--max-tokens", "16"]
    if args.tokenizer:
        command += ["--tokenizer", args.tokenizer]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return {"starts_per_second": 1 / (time.monotonic() - begun)}


def interval(values):
    """Order statistics that hold the median with at least 95 %."""
    n, values = len(values), sorted(values)
    tail, k = 0.0, 0
    while k < n // 2 and tail + math.comb(n, k) / 2 ** n <= 0.025:
        tail += math.comb(n, k) / 2 ** n
        k += 1
    return (values[k - 1], values[n - k]) if k > 0 else (values[0], values[-1])


measure = start if args.start else bench
report = {"command": "scripts/compare_builds.py " + " ".join(os.sys.argv[1:]), "models": {}}
for model in args.model:
    pairs = []
    for i in range(args.pairs):
        order = ["old", "new"] if i % 2 == 0 else ["new", "old"]
        pair = {which: measure(getattr(args, which), model) for which in order}
        pairs.append(pair)
    report["models"][model] = {"pairs": pairs, "ratios": {}}
    for name in pairs[0]["old"]:
        ratios = [p["new"][name] / p["old"][name] for p in pairs]
        low, high = interval(ratios)
        old = statistics.median(p["old"][name] for p in pairs)
        new = statistics.median(p["new"][name] for p in pairs)
        report["models"][model]["ratios"][name] = {"median": statistics.median(ratios), "low": low, "high": high}
        print(f"{model} {name}: {old:.4g} -> {new:.4g}, ratio {statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}]"
              f" over {len(ratios)} pairs", flush=True)
if args.out:
    with open(args.out, "w") as out:
        json.dump(report, out)
