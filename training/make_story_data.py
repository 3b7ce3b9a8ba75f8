"""Render the story set: groups of panels of one character, in the layout of `make_data`.

    python -m training.make_story_data --out STORIES --groups 8000

The panels of a group follow each other; version v of their captions makes one story's prompts, of
which the last `STYLED` versions are in one of the product's styles. Records also tell view and
activity.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np

from training.make_data import facts
from training.world.render import paint
from training.world.story import Panel, sample_story
from training.world.story_captions import any_style, story_prompts

PANELS = 4
VERSIONS = 8
STYLED = 4


def story_records(
    panels: tuple[Panel, ...], seed: int, pixels_per_unit: float
) -> list[dict[str, Any]]:
    """What is kept of each panel beside its picture."""
    rng = np.random.default_rng((seed, 1))
    plain = [story_prompts(rng, panels) for _ in range(VERSIONS - STYLED)]
    versions = plain + [story_prompts(rng, panels, any_style(rng)) for _ in range(STYLED)]
    return [
        {"captions": list(captions)}
        | facts(panel.drawn, pixels_per_unit)
        | {"view": panel.view, "activity": panel.activity, "covered": bool(panel.drawn.front)}
        for panel, captions in zip(panels, zip(*versions, strict=True), strict=True)
    ]


def _work(task: tuple[str, int, int, int, int]) -> list[str]:
    path, first, start, stop, size = task
    pictures = np.load(path, mmap_mode="r+")
    lines = []
    for group in range(start, stop):
        panels = sample_story(first + group, PANELS)
        for i, panel in enumerate(panels):
            pictures[group * PANELS + i] = paint(panel.drawn, size / 256)
        lines += [json.dumps(r) for r in story_records(panels, first + group, size / 256)]
    return lines


def main() -> None:
    """Render in as many processes as asked, in chunks, in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--groups", type=int, default=8000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--first-seed", type=int, default=20_000_000)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "pictures.npy"
    shape = (args.groups * PANELS, args.size, args.size, 3)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    chunk = 50
    tasks = [
        (str(path), args.first_seed, i, min(i + chunk, args.groups), args.size)
        for i in range(0, args.groups, chunk)
    ]
    with (
        multiprocessing.Pool(args.processes) as pool,
        (args.out / "samples.jsonl").open("w") as out,
    ):
        for done, lines in enumerate(pool.imap(_work, tasks), 1):
            out.writelines(f"{line}\n" for line in lines)
            print(f"\r{min(done * chunk, args.groups)}/{args.groups}", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
