#!/usr/bin/env python3
"""What lm-evaluation-harness itself says of a model on local files: the reference that `mom evaluate` must equal.

    pip install 'lm-eval[hf]'
    scripts/lm_eval_peer.py --model MODELS/SmolLM2-135M-Instruct --data DATA --out docs/results/harness-parity
    scripts/lm_eval_peer.py --model MODEL --data DATA --time times.json --tasks piqa,hellaswag_text:10:50 --batch-size 1,16

The local files are put into the columns of the published data sets; each task is the harness's own template, included
whole, with only its data set and the splits that are at hand replaced. Nothing is downloaded. Weights are taken as they
are stored and all arithmetic is float32. With --time the same runs are timed instead (prompts, tokens and model passes;
not the loading of model and data), once for each batch size, and documents a second are told.

DATA may hold any of
    boolq/{train,dev}.jsonl                      title, passage, question, answer
    piqa/{train,valid}.jsonl, {train,valid}-labels.lst
    siqa/socialIQa_v1.4_{trn,dev}.jsonl          label in "correct", A to C
    hellaswag/hellaswag_{train,val}.jsonl        as published
    hellaswag/hellaswag_val_full.txt[.bz2]       six lines a question: context, index of the right ending, four endings
    arc/ARC-{Easy,Challenge}-{Train,Dev,Test}.jsonl
    openbookqa/{train,dev,test}.jsonl            as published
    winogrande/{train,dev}.jsonl                 sentence, option1, option2, answer
    lambada/lambada_test.jsonl                   text
    mmlu/{dev,test}/SUBJECT_{dev,test}.csv       question, four choices, letter; no header
    wikitext2/wiki.test.raw

A task is NAME[:SHOTS[:DOCUMENTS]]; mmlu stands for every subject that has a file. Output for each: one JSON object a
line, gzipped unless --plain. The first line tells the harness, the model and the metrics; each following line a document:
its task and id, the right answer, whether it was counted as right, and for each text that was scored the first 32
hexadecimal digits of sha256(context + NUL + continuation), the summed log-probability and whether it is the greedy one.
No text of a data set is in it. A file that exists is kept, so an interrupted run goes on where it was.
"""
import argparse
import bz2
import csv
import gzip
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time

DEFAULT_TASKS = ("piqa,boolq,social_iqa,arc_easy,hellaswag_text,hellaswag_text:10:50,mmlu:0:4,mmlu:5:2,"
                 "wikitext:0:10")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a Hugging Face folder")
    parser.add_argument("--data", required=True, help="folder of the local files")
    parser.add_argument("--tasks", default=DEFAULT_TASKS, help="NAME[:SHOTS[:DOCUMENTS]],...; default: %(default)s")
    parser.add_argument("--limit", type=int, default=200,
                        help="first documents of a task that names no number; 0: all; default: %(default)s")
    parser.add_argument("--out", help="folder of the reference files")
    parser.add_argument("--plain", action="store_true", help="JSON lines that are not gzipped")
    parser.add_argument("--time", metavar="FILE", help="time the runs, write documents a second there as JSON")
    parser.add_argument("--batch-size", default="1",
                        help="for --time several, such as 1,16, or auto (which may fill the memory); default:"
                             " %(default)s, for padding changes float sums a little")
    parser.add_argument("--softmax-dtype", choices=["float32", "float64"], default="float32",
                        help="of log-softmax and of the sums over a continuation; default: %(default)s, the harness's own")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if bool(args.out) == bool(args.time):
        parser.error("give either --out or --time")
    if args.out and args.batch_size != "1":
        parser.error("references are made with --batch-size 1")
    args.runs = []
    for word in args.tasks.split(","):
        name, *numbers = word.split(":")
        if len(numbers) > 2 or not all(n.isdigit() for n in numbers):
            parser.error(f"{word}: expected NAME[:SHOTS[:DOCUMENTS]]")
        shots, limit = [int(n) for n in numbers] + [0, args.limit][len(numbers):]
        args.runs.append((name, shots, limit))
    return args


# ---------------------------------------------------------------- local files as the published data sets' columns

def lines(path):
    with (bz2.open if path.endswith(".bz2") else open)(path, "rt", encoding="utf-8", newline="\n") as f:
        return f.read().split("\n")


def jsonl(path):
    return [json.loads(line) for line in lines(path) if line]


