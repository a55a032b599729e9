#!/bin/sh
# Writes the numbers that a change of structure must not move, without any time or path, into one folder, so that
# `diff -r` compares two commits on one machine:
#   scripts/pinned_numbers.sh BEFORE; (change); scripts/pinned_numbers.sh AFTER; diff -r BEFORE AFTER
#   curves/              loss of 20 steps of three methods, as PinnedCurvesTest trains them
#   tokens/              greedy tokens of stories260K, of the sparse model below, and of SmolLM2 in bf16 where the
#                        folder that MOM_MODELS names holds it
#   sha256.txt           masks and compiled model of 20 steps of masks
#   study.json           a dense run and a run of masks, 50 steps, judged by the engine
# Runs of bf16 products with one thread; MAVEN_ARGS=-o keeps Maven from the network.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${1:?folder for the numbers}"
out=$(cd "$1" && pwd)
[ -z "$(ls -A "$out")" ] || { echo "$out is not empty: name another folder" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

resource() { # NAME: the file of that name among the sources, wherever its module lies
  find "$home" -path '*/src/*/resources/*' -path "*/$1" -type f | sort | head -n 1
}

tokens() { # NAME MODEL ARGUMENT...
  name=$1
  shift
  "$home/mom" generate "$@" --threads 1 --json >"$work/generated.json"
  python3 - "$work/generated.json" "$out/tokens/$name.json" <<'PYTHON'
import json, sys
made = json.load(open(sys.argv[1]))
kept = {key: made[key] for key in ("prompt_token_ids", "token_ids", "text", "finish_reason")}
json.dump(kept, open(sys.argv[2], "w"), indent=1)
PYTHON
}

mkdir "$out/curves" "$out/tokens"
(cd "$home" && MOM_PINNED_OUT="$out/curves" ./verify -q -Dspotless.check.skip=true -pl lab -am \
  -Dtest=PinnedCurvesTest -Dsurefire.failIfNoSpecifiedTests=false >&2)

stories=$(resource stories260K.bin)
tokens stories260K "$stories" --tokenizer "$(dirname "$stories")/tok512.bin" --prompt "" --max-tokens 200
if [ -d "${MOM_MODELS:-}/SmolLM2-135M-Instruct" ]; then
  smollm2=$MOM_MODELS/SmolLM2-135M-Instruct
  tokens smollm2-story "$smollm2" --weights bf16 --max-tokens 64 --prompt "Once upon a time there was a lighthouse"
  tokens smollm2-fact "$smollm2" --weights bf16 --max-tokens 64 --prompt "The three largest rivers of Europe are"
fi

# All paths are relative to the working folder, so that none of them gets into what is compared.
cd "$work"
cp -r "$(dirname "$(resource demo/model.safetensors)")" model
cp "$home/recipes/data/valid-play.u16" "$home/recipes/data/tokenizer.sha256" .
cat >recipe.yaml <<'YAML'
model: model
method: dense
data: {train: model/train.u16, row: 257}
train: {steps: 50, batch_tokens: 256, micro_batch_rows: 1, lr: 4e-4, seed: 1}
evaluate: {rows: [valid-play.u16]}
YAML
cat >study.yaml <<'YAML'
question: Do the numbers stay?
recipe: recipe.yaml
seeds: [1]
threads: 1
runs:
  - {name: dense, method: dense, reference: true}
  - name: masks
    method: mixture_of_masks
    set: {masks.experts: 8, masks.calibration_tokens: 2048, masks.distillation: 0.5}
YAML
"$home/mom" sparsify recipe.yaml --out run --set method=mixture_of_masks --set masks.experts=8 \
  --set masks.calibration_tokens=2048 --set train.steps=20 --set train.batch_tokens=512 --set train.threads=1 >&2
(cd run && sha256sum masks.safetensors model/model.safetensors) >"$out/sha256.txt"
tokens sparse run/model --max-tokens 64 --prompt "It was a dark and stormy night, and"
"$home/mom" study study.yaml --out study >&2
python3 - study/study.json "$out/study.json" <<'PYTHON'
import json, sys
study = json.load(open(sys.argv[1]))
for run in study["runs"]:
    run.pop("seconds")
json.dump(study, open(sys.argv[2], "w"), indent=1)
PYTHON
echo "wrote $out" >&2
