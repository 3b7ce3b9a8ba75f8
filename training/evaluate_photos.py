"""Measure how well a pose model follows skeletons of real people, beside those it was trained on.

    python -m training.evaluate_photos --model FOLDER --judges RUN/judges --photos FOLDER \
        --out RUN/photos.json

Each photo's largest person is estimated as the product does it. Pictures are asked for in that
pose with the captions of unseen samples, and judged as in `training.evaluate`. The other rows are
the same for poses of unseen samples, with as many pictures: of people as photographs show them, and
drawn as usual. For these there is a ceiling, what the judges find in the world's own renders.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from training.blazepose import load_landmarker
from training.cases import MIN_JOINTS, Case, unseen_cases
from training.evaluate import Panel, load_bench
from training.generate import Asked, order, pictures
from training.judges import CLASSES, HIDDEN
from training.world.render import sample_photographed
from vivant.pose.estimate import Estimator
from vivant.pose.estimators import estimator_by_name
from vivant.pose.inputs import open_picture
from vivant.pose.skeleton import Pose, fit
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.wheel_files import cache_folder

PICTURES = ("*.jpg", "*.jpeg", "*.png", "*.webp")
BAR = 0.80


def poses_of(folder: Path, estimator: Estimator, size: int) -> dict[str, Pose]:
    """By photo, its largest person with at least `MIN_JOINTS` joints, fitted to the size."""
    poses = {}
    for path in sorted(itertools.chain.from_iterable(folder.glob(kind) for kind in PICTURES)):
        photo = open_picture(path.read_bytes())
        seen = [p for p in estimator.people(photo) if p.present.sum() >= MIN_JOINTS]
        if seen:
            largest = max(seen, key=lambda p: np.ptp(p.body[p.present, 1]))
            poses[path.stem] = fit(Pose((largest,), photo.width, photo.height), size, size)
    return poses


def photo_cases(poses: Sequence[Pose], drawn: Sequence[Case]) -> list[Case]:
    """One case for each drawn one, with its seed and caption and a photo's pose, in turn."""
    nothing = (HIDDEN,) * len(CLASSES)
    blank = Image.new("RGB", (1, 1))
    return [
        Case(case.seed, blank, pose, case.caption, nothing)
        for case, pose in zip(drawn, itertools.cycle(poses), strict=False)
    ]


def judged(model: PoseModel, panel: Panel, cases: Sequence[Case]) -> dict[str, Any]:
    """Both judges' shares of joints, and the share at the next case's pose for control.

    `renders` has the same of the cases' own renders, where they show the cases' poses.
    """
    size = model.traits.native_size
    orders = [order(Asked(case.caption, case.seed, size, size), case.pose) for case in cases]
    images = [image for _, image in sorted(pictures(model, orders), key=lambda done: done[0])]
    found = {"": panel.judge(images)}
    if cases[0].render.size == (size, size):
        found["renders"] = panel.judge([case.render for case in cases])
    each = {
        kind: {name: shares[name] for name in ("joints", "blazepose")}
        for kind, shares in found.items()
    }
    return each.pop("") | each


def main() -> None:
    """Estimate, generate, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a folder in the published layout")
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True, help="a folder of photos of people")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=48, help="pictures of each kind")
    args = parser.parse_args()
    model, bench = load_pose_model(args.model), load_bench(args.judges)
    size = model.traits.native_size
    blaze = load_landmarker(cache_folder())
    poses = poses_of(args.photos, estimator_by_name(), size)
    if not poses:
        raise SystemExit(f"{args.photos}: nobody found in any picture")
    drawn = unseen_cases(args.count, size)
    kinds = {
        "photos": photo_cases(list(poses.values()), drawn),
        "photographed": unseen_cases(args.count, size, draw=sample_photographed),
        "drawn": drawn,
    }
    results: dict[str, Any] = {"taken_from": list(poses), "count": args.count, "bar": BAR}
    judges = ("joints", "blazepose")
    heads = ("skeletons", "pictures", "joints", "ceiling", "BlazePose", "ceiling")
    table = Table(*heads, title=f"bar {BAR:.2f}")
    for kind, cases in kinds.items():
        shares = judged(model, Panel(model, bench, cases, blaze), cases)
        results[kind] = shares
        row = []
        for judge in judges:
            ceiling = shares.get("renders", {}).get(judge, {}).get("all")
            row += [f"{shares[judge]['all']:.3f}", "" if ceiling is None else f"{ceiling:.3f}"]
        table.add_row(kind, str(len(cases)), *row)
    Console().print(table)
    args.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