def boolq(path):
    # The template reads SuperGLUE's form, where the article's title is part of the passage.
    return [dict(question=d["question"], passage=f'{d["title"]} -- {d["passage"]}', label=int(d["answer"]))
            for d in jsonl(path)]


def piqa(path):
    labels = [int(label) for label in lines(path.replace(".jsonl", "-labels.lst")) if label]
    return [dict(goal=d["goal"], sol1=d["sol1"], sol2=d["sol2"], label=label)
            for d, label in zip(jsonl(path), labels, strict=True)]


def siqa(path):
    fields = ("context", "question", "answerA", "answerB", "answerC")
    return [{**{f: d[f] for f in fields}, "label": str("ABC".index(d["correct"]) + 1)} for d in jsonl(path)]


def arc(path):
    return [dict(id=d["id"], question=d["question"]["stem"], choices=columns(d), answerKey=d["answerKey"])
            for d in jsonl(path)]


def openbookqa(path):
    return [dict(id=d["id"], question_stem=d["question"]["stem"], choices=columns(d), answerKey=d["answerKey"])
            for d in jsonl(path)]


def columns(document):
    choices = document["question"]["choices"]
    return dict(text=[c["text"] for c in choices], label=[c["label"] for c in choices])


def hellaswag(path):
    return [{**d, "label": str(d["label"])} for d in jsonl(path)]


def hellaswag_text(path):
    rows = lines(path)
    return [dict(query=rows[i], label=rows[i + 1], choices=rows[i + 2:i + 6]) for i in range(0, len(rows) - 5, 6)]


def winogrande(path):
    return [{f: d[f] for f in ("sentence", "option1", "option2", "answer")} for d in jsonl(path)]


def lambada(path):
    return [dict(text=d["text"]) for d in jsonl(path)]


def mmlu(path):
    with open(path, encoding="utf-8", newline="") as f:
        return [dict(question=q, choices=choices, answer="ABCD".index(a)) for q, *choices, a in csv.reader(f)]


def wikitext(path):
    """One document a page; a page begins at its title line, ` = Title = `."""
    pages, page = [], []
    for line in lines(path):
        title = line.replace("= = =", "===").replace("= =", "==").strip()
        if title.startswith("= ") and title.endswith(" ="):
            pages.append("\n".join(page))
            page = []
        page.append(line)
    return [dict(page=p) for p in pages + ["\n".join(page)] if p.strip()]


# Task: the harness's template, the reader, the file of each split. The first that exists of several.
TASKS = {
    "boolq": ("super_glue/boolq/default.yaml", boolq, dict(train="boolq/train.jsonl", validation="boolq/dev.jsonl")),
    "piqa": ("piqa/piqa.yaml", piqa, dict(train="piqa/train.jsonl", validation="piqa/valid.jsonl")),
    "social_iqa": ("siqa/siqa.yaml", siqa, dict(train="siqa/socialIQa_v1.4_trn.jsonl",
                                                validation="siqa/socialIQa_v1.4_dev.jsonl")),
    "hellaswag": ("hellaswag/hellaswag.yaml", hellaswag, dict(train="hellaswag/hellaswag_train.jsonl",
                                                              validation="hellaswag/hellaswag_val.jsonl")),
    "hellaswag_text": (None, hellaswag_text, dict(validation=("hellaswag/hellaswag_val_full.txt.bz2",
                                                              "hellaswag/hellaswag_val_full.txt"))),
    "arc_easy": ("arc/arc_easy.yaml", arc, dict(train="arc/ARC-Easy-Train.jsonl", validation="arc/ARC-Easy-Dev.jsonl",
                                                test="arc/ARC-Easy-Test.jsonl")),
    "arc_challenge": ("arc/arc_challenge.yaml", arc, dict(train="arc/ARC-Challenge-Train.jsonl",
                                                          validation="arc/ARC-Challenge-Dev.jsonl",
                                                          test="arc/ARC-Challenge-Test.jsonl")),
    "openbookqa": ("openbookqa/openbookqa.yaml", openbookqa, dict(train="openbookqa/train.jsonl",
                                                                  validation="openbookqa/dev.jsonl",
                                                                  test="openbookqa/test.jsonl")),
    "winogrande": ("winogrande/default.yaml", winogrande, dict(train="winogrande/train.jsonl",
                                                               validation="winogrande/dev.jsonl")),
    "lambada_openai": ("lambada/lambada_openai.yaml", lambada, dict(test="lambada/lambada_test.jsonl")),
    "wikitext": ("wikitext/wikitext.yaml", wikitext, dict(test="wikitext2/wiki.test.raw")),
}

