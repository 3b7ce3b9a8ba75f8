"""Render the training set: pictures into one array on disk, the rest into JSON lines.

    python -m training.make_data --out DATA --count 24000

Writes DATA/pictures.npy [n, size, size, 3] uint8 and DATA/samples.jsonl, one record a picture:
captions, joints [people, 18, 3] in pixels, head circles (x, y, r), and the labels that judges use.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.world.poses import AWAY, FACING
from training.world.render import CLOSE, Sample, describe_sample, paint, sample, sample_photographed

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


@dataclass(frozen=True)
class _Kind:
    """What a set is made of; see the options of `main`."""

    path: Path
    first_seed: int
    size: int
    empty: float
    photographed: float
    close: float
    away: float

    def render(self, numbers: range) -> list[str]:
        """Paint these pictures and return their records, a line each."""
        pictures = np.load(self.path, mmap_mode="r+")
        lines = []
        for i in numbers:
            seed = self.first_seed + i
            photographed = np.random.default_rng((seed, 3)).random() < self.photographed
            if photographed:
                drawn = sample_photographed(seed)
            else:
                away = np.random.default_rng((seed, 4)).random() < self.away
                turns = AWAY if away else FACING
                drawn = sample(seed, empty=self.empty, close=self.close, turns=turns)
            pictures[i] = paint(drawn, self.size / 256)
            kept = {"photographed": bool(photographed)} | record(drawn, seed, self.size / 256)
            lines.append(json.dumps(kept))
        return lines


def main() -> None:
    """Render in as many processes as asked, in chunks, in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--empty", type=float, default=0.05, help="share without a person")
    parser.add_argument(
        "--photographed", type=float, default=0.5, help="share with people as photographs show them"
    )
    parser.add_argument(
        "--close", type=float, default=CLOSE, help="share of heads and shoulders in the others"
    )
    parser.add_argument(
        "--away",
        type=float,
        default=0.0,
        help="share of those seen mostly from the side or behind",
    )
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "pictures.npy"
    shape = (args.count, args.size, args.size, 3)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    chunk = 200
    kind = _Kind(
        path, args.first_seed, args.size, args.empty, args.photographed, args.close, args.away
    )
    tasks = [range(i, min(i + chunk, args.count)) for i in range(0, args.count, chunk)]
    with (
        multiprocessing.Pool(args.processes) as pool,
        (args.out / "samples.jsonl").open("w") as out,
    ):
        for done, lines in enumerate(pool.imap(kind.render, tasks), 1):
            out.writelines(f"{line}\n" for line in lines)
            print(f"\r{min(done * chunk, args.count)}/{args.count}", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
