#!/usr/bin/env python3
"""Seconds from the start of a process to the first token of its answer, for models in turns.

    scripts/first_token.py MODEL... [--runs 20] [--mom ./mom] [--out docs/benchmarks/DATE-start.json]

Each run is a whole process, `mom generate MODEL --prompt "Once upon a time" --max-tokens 1`, and ends the clock at the
first byte on its stdout, which is that of the first token. One run of each model before them is not counted: it builds
what is not built and brings the file into the page cache. CPU time is of the whole process; a busy machine bends it less.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time


def run(mom, model):
    """Seconds to the first byte, and of CPU time."""
    command = [mom, "generate", model, "--prompt", "Once upon a time", "--max-tokens", "1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = os.read(process.stdout.fileno(), 1)
        seconds = time.perf_counter() - start
        _, said = process.communicate()
    if process.returncode or not first:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}: {said.decode()[-1000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--mom", default="./mom")
    parser.add_argument("--out", help="JSON file to write")
    args = parser.parse_args()
    runs = {model: [] for model in args.models}
    for turn in range(args.runs + 1):
        for model, figures in runs.items():
            figure = run(args.mom, model)
            if turn > 0:
                figures.append(figure)
    table = {}
    for model, figures in runs.items():
        seconds, cpu = (sorted(column) for column in zip(*figures))
        name = os.path.basename(os.path.normpath(model))
        table[name] = {
            "median_seconds": round(statistics.median(seconds), 3),
            "median_cpu_seconds": round(statistics.median(cpu), 3),
            "seconds": [round(s, 3) for s in seconds],
        }
        print(f"{name}: first token after {table[name]['median_seconds']} s"
              f" [{seconds[0]:.3f} to {seconds[-1]:.3f}], {table[name]['median_cpu_seconds']} s of CPU time")
    if args.out:
        with open(args.out, "w", encoding="utf-8") as out:
            json.dump({"command": "scripts/" + " ".join([os.path.basename(sys.argv[0])] + sys.argv[1:]), "models": table}, out)
            out.write("\n")


if __name__ == "__main__":
    main()