# The text form of HellaSwag has no template upstream; its strings are what hellaswag's own preprocessing makes.
HELLASWAG_TEXT = """output_type: multiple_choice
doc_to_text: "{{query}}"
doc_to_target: "{{label}}"
doc_to_choice: choices
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
metadata:
  version: 1.0
"""


def write_task(folder, name, template, reader, splits, data):
    """A YAML that includes the harness's template and reads JSON files; the names of the splits that exist."""
    files = {}
    for split, paths in splits.items():
        paths = [os.path.join(data, p) for p in (paths if isinstance(paths, tuple) else (paths,))]
        found = [p for p in paths if os.path.exists(p)]
        if found:
            files[split] = os.path.join(folder, f"{name}-{split}.jsonl")
            with open(files[split], "w", encoding="utf-8") as f:
                f.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in reader(found[0]))
    if not files.keys() & {"validation", "test"}:
        sys.exit(f"{name}: none of {splits} lies in {data}")
    with open(os.path.join(folder, f"{name}.yaml"), "w", encoding="utf-8") as f:
        f.write(f"task: {name}\n")
        f.write(HELLASWAG_TEXT if template is None else f"include: {json.dumps(template)}\n")
        f.write("dataset_path: json\ndataset_name: null\n")
        f.write(f"dataset_kwargs: {json.dumps({'data_files': files})}\n")
        if "dev" in files:
            return  # MMLU: its template names test and dev, and both are there
        for split, key in (("train", "training_split"), ("validation", "validation_split"), ("test", "test_split")):
            f.write(f"{key}: {split if split in files else 'null'}\n")


def write_mmlu(folder, templates, data):
    """Every subject that has a file, and the harness's groups when that is all of them. What to ask the harness for."""
    source = os.path.join(templates, "mmlu/default")
    subjects = []
    for file in sorted(os.listdir(source)):
        subject = file.removeprefix("mmlu_").removesuffix(".yaml")
        if file.startswith("mmlu_") and os.path.exists(os.path.join(data, f"mmlu/test/{subject}_test.csv")):
            write_task(folder, f"mmlu_{subject}", os.path.join(source, file), mmlu,
                       {s: f"mmlu/{s}/{subject}_{s}.csv" for s in ("dev", "test")}, data)
            subjects.append(f"mmlu_{subject}")
    if not subjects:
        sys.exit(f"mmlu: no test/*_test.csv in {data}/mmlu")
    if len(subjects) < 57:
        return subjects
    for file in os.listdir(source):
        if file.startswith("_mmlu"):
            shutil.copy(os.path.join(source, file), folder)
    return ["mmlu"]


# ---------------------------------------------------------------- running

class Harness:
    """The harness with one model and the local tasks."""

    def __init__(self, args, folder):
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_CACHE=os.path.join(folder, "cache"),
                          TOKENIZERS_PARALLELISM="false")
        import lm_eval
        import torch
        import transformers
        from lm_eval.models.huggingface import HFLM
        from lm_eval.tasks import TaskManager
        torch.set_num_threads(args.threads)
        self.lm_eval = lm_eval
        templates = os.path.join(os.path.dirname(lm_eval.__file__), "tasks")
        self.names = {}
        for name, _, _ in args.runs:
            if name == "mmlu":
                self.names[name] = write_mmlu(folder, templates, args.data)
            elif name in TASKS:
                template, reader, splits = TASKS[name]
                write_task(folder, name, template and os.path.join(templates, template), reader, splits, args.data)
                self.names[name] = [name]
            else:
                sys.exit(f"{name}: no such task; there are {', '.join([*TASKS, 'mmlu'])}")
        self.manager = TaskManager(include_path=folder, include_defaults=False)
        self.model = HFLM(pretrained=args.model, dtype=torch.float32, device="cpu", batch_size=1,
                          softmax_dtype=None if args.softmax_dtype == "float32" else args.softmax_dtype)
        self.versions = dict(lm_eval=version("lm_eval"), torch=torch.__version__, transformers=transformers.__version__)

    def run(self, name, shots, limit, batch_size=1, stderr=True):
        """The harness's results with its samples, and the seconds they took, data loading left out."""
        self.model.batch_size_per_gpu = batch_size if batch_size == "auto" else int(batch_size)
        tasks = self.manager.load(self.names[name])
        for task in tasks["tasks"].values():
            task.set_config(key="num_fewshot", value=shots)
            task.set_fewshot_seed(seed=1234)  # the harness's default
        start = time.monotonic()
        results = self.lm_eval.evaluate(lm=self.model, task_dict=tasks, limit=limit or None,
                                        **({} if stderr else {"bootstrap_iters": 0}))
        return results, time.monotonic() - start


