#!/usr/bin/env python3
"""Decode and prompt speed of dense models and their sparse twins (training-free masks, E = 32, 50 % active) in fp32 and
bf16, several whole processes each, in turns; medians and the spread over processes.

    MOM_MODELS=/models MOM_TEXTS=/texts scripts/engine_table.py --out docs/benchmarks/engine.json

MOM_MODELS holds what there is of SmolLM2-135M-Instruct (Hugging Face folder), stories260K.bin with tok512.bin; mom-4m is
the embedded model. MOM_TEXTS holds calibration.txt. Nothing else should run on the machine.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = os.path.join(ROOT, "lab/src/main/resources/org/mixtureofmasks/demo")

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=5, help="processes of each row")
parser.add_argument("--work", default="/tmp/engine-table", help="folder for the sparse models; kept for the next run")
parser.add_argument("--threads", default="2,1")
parser.add_argument("--out", required=True, help="a JSON file with every figure")
args = parser.parse_args()
os.chdir(ROOT)
models = os.environ.get("MOM_MODELS", "")
texts = os.environ.get("MOM_TEXTS", "")


def mom(*words):
    return subprocess.run(["./mom", *words], check=True, capture_output=True, text=True).stdout


def sparse(name, dense, *settings):
    """A training-free twin, made once."""
    run = os.path.join(args.work, name)
    if not os.path.isdir(f"{run}/model"):
        words = ["sparsify", "recipes/mom-4m-masks.yaml", "--out", run, "--steps", "0", "--set", f"model={dense}",
                 "--set", "evaluate.rows=[]"]
        for s in settings:
            words += ["--set", s]
        mom(*words)
    return f"{run}/model"


os.makedirs(args.work, exist_ok=True)
text = f"data.train=[{texts}/calibration.txt]"
pairs = {"mom-4m": (DEMO, sparse("mom-4m", DEMO))}
if os.path.exists(f"{models}/stories260K.bin"):
    dense = os.path.join(args.work, "stories260K-dense")
    if not os.path.isdir(dense):
        mom("import", f"{models}/stories260K.bin", "--out", dense, "--tokenizer", f"{models}/tok512.bin")
    pairs["stories260K"] = (dense, sparse("stories260K", dense, text))
if os.path.isdir(f"{models}/SmolLM2-135M-Instruct"):
    dense = f"{models}/SmolLM2-135M-Instruct"
    pairs["SmolLM2-135M"] = (dense, sparse("smollm2", dense, text, "data.row=513"))

KEPT = ["decode_tokens_per_second", "prompt_tokens_per_second", "stream_gigabytes_per_second", "stream_level",
        "decode_fraction_of_limit", "bytes_per_token", "bytes", "active_ffn_share_measured", "decode_speedup",
        "prompt_speedup"]


def kept(line):
    return {key: line[key] for key in KEPT if key in line}


rows = []
for threads in args.threads.split(","):
    for round_ in range(args.rounds):
        for name, (dense, twin) in pairs.items():
            for weights in ("bf16", "f32"):
                line = json.loads(mom("bench", twin, "--reference", dense, "--weights", weights, "--threads", threads,
                                      "--json"))
                rows.append({"model": name, "weights": weights, "threads": int(threads), **kept(line),
                             "reference": kept(line["reference"])})
                print(name, weights, threads, round_ + 1, file=sys.stderr)

with open(args.out, "w") as f:
    json.dump({"command": "scripts/engine_table.py --rounds %d --threads %s" % (args.rounds, args.threads),
               "rows": rows}, f, separators=(",", ":"))


def spread(values, form):
    values = [v for v in values if v is not None]  # a fraction of the limit that was an error of the measurement
    if not values:
        return "-"
    return (form + " (" + form + "-" + form + ")") % (statistics.median(values), min(values), max(values))


print("| model | weights | threads | decode tokens/s, dense | sparse | speed-up | possible by bytes read | "
      "fraction of the limit, dense | sparse | prompt tokens/s, dense | sparse |")
print("|" + "---|" * 11)
for threads in args.threads.split(","):
    for name in pairs:
        for weights in ("bf16", "f32"):
            some = [r for r in rows if (r["model"], r["weights"], r["threads"]) == (name, weights, int(threads))]
            of = lambda key, place=None: [(r[place] if place else r)[key] for r in some]
            print("|", name, "|", weights, "|", threads, "|", " | ".join([
                spread(of("decode_tokens_per_second", "reference"), "%.0f"),
                spread(of("decode_tokens_per_second"), "%.0f"),
                spread(of("decode_speedup"), "%.2f"),
                "%.2f" % statistics.median(r["reference"]["bytes_per_token"] / r["bytes_per_token"] for r in some),
                spread(of("decode_fraction_of_limit", "reference"), "%.2f"),
                spread(of("decode_fraction_of_limit"), "%.2f"),
                spread(of("prompt_tokens_per_second", "reference"), "%.0f"),
                spread(of("prompt_tokens_per_second"), "%.0f")]), "|")
