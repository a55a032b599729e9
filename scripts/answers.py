#!/usr/bin/env python3
"""Greedy answers of some models to the same questions, side by side, as Markdown on stdout.

    scripts/answers.py QUESTIONS LABEL=MODEL LABEL=MODEL [...] [--template TEXT] [--max-tokens N]

QUESTIONS has one a line. A prompt is TEXT with the question in the place of {question}; \\n in it is a new line. By default
these are the markers that SmolLM2's chat models were trained with.
"""
import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEMPLATE = ("<|im_start|>system\\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\\n"
            "<|im_start|>user\\n{question}<|im_end|>\\n<|im_start|>assistant\\n")


def answer(model, prompt, tokens):
    command = [os.path.join(ROOT, "mom"), "generate", model, "--prompt", prompt, "--max-tokens", str(tokens), "--json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit("%s: %s" % (model, run.stderr.strip().splitlines()[-1]))
    said = json.loads(run.stdout)
    return said["text"].strip() + (" ..." if said["finish_reason"] != "stop" else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions")
    parser.add_argument("models", nargs="+", metavar="LABEL=MODEL")
    parser.add_argument("--template", default=TEMPLATE)
    parser.add_argument("--max-tokens", type=int, default=60)
    args = parser.parse_args()
    models = [m.split("=", 1) for m in args.models]
    if any(len(m) != 2 for m in models):
        parser.error("models are named LABEL=MODEL")
    with open(args.questions, encoding="utf-8") as file:
        questions = [line.strip() for line in file if line.strip()]
    for number, question in enumerate(questions, 1):
        prompt = args.template.replace("\\n", "\n").replace("{question}", question)
        print("%d. **%s**" % (number, question))
        for label, model in models:
            print("   - *%s*: %s" % (label, " / ".join(answer(model, prompt, args.max_tokens).split("\n"))), flush=True)


if __name__ == "__main__":
    main()
