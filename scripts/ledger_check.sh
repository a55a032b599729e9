#!/bin/sh
# Predicted beside measured memory and time, by phase: a dry run, then the run itself.
#   scripts/ledger_check.sh MODEL TEXT [STEPS]      MODEL: a dense Hugging Face folder; TEXT: 100 kB of plain text or more
# Prints measured / predicted for each phase and the whole of a training-free run and of one with STEPS (3) steps.
# The peak is the kernel's own (VmHWM), which GNU time prints too. Memory repeats anywhere, time only on a quiet machine.
set -eu
[ $# -ge 2 ] || { sed -n 2,5p "$0" >&2; exit 2; }
home=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/recipe.yaml" <<YAML
model: $(realpath "$1")
method: mixture_of_masks
masks: {start: calibrated, experts: 32, target: 0.5, distillation: 0.5}
data: {train: "$(realpath "$2")", row: 513}
train: {steps: ${3:-3}, batch_tokens: 1024, lr: 1.0e-4}
YAML
for steps in 0 "${3:-3}"; do
  begun=$(date +%s)
  "$home/mom" sparsify "$work/recipe.yaml" --steps "$steps" --out "$work/run$steps" --dry-run --json 2> /dev/null > "$work/dry$steps.json"
  echo "--steps $steps: the dry run took $(($(date +%s) - begun)) s and promised"
  cat "$work/dry$steps.json"
  "$home/mom" sparsify "$work/recipe.yaml" --steps "$steps" --out "$work/run$steps" 2> /dev/null | sed -n '/^phase/,$p'
done
