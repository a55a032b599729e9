#!/usr/bin/env python3
"""The longest silence of stderr of every long verb, and the time to its first line.

    scripts/silence.py [MODEL TEXT]    MODEL: a dense Hugging Face folder; TEXT: 300 kB of plain text or more

Without arguments it takes the embedded model and this repository's own pages, a few minutes. Runs every verb whose work
may be long, one after the other, prints a table, and fails (exit 1) if a verb fails, is silent for more than 5 s, or says
nothing in its first 2 s. On a busy machine the first line comes late: the load is printed beside it.
"""
import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LONGEST, FIRST = 5.0, 2.0
HOME = Path(__file__).resolve().parent.parent
DEMO = HOME / "lab/src/main/resources/org/mixtureofmasks/demo"
STORIES = "stories260K.bin"


def watched(arguments):
    """Runs a verb; returns exit code, seconds, seconds to the first line, the longest silence and what it printed."""
    begun = last = time.monotonic()
    first, longest, said = None, 0.0, b""
    process = subprocess.Popen([HOME / "mom", *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.select():
            piece = os.read(process.stderr.fileno(), 65536)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            if not piece:
                break
            # The JVM's notice of an incubating module is not a word of the program's.
            if first is None and any(not line.startswith(b"WARNING: Using incubator") for line in piece.splitlines()):
                first = now - begun
            said += piece
    exit_code = process.wait()
    return exit_code, time.monotonic() - begun, first, longest, said.decode(errors="replace")


def main():
    if len(sys.argv) not in (1, 3):
        sys.exit(__doc__)
    subprocess.run([HOME / "mom", "--version"], check=True, stdout=subprocess.DEVNULL)  # builds what is missing
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if len(sys.argv) == 3:
            model, text = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
        else:
            model, text = DEMO, work / "pages.txt"
            text.write_text("\n".join(page.read_text() for page in sorted(HOME.glob("docs/**/*.md"))))
        held_out = work / "held-out.txt"
        held_out.write_text(text.read_text()[-100_000:])
        recipe = work / "recipe.yaml"
        recipe.write_text(
            f'model: "{model}"\nmethod: mixture_of_masks\n'  # calibrated, 24,576 tokens by default
            f'data: {{train: "{text}", row: 257}}\n'
            "train: {steps: 0, batch_tokens: 1024, lr: 1.0e-4}\n"
            f'evaluate: {{rows: "{held_out}"}}\n'
        )
        study = work / "study.yaml"
        study.write_text(
            "question: Is it silent?\nrecipe: recipe.yaml\nseeds: [1]\nruns:\n"
            "  - {name: dense, method: dense, reference: true}\n"
            "  - {name: masks, method: mixture_of_masks}\n"
        )
        free, run, sparse = work / "free", work / "run", work / "free/model"
        stories = next(HOME.glob(f"*/src/test/resources/**/{STORIES}"))
        verbs = [
            ("import", ["import", stories, "--tokenizer", stories.with_name("tok512.bin"), "--out", work / "imported"]),
            ("sparsify --dry-run", ["sparsify", recipe, "--out", work / "dry", "--dry-run"]),
            ("sparsify --steps 0", ["sparsify", recipe, "--out", free]),
            ("sparsify --steps 3", ["sparsify", recipe, "--out", run, "--steps", "3"]),
            ("resume", ["resume", run]),
            ("compile", ["compile", run, "--out", work / "compiled"]),
            ("evaluate --text", ["evaluate", sparse, "--reference", model, "--text", held_out, "--window", "256"]),
            ("analyse", ["analyse", sparse, "--text", held_out, "--limit", "4000", "--out", work / "analysis"]),
            ("bench", ["bench", sparse, "--reference", model, "--repetitions", "3"]),
            ("study", ["study", study, "--out", work / "study"]),
            ("demo", ["demo", "--out", work / "demo", "--steps", "5"]),
        ]
        print(f"{'verb':20} {'seconds':>8} {'first line':>11} {'longest silence':>16} {'load':>6}")
        bad = 0
        for name, arguments in verbs:
            code, seconds, first, longest, said = watched(arguments)
            late = first is None or first > FIRST or longest > LONGEST
            shown = "never" if first is None else f"{first:.1f}"
            print(f"{name:20} {seconds:8.1f} {shown:>11} {longest:16.1f} {os.getloadavg()[0]:6.1f}", end="")
            print("  too long" if late else "", "" if code == 0 else f"  exit {code}", flush=True)
            if code != 0:
                print("\n".join("    " + line for line in said.splitlines()[-5:]))
            bad += late or code != 0
    sys.exit(1 if bad else 0)


main()
