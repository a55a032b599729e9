#!/usr/bin/env python3
"""Our engine and its peers in turns: decode, prompts, batches, memory, beside the read-only stream of the same runs.

    scripts/decode_peers.py --dense DENSE --sparse SPARSE --weights bf16,int8,q4 \\
        --gguf MODEL-bf16.gguf --quantise q8_0,q4_0,q4_k_m --gguf MODEL-moe-q8_0.gguf \\
        --llama-python VENV/bin/python --threads 2,1 --prompts 128,512,2048 --batches 4,16 \\
        --out docs/benchmarks/DATE-SHAPE.json

Each row is a contestant with a number of threads and a length of prompt. Rounds go over all contestants of a row group
before the next round begins, every one in a process of its own, so that all meet the same moods of the machine. Rows of
the first prompt length (decode and that prompt: what goals name) have --rounds rounds, longer prompts and batches
--other-rounds. OUT keeps every figure and is written after each process: started again with the same OUT, the script
goes on where it stopped. A Markdown table is written beside it. Nothing else should run on the machine.

Contestants: --dense and --sparse folders (the latter as often as wanted) in each of --weights; each --gguf file by
llama.cpp (llama-cpp-python of --llama-python), by our engine too unless its name holds "moe"; --also LABEL=PATH[@WEIGHTS]
by our engine, such as a quantised folder; --transformers-python PYTHON runs DENSE in PyTorch, bf16; --peer LABEL=COMMAND
is any other (Jlama): {threads}, {prompt} and {tokens} in it are replaced, and its last line is a JSON object with
decode_tokens_per_second and prompt_tokens_per_second. Files that --quantise makes of the first --gguf file lie in --work.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FTYPES = {"bf16": 32, "f16": 1, "q8_0": 7, "q4_0": 2, "q4_1": 3, "q5_0": 8, "q4_k_m": 15, "q6_k": 18}  # llama.cpp's numbers
BITS = {"f32": 32, "f16": 16, "bf16": 16, "int8": 8, "q8_0": 8, "q6_k": 6, "q5_0": 5, "q4": 4, "q4_0": 4, "q4_1": 4,
        "q4_k_m": 4}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dense")
    parser.add_argument("--sparse", action="append", default=[])
    parser.add_argument("--weights", default="bf16,int8,q4")
    parser.add_argument("--also", action="append", default=[], metavar="LABEL=PATH[@WEIGHTS]")
    parser.add_argument("--gguf", action="append", default=[])
    parser.add_argument("--quantise", default="", help="types to make of the first --gguf: %s" % ", ".join(FTYPES))
    parser.add_argument("--llama-python")
    parser.add_argument("--transformers-python")
    parser.add_argument("--peer", action="append", default=[], metavar="LABEL=COMMAND")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--prompts", default="128", help="lengths; the first one is timed with decoding")
    parser.add_argument("--batches", default="", help="texts of a step, ours alone")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=3, help="timed passes of each process, after one that is not")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--other-rounds", type=int, default=1)
    parser.add_argument("--only", default="", help="contestants whose label holds this word")
    parser.add_argument("--work", default="/tmp/decode-peers")
    parser.add_argument("--timeout", type=int, default=900, help="seconds of a process")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    if args.gguf and not args.llama_python:
        parser.error("--gguf wants --llama-python, a Python that has llama_cpp")
    if args.quantise and not args.gguf:
        parser.error("--quantise wants a --gguf to make the files of")
    for kind in filter(None, args.quantise.split(",")):
        if kind not in FTYPES:
            parser.error("--quantise %s: use %s" % (kind, ", ".join(FTYPES)))
    return args


# ---- what runs in the Python of a peer: one JSON object on the last line


def llama(path, threads, prompt, tokens, repetitions):
    import llama_cpp
    model = llama_cpp.Llama(path, n_ctx=prompt + tokens + 8, n_batch=512, n_threads=threads, n_threads_batch=threads,
                            verbose=False, logits_all=False)
    ids = [100 + i % 1000 for i in range(prompt)]
    return passes(repetitions, prompt, tokens, lambda: (model.reset(), model.eval(ids)),
                  lambda i: model.eval([500 + i % 1000]))


def transformers(path, threads, prompt, tokens, repetitions):
    import torch
    from transformers import AutoModelForCausalLM
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(path, torch_dtype=torch.bfloat16).eval()
    state = {}

    def read(ids):
        with torch.no_grad():
            state["past"] = model(torch.tensor([ids]), past_key_values=state.get("past"), use_cache=True,
                                  logits_to_keep=1).past_key_values

    return passes(repetitions, prompt, tokens, lambda: (state.clear(), read([100 + i % 1000 for i in range(prompt)])),
                  lambda i: read([500 + i % 1000]))


def passes(repetitions, prompt, tokens, read_prompt, read_token):
    """Rates of all passes but the first."""
    read, decoded = [], []
    for r in range(repetitions + 1):
        start = time.perf_counter()
        read_prompt()
        middle = time.perf_counter()
        for i in range(tokens):
            read_token(i)
        end = time.perf_counter()
        if r > 0:
            read.append(prompt / (middle - start))
            decoded.append(tokens / (end - middle))
    print(json.dumps({"decode_tokens_per_second": statistics.median(decoded), "decode_repetitions": decoded,
                      "prompt_tokens_per_second": statistics.median(read), "prompt_repetitions": read}))


def quantise(source, kind, target):
    import ctypes
    from llama_cpp import llama_cpp as c
    settings = c.llama_model_quantize_default_params()
    settings.ftype, settings.allow_requantize, settings.nthread = FTYPES[kind], True, os.cpu_count()
    failed = c.llama_model_quantize(source.encode(), (target + ".part").encode(), ctypes.byref(settings))
    if failed:
        sys.exit("llama.cpp cannot make %s of %s: %s" % (kind, source, failed))
    os.replace(target + ".part", target)


# ---- the contestants


def kind_of(path):
    """A GGUF file's type by its name, llama.cpp's own custom."""
    name = os.path.basename(path).lower()
    found = [kind for kind in sorted(BITS, key=len, reverse=True) if kind in name]
    if not found:
        sys.exit("%s: its name tells no type; rename it to hold one of %s" % (path, ", ".join(BITS)))
    return found[0]


def contestants(args):
    found = []

    def ours(label, path, weights, group):
        found.append({"label": label, "by": "ours", "path": path, "weights": weights, "group": group})

    for weights in args.weights.split(","):
        if args.dense:
            ours("ours dense " + weights, args.dense, weights, "dense")
        for folder in args.sparse:
            ours("ours sparse %s %s" % (os.path.basename(os.path.normpath(folder)), weights), folder, weights, "sparse")
    for also in args.also:
        label, path = also.split("=", 1)
        path, _, weights = path.partition("@")
        ours("ours " + label, path, weights or "auto", "sparse" if "sparse" in label else "dense")
    files = list(args.gguf)
    for kind in filter(None, args.quantise.split(",")):
        os.makedirs(args.work, exist_ok=True)
        name = os.path.splitext(os.path.basename(args.gguf[0]))[0]
        old = kind_of(args.gguf[0])
        at = name.lower().rfind(old)
        target = os.path.join(args.work, "%s%s.gguf" % (name[:at] if at >= 0 else name + "-", kind))
        if not os.path.exists(target):
            subprocess.run([args.llama_python, os.path.abspath(__file__), "--child", "quantise", args.gguf[0], kind, target],
                           check=True, stdout=sys.stderr)
        files.append(target)
    for file in files:
        kind = kind_of(file)
        moe = "moe" in os.path.basename(file).lower()
        found.append({"label": "llama.cpp %s%s" % ("moe " if moe else "", kind), "by": "llama", "path": file,
                      "weights": kind, "group": "sparse" if moe else "dense"})
        if not moe:
            ours("ours gguf " + kind, file, kind, "dense")
    if args.transformers_python and args.dense:
        found.append({"label": "transformers bf16", "by": "transformers", "path": args.dense, "weights": "bf16",
                      "group": "dense"})
    for peer in args.peer:
        label, command = peer.split("=", 1)
        found.append({"label": label, "by": "peer", "path": command, "weights": "", "group": "dense"})
    found = [c for c in found if args.only in c["label"]]
    if not found:
        sys.exit("no contestant: give --dense, --sparse, --also or --gguf")
    return found


def command(args, c, threads, prompt, tokens, batches):
    if c["by"] == "ours":
        words = [os.path.join(ROOT, "mom"), "bench", c["path"], "--threads", str(threads), "--prompt-tokens", str(prompt),
                 "--tokens", str(tokens), "--repetitions", str(args.repetitions), "--json"]
        if not c["path"].endswith(".gguf"):
            words += ["--weights", c["weights"]]
        return words + (["--batch", batches] if batches else [])
    if c["by"] == "peer":
        return ["sh", "-c", c["path"].replace("{threads}", str(threads)).replace("{prompt}", str(prompt)).replace(
            "{tokens}", str(tokens))]
    python = args.llama_python if c["by"] == "llama" else args.transformers_python
    return [python, os.path.abspath(__file__), "--child", c["by"], c["path"], str(threads), str(prompt), str(tokens),
            str(args.repetitions)]


def run(words, timeout):
    """The JSON object of a process's last line that is one, and the most memory that it had."""
    before = os.times()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"error": "more than %s s" % timeout}
    used = os.times()
    if process.returncode != 0:
        return {"error": (err.strip().splitlines() or ["exit %s" % process.returncode])[-1]}
    text = out.strip()
    try:
        result = json.loads(text)
    except ValueError:
        try:
            result = json.loads(text.splitlines()[-1])
        except (ValueError, IndexError):
            return {"error": "no JSON: %s" % text[-200:]}
    result["cpu_seconds"] = round(used.children_user + used.children_system - before.children_user - before.children_system, 2)
    return result


