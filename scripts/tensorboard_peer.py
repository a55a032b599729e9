#!/usr/bin/env python3
"""Reads a run's event file by TensorBoard's own reader and compares it with metrics.jsonl.

python3 -m venv venv && venv/bin/pip install tensorboard setuptools
venv/bin/python scripts/tensorboard_peer.py RUN
"""
import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def numbers(name, value):
    """Pairs of a tag and its number, a figure by layer or file behind a slash."""
    if isinstance(value, bool) or isinstance(value, str) or value is None:
        return
    if isinstance(value, dict):
        for key, one in value.items():
            yield from numbers(f"{name}/{key}", one)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from numbers(f"{name}/{place}", one)
    else:
        yield name, value


run = pathlib.Path(sys.argv[1])
expected = {}
for line in (run / "metrics.jsonl").open():
    figures = json.loads(line)
    step = figures.pop("step")
    for name, value in figures.items():
        for tag, number in numbers(name, value):
            expected.setdefault(tag, []).append((step, number))

events = EventAccumulator(str(run), size_guidance={"scalars": 0})
events.Reload()
found = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
for tag, points in expected.items():
    assert len(points) == len(found[tag]), tag
    for (step, value), (read_step, read) in zip(points, found[tag]):
        assert step == read_step and abs(value - read) <= 1e-6 * abs(value), (tag, step, value, read)
print(f"{len(found)} curves, {sum(map(len, found.values()))} points: as in metrics.jsonl")
