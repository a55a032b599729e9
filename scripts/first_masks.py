"""Makes docs/results/first-masks from the runs of scripts/first_masks.sh: runs.json, and the table on stdout.

    python scripts/first_masks.py runs/first-masks docs/results/first-masks

Losses are means over the 460 validation rows, in nats per token; validation at step 0 is the training-free result. The
perplexity that a method costs is exp(loss - loss of dense continuation) - 1.
"""
import json, math, pathlib, re, statistics, sys

source, out = map(pathlib.Path, sys.argv[1:3])
runs = []
for folder in sorted(p.parent for p in source.glob("*/metrics.jsonl")):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").open()]
    validated = [line for line in lines if "validation_loss" in line]
    recipe = (folder / "recipe.resolved.yaml").read_text()
    steps = max(line["step"] for line in lines)
    if steps < 200:
        continue
    name = re.fullmatch(r"(dense)|(calibrated|ones)-e(\d+)-([\d.]+)-s(\d+)", folder.name)
    speeds = sorted(line["tokens_per_second"] for line in lines if "tokens_per_second" in line)
    runs.append({
        "name": folder.name,
        "method": "dense" if name[1] else "mixture_of_masks",
        "start": name[2], "experts": name[3] and int(name[3]), "target": float(name[4]) if name[4] else 1.0,
        "seed": name[5] and int(name[5]),
        "tokens": max(line.get("tokens", 0) for line in lines),
        "loss_training_free": validated[0]["validation_loss"], "loss": validated[-1]["validation_loss"],
        "losses": validated[-1]["validation_losses"],
        "hard_density": lines[-1].get("hard_density", 1.0),
        "density_lowest": min((line["expected_density"] for line in lines if "expected_density" in line), default=1.0),
    })
dense = next(r["loss"] for r in runs if r["method"] == "dense")
for r in runs:
    r["perplexity"] = math.exp(r["loss"])
    r["perplexity_over_dense_continued"] = math.exp(r["loss"] - dense) - 1
    r["retention_ppl"] = math.exp(dense - r["loss"])
out.mkdir(parents=True, exist_ok=True)
(out / "runs.json").write_text(json.dumps({"runs": runs}, indent=1) + "\n")

def spread(values):
    mean = statistics.mean(values)
    return f"{mean:.4f} ± {statistics.stdev(values):.4f}" if len(values) > 1 else f"{mean:.4f}"

print("| start | E | active | seeds | training-free | final loss | perplexity over dense-continued |")
print("|---|---|---|---|---|---|---|")
print(f"| dense, continued | | 100 % | 1 | {next(r['loss_training_free'] for r in runs if r['method'] == 'dense'):.4f} | {dense:.4f} | |")
groups = {}
for r in runs:
    if r["method"] != "dense":
        groups.setdefault((r["start"], r["target"], r["experts"]), []).append(r)
for (start, target, experts), group in sorted(groups.items()):
    over = [100 * r["perplexity_over_dense_continued"] for r in group]
    free = spread([r["loss_training_free"] for r in group]) if start == "calibrated" else ""
    deviation = f" ± {statistics.stdev(over):.1f}" if len(over) > 1 else ""
    print(f"| {start} | {experts} | {target:.0%} | {len(group)} | {free} | {spread([r['loss'] for r in group])} "
          f"| +{statistics.mean(over):.1f}{deviation} % |")
