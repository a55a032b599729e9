#!/bin/sh
# The study of docs/results/first-masks: calibrated starts at E = 8, 32 and 128 and the paper's start (ones, lagrangian,
# E = 8), at 50 and 75 % active, three seeds, beside dense continuation; the same 1.64M tokens in the same order.
#   scripts/first_masks.sh runs/first-masks        (resumes where it stopped; 2 runs at a time, 1 thread each)
# Validation at step 0 is the training-free result. scripts/first_masks.py makes the table.
set -u
cd "$(dirname "$0")/.."
out=${1:?folder of the runs}
mkdir -p "$out"

one() { # name recipe overrides...
  name=$1 recipe=$2
  shift 2
  [ -f "$out/$name/done" ] && return 0
  if [ -d "$out/$name" ]; then
    ./mom resume "$out/$name" >"$out/$name.log" 2>&1 || { echo "$name failed: $out/$name.log"; return 1; }
  else
    set -- "$@" --set train.threads=1
    ./mom sparsify "recipes/$recipe.yaml" --out "$out/$name" "$@" >"$out/$name.log" 2>&1 ||
      { echo "$name failed: $out/$name.log"; return 1; }
  fi
  touch "$out/$name/done"
  echo "$(date +%T) $name"
}

list() {
  echo "dense mom-4m-dense"
  for seed in 1 2 3; do
    for target in 0.5 0.75; do
      for experts in 8 32 128; do
        echo "calibrated-e$experts-$target-s$seed mom-4m-masks --set masks.experts=$experts --set masks.target=$target --set masks.distillation=0 --set train.seed=$seed"
      done
      echo "ones-e8-$target-s$seed mom-4m-ones --set masks.target=$target --set train.seed=$seed"
    done
  done
}

# Two runs side by side: every second line of the list each.
for half in 0 1; do
  list | awk -v half=$half 'NR % 2 == half' | while read -r name recipe options; do
    # shellcheck disable=SC2086 # options are words
    one "$name" "$recipe" $options
  done &
done
wait