def version(package):
    from importlib.metadata import version
    return version(package)


def record(task, sample):
    """One document: no text, only hashes and numbers."""
    scored = []
    for arguments, answers in zip(sample["arguments"], sample["resps"], strict=True):
        context, continuation = arguments if len(arguments) == 2 else ("", arguments[0])
        answer = answers[0]
        log_probability, greedy = answer if isinstance(answer, tuple) else (answer, None)
        digest = hashlib.sha256(f"{context}\0{continuation}".encode()).hexdigest()[:32]
        scored.append(dict(hash=digest, log_probability=log_probability) | ({} if greedy is None else {"greedy": greedy}))
    metrics = {m: sample[m] for m in sample["metrics"]}
    # Targets that are texts (LAMBADA, WikiText) are in the hash already.
    target = {"target": int(sample["target"])} if str(sample["target"]).isdigit() else {}
    return dict(task=task, id=sample["doc_id"]) | target | metrics | dict(scored=scored)


def reference(args, harness, name, shots, limit):
    path = os.path.join(args.out, f"{name}-{shots}shot.jsonl" + ("" if args.plain else ".gz"))
    if os.path.exists(path):
        print(f"{path} exists, kept", flush=True)
        return
    results, seconds = harness.run(name, shots, limit)
    documents = sum(len(samples) for samples in results["samples"].values())
    clean = lambda d: {k: v for k, v in d.items() if isinstance(v, (int, float)) and k != "sample_len"}
    head = dict(
        command=f"lm_eval_peer.py --model {os.path.basename(os.path.abspath(args.model))} "
                f"--tasks {name}:{shots}:{limit} --softmax-dtype {args.softmax_dtype}",
        versions=harness.versions, model=os.path.basename(os.path.abspath(args.model)),
        weights=weights_digest(args.model), compute="float32", softmax=args.softmax_dtype,
        num_fewshot=shots, documents=documents,
        template_versions=results["versions"], results={t: clean(r) for t, r in results["results"].items()},
        groups={g: clean(r) for g, r in results.get("groups", {}).items()})
    text = "\n".join(json.dumps(r) for r in [head] + [record(t, s) for t, ss in results["samples"].items() for s in ss])
    data = (text + "\n").encode()
    with open(path + ".part", "wb") as f:
        f.write(data if args.plain else gzip.compress(data, 9, mtime=0))
    os.replace(path + ".part", path)
    print(f"{path}: {documents} documents, {seconds:.1f} s, {documents / seconds:.2f} documents/s", flush=True)


def weights_digest(model):
    """sha256 of the weights, so that a reference cannot be compared with another model's numbers unnoticed."""
    with open(os.path.join(model, "model.safetensors"), "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def timed(args, harness):
    rows = []
    for name, shots, limit in args.runs:
        speeds = {}
        for batch_size in args.batch_size.split(","):
            results, seconds = harness.run(name, shots, limit, batch_size, stderr=False)
            documents = sum(len(samples) for samples in results["samples"].values())
            speeds[batch_size] = documents / seconds
            print(f"{name}:{shots} batch {batch_size}: {documents} documents, {seconds:.1f} s", file=sys.stderr, flush=True)
        best = max(speeds, key=speeds.get)
        rows.append(dict(task=name, num_fewshot=shots, documents=documents, documents_per_second=speeds[best],
                         batch_size=best, documents_per_second_by_batch_size=speeds))
    result = dict(model=os.path.basename(os.path.abspath(args.model)), threads=args.threads, compute="float32",
                  versions=harness.versions, tasks=rows)
    with open(args.time, "w") as f:
        json.dump(result, f, indent=2)
    print(json.dumps(result, indent=2))


def main():
    args = arguments()
    if args.out:
        os.makedirs(args.out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(args, folder)
        if args.time:
            timed(args, harness)
        else:
            for run in args.runs:
                reference(args, harness, *run)


if __name__ == "__main__":
    main()
