"""Render the training set: pictures into one array on disk, the rest into JSON lines.

    python -m training.make_data --out DATA --count 24000

Writes DATA/pictures.npy [n, size, size, 3] uint8 and DATA/samples.jsonl, one record a picture:
captions, joints [people, 18, 3] in pixels, head circles (x, y, r), and the labels that judges use.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from training.world.render import Sample, describe_sample, paint, sample

CAPTIONS = 8
"""How many captions each picture gets; training picks one each time it sees the picture."""


def record(drawn: Sample, seed: int, pixels_per_unit: float) -> dict[str, Any]:
    """What is kept of a sample beside its picture."""
    rng = np.random.default_rng((seed, 1))
    captions = [describe_sample(rng, drawn) for _ in range(CAPTIONS)]
    return {"captions": captions} | facts(drawn, pixels_per_unit)


def facts(drawn: Sample, pixels_per_unit: float) -> dict[str, Any]:
    """What a picture shows and where: all of a record but its captions."""
    heads = []
    for actor in drawn.actors:
        x, y = actor.placed.at("head")
        r = actor.placed.posed.build.head / 2 * actor.placed.stature
        heads.append([round(v * pixels_per_unit, 1) for v in (x, y, r)])
    return {
        "joints": np.round(drawn.joints(pixels_per_unit), 1).tolist(),
        "heads": heads,
        "people": [{**asdict(a.person), "action": a.action} for a in drawn.actors],
        "yaws": [round(a.placed.posed.body_yaw) for a in drawn.actors],
        "place": drawn.scene.place,
        "time": drawn.scene.time,
        "rain": drawn.scene.rain,
        "props": [p[0] for p in drawn.props],
    }


def _work(task: tuple[str, int, int, int, int, float]) -> list[str]:
    path, first, start, stop, size, empty = task
    pictures = np.load(path, mmap_mode="r+")
    lines = []
    for i in range(start, stop):
        drawn = sample(first + i, empty=empty)
        pictures[i] = paint(drawn, size / 256)
        lines.append(json.dumps(record(drawn, first + i, size / 256)))
    return lines


def main() -> None:
    """Render in as many processes as asked, in chunks, in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--empty", type=float, default=0.05, help="share without a person")
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "pictures.npy"
    shape = (args.count, args.size, args.size, 3)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    chunk = 200
    tasks = [
        (str(path), args.first_seed, i, min(i + chunk, args.count), args.size, args.empty)
        for i in range(0, args.count, chunk)
    ]
    with (
        multiprocessing.Pool(args.processes) as pool,
        (args.out / "samples.jsonl").open("w") as out,
    ):
        for done, lines in enumerate(pool.imap(_work, tasks), 1):
            out.writelines(f"{line}\n" for line in lines)
            print(f"\r{min(done * chunk, args.count)}/{args.count}", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
