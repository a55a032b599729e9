#!/bin/sh
# Predicted beside measured memory and time, by phase: a dry run, then the run itself.
#   scripts/ledger_check.sh MODEL TEXT [STEPS [CALIBRATION_TOKENS]]    MODEL: a dense Hugging Face folder; TEXT: 100 kB of plain text or more
# Prints measured / predicted for each phase and the whole of a training-free run and of one with STEPS (3) steps.
# The peak is the kernel's own (VmHWM), which GNU time prints too. Memory repeats anywhere, time only on a quiet machine:
# the load is printed beside it.
set -eu
[ $# -ge 2 ] || { sed -n 2,6p "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
row=$(python3 -c 'import json, sys; print(1 + min(512, json.load(open(sys.argv[1] + "/config.json"))["max_position_embeddings"]))' "$1")
cat > "$work/recipe.yaml" <<YAML
model: "$(realpath "$1")"
method: mixture_of_masks
masks: {start: calibrated, experts: 32, target: 0.5, distillation: 0.5, calibration_tokens: ${4:-4096}}
data: {train: "$(realpath "$2")", row: $row}
train: {steps: ${3:-3}, batch_tokens: 1024, lr: 1.0e-4}
YAML
for steps in 0 "${3:-3}"; do
  begun=$(date +%s)
  "$home/mom" sparsify "$work/recipe.yaml" --steps "$steps" --out "$work/run$steps" --dry-run --json > "$work/dry.json"
  echo "--steps $steps: the dry run took $(($(date +%s) - begun)) s, load $(cut -d' ' -f1 /proc/loadavg)"
  # A run as short as this one does not time itself, so the dry run's times are joined to it here.
  "$home/mom" sparsify "$work/recipe.yaml" --steps "$steps" --out "$work/run$steps" --untimed --json > "$work/run.json"
  python3 - "$work/dry.json" "$work/run.json" <<'PYTHON'
import json, sys

dry, run = (json.load(open(name)) for name in sys.argv[1:])
said = {phase["name"]: phase for phase in dry["phases"]}
rows = [(phase["name"], said[phase["name"]], phase) for phase in run["forecast"]["phases"] if phase["name"] in said]
rows.append(("whole run", dry, run["forecast"]))
print(f"{'phase':10} {'s, predicted':>13} {'measured':>9} {'ratio':>6} {'GB, predicted':>14} {'measured':>9} {'ratio':>6}")
for name, promised, was in rows:
    line = f"{name:10}"
    for key, unit, width in (("seconds", 1, 13), ("memory_bytes", 1e9, 14)):
        before, after = promised[key], was[key]["measured"]
        ratio = f"{after / before:.2f}" if before and after else ""
        line += f" {(before or 0) / unit:{width}.2f} {(after or 0) / unit:9.2f} {ratio:>6}"
    print(line)
PYTHON
done