def measure(args, found, report):
    prompts = [int(p) for p in args.prompts.split(",")]
    threads = [int(t) for t in args.threads.split(",")]
    if max(threads) > (os.cpu_count() or 1):
        print("decode_peers: %s threads on %s cores" % (max(threads), os.cpu_count()), file=sys.stderr)
    jobs = []  # (rounds, threads, what, prompt, tokens, batches, contestants)
    for t in threads:
        jobs.append((args.rounds, t, "decode", prompts[0], args.tokens, "", found))
    for t in threads:
        for p in prompts[1:]:
            jobs.append((args.other_rounds, t, "prompt %d" % p, p, 16, "", found))
    if args.batches:
        for t in threads:
            jobs.append((args.other_rounds, t, "batch", prompts[0], 32, args.batches,
                         [c for c in found if c["by"] == "ours"]))
    done = {(r["label"], r["threads"], r["what"], r["round"]) for r in report["runs"] if "error" not in r}
    report["runs"] = [r for r in report["runs"] if "error" not in r]
    for rounds, t, what, prompt, tokens, batches, some in jobs:
        for round_ in range(rounds):
            for c in some if round_ % 2 == 0 else reversed(some):
                if (c["label"], t, what, round_) in done:
                    continue
                result = run(command(args, c, t, prompt, tokens, batches), args.timeout)
                # Ours says "auto" of a file's weights: what the contestant is called by stays.
                report["runs"].append({**result, "label": c["label"], "by": c["by"], "weights": c["weights"],
                                       "group": c["group"], "threads": t, "what": what, "prompt": prompt,
                                       "round": round_})
                write(args.out, report)
                print("%s, %d threads, %s, round %d: %s" % (
                    c["label"], t, what, round_ + 1, result.get("error") or "decode %.1f, prompt %.0f" % (
                        result["decode_tokens_per_second"], result["prompt_tokens_per_second"])), file=sys.stderr)


def write(path, report):
    with open(path + ".part", "w") as file:
        json.dump(report, file, separators=(",", ":"))
    os.replace(path + ".part", path)


# ---- the table


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0]
    q = statistics.quantiles(values, n=4, method="inclusive")
    return q[0], q[2]


def spread(values, form="%.1f"):
    if not values:
        return "-"
    if len(values) == 1:
        return form % values[0]
    return "%s [%s, %s]" % tuple(form % v for v in (statistics.median(values), *quartiles(values)))


def ratio(values, others, form="%.2f"):
    return form % (statistics.median(values) / statistics.median(others)) if values and others else "-"


def table(report):
    runs = [r for r in report["runs"] if "error" not in r]
    lines = []
    for t in sorted({r["threads"] for r in runs}, reverse=True):
        mine = [r for r in runs if r["threads"] == t]
        streams = [r["stream_gigabytes_per_second"] for r in mine if r.get("stream_gigabytes_per_second")]
        ceiling = max(streams, default=None)
        of = lambda label, what, key: [r[key] for r in mine if r["label"] == label and r["what"] == what and r.get(key)]
        longer = sorted({(r["prompt"], r["what"]) for r in mine if r["what"].startswith("prompt")})
        texts = sorted({b["texts"] for r in mine for b in r.get("batches", []) if r["what"] == "batch"})
        labels = list(dict.fromkeys((r["label"], r["weights"], r["group"]) for r in mine))
        bytes_of = {r["weights"]: r["bytes_per_token"] for r in mine
                    if r["label"].startswith("ours gguf") and r.get("bytes_per_token")}
        lines += ["", "%d %s; read-only stream %s GB/s at its best, by process %s" % (
            t, "thread" if t == 1 else "threads", "%.1f" % ceiling if ceiling else "-", spread(streams)), ""]
        head = ["", "MB/token", "decode tokens/s", "of llama.cpp, equal bits", "of llama.cpp's dense Q8_0", "of own dense",
                "of the stream", "prompt"]
        head += [what for _, what in longer] + ["batch %d" % n for n in texts] + ["resident MB"]
        lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        for label, weights, group in labels:
            decode = of(label, "decode", "decode_tokens_per_second")
            equal = [r["decode_tokens_per_second"] for r in mine if r["what"] == "decode" and r["by"] == "llama"
                     and r["group"] == group and same_bits(r["weights"], weights)]
            q8 = of("llama.cpp q8_0", "decode", "decode_tokens_per_second")
            dense = of("ours dense " + weights, "decode", "decode_tokens_per_second")
            size = (of(label, "decode", "bytes_per_token") or [bytes_of.get(weights) if group == "dense" else None])[0]
            own = [r["stream_gigabytes_per_second"] for r in mine if r.get("stream_bytes") and
                   (r["label"] == label or label == "llama.cpp " + weights and r["label"] == "ours gguf " + weights)]
            limit = max(own, default=ceiling)  # of a buffer as large as its own weights
            cells = [label, "%.1f" % (size / 1e6) if size else "-", spread(decode), ratio(decode, equal), ratio(decode, q8),
                     ratio(decode, dense) if group == "sparse" else "-",
                     "%.2f" % (statistics.median(decode) * size / limit / 1e9) if size and decode and limit else "-",
                     spread(of(label, "decode", "prompt_tokens_per_second"), "%.0f")]
            cells += [spread(of(label, what, "prompt_tokens_per_second"), "%.0f") for _, what in longer]
            for n in texts:
                cells.append(spread([b["decode_tokens_per_second"] for r in mine if r["label"] == label and
                                     r["what"] == "batch" for b in r.get("batches", []) if b["texts"] == n]))
            resident = of(label, "decode", "resident_bytes")
            cells.append("%.0f" % (statistics.median(resident) / 1e6) if resident else "-")
            lines.append("| " + " | ".join(cells) + " |")
    failed = [r for r in report["runs"] if "error" in r]
    lines += [""] + ["%s, %d threads, %s: failed: %s" % (r["label"], r["threads"], r["what"], r["error"]) for r in failed]
    return "\n".join(lines).rstrip() + "\n"


def same_bits(a, b):
    return a == b or BITS.get(a) is not None and BITS.get(a) == BITS.get(b) and (
        "q4_k_m" not in (a, b))


def child(words):
    if words[0] == "quantise":
        quantise(*words[1:])
    else:
        {"llama": llama, "transformers": transformers}[words[0]](words[1], *map(int, words[2:]))


def main():
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2:])
    args = arguments()
    report = {"runs": []}
    if os.path.exists(args.out):
        with open(args.out) as file:
            report = json.load(file)
    report["command"] = " ".join(["scripts/decode_peers.py", *sys.argv[1:]])
    report["cpu"] = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                         "unknown") if os.path.exists("/proc/cpuinfo") else "unknown"
    measure(args, contestants(args), report)
    text = "`%s`, %s. Medians over rounds with quartiles; ratios of medians.\n%s" % (
        report["command"], report["cpu"], table(report))
    with open(os.path.splitext(args.out)[0] + ".md", "w") as file:
        file.write(text)
    print(text)
    return 1 if any("error" in r for r in report["runs"]) else 0


if __name__ == "__main__":
    sys.exit(main())
