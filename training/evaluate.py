"""Measure a pose model: joints where they were asked, and what the prompt says in the picture.

    python -m training.evaluate --model FOLDER --judges RUN/judges --out RUN/evaluation.json

Skeletons and prompts come from seeds that no training set holds. Every figure stands beside its
ceiling (the same judge on the renders of the same samples) and its control (the same pictures
judged against another sample's pose or labels).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor

from training.blazepose import joints_at, load_landmarker
from training.cases import FIRST_SEED, Case, unseen_cases
from training.generate import BRIEF_PROMPT, Asked, encode_again, order, pictures, reconstruct
from training.judges import CLASSES, HIDDEN, Judges, load_judges
from training.portraits import COLUMNS, PortraitJudge, load_portrait_judge
from training.train_judges import near
from vivant.pose.blazepose.landmarks import Landmarker
from vivant.pose.presets import load_preset, preset_names
from vivant.pose.skeleton import BODY_18, Person, fit
from vivant.weights.load import load_pose_model
from vivant.weights.model import PoseModel
from vivant.weights.wheel_files import cache_folder

BARS: dict[str, float] = {
    "place": 0.95,
    "time": 0.95,
    "who": 0.85,
    "garment": 0.85,
    "garment_colour": 0.85,
    "hair": 0.85,
}
JOINTS_BAR = 0.88
CONTROL_LEVEL = 0.05
"""Strength 0 counts as fallen to the control's level within this much of it."""

ANKLES = [10, 13]

Share = dict[str, Any]
"""A measured share: value, ceiling, control and the number of pictures or joints."""


def joint_shares(places: Tensor, asked: Tensor) -> dict[str, Any]:
    """Shares of joints within a tenth of the box: of all, of whole and of cut figures, by joint."""
    right = near(places, asked)
    whole = (asked[:, ANKLES, 2] > 0).any(1)
    by_joint = [_mean(column) for column in right.unbind(1)]
    return {
        "all": _mean(right),
        "whole": _mean(right[whole]),
        "cut": _mean(right[~whole]),
        "by_joint": dict(zip(BODY_18, by_joint, strict=True)),
    }


def _mean(right: Tensor) -> float | None:
    """Mean of what is not nan; None where nothing is."""
    mean = right.nanmean().item()
    return None if math.isnan(mean) else mean


def attribute_shares(found: Tensor, labels: Tensor) -> dict[str, dict[str, float]]:
    """By attribute: share right, the same against the next sample's labels, and how many."""
    shares = {}
    for i, name in enumerate(CLASSES):
        said = labels[:, i] != HIDDEN
        if said.any():
            right = labels[said, i]
            shares[name] = {
                "share": (found[said, i] == right).float().mean().item(),
                "shuffled": (found[said, i] == right.roll(1)).float().mean().item(),
                "count": int(said.sum()),
            }
    return shares


@dataclass(frozen=True)
class Bench:
    """All judges that are ours; `portraits` reads off pixels what it can (None: latents alone)."""

    judges: Judges
    portraits: PortraitJudge | None
    measures: dict[str, Any]

    def classes(
        self, latents: Tensor, images: Sequence[Image.Image], people: Sequence[Person]
    ) -> Tensor:
        """Class numbers [n, attributes] as `CLASSES` orders them.

        Args:
            latents: of the images, encoded again.
            images: with one figure each.
            people: where the figures were asked for.
        """
        found = self.judges.attributes.classes(latents).clone()
        if self.portraits is not None:
            found[:, COLUMNS] = self.portraits.told_of(images, [p.body for p in people])
        return found


def load_bench(folder: Path) -> Bench:
    """What `train_judges` and, if it was run, `train_portraits` left in a folder."""
    judges = load_judges(folder)
    try:
        portraits, measures = load_portrait_judge(folder)
    except FileNotFoundError:
        return Bench(judges, None, judges.measures)
    return Bench(judges, portraits, judges.measures | {"portraits": measures})


class Panel:
    """All judges on one set of poses and labels."""

    def __init__(
        self, model: PoseModel, bench: Bench, cases: Sequence[Case], blaze: Landmarker | None
    ) -> None:
        self.model, self.bench, self.blaze = model, bench, blaze
        self.people = [case.pose.people[0] for case in cases]
        self.asked = torch.from_numpy(np.stack([person.body for person in self.people]))
        self.labels = torch.tensor([case.labels for case in cases])

    def judge(self, images: Sequence[Image.Image], *, shuffled: bool = False) -> dict[str, Any]:
        """Every judge's shares for one picture per case.

        Args:
            images: one for each case.
            shuffled: also let BlazePose look for the next case's figure; ours always does.
        """
        latents = encode_again(self.model, images)
        places = self.bench.judges.joints.joints(latents)
        found = self.bench.classes(latents, images, self.people)
        ours = joint_shares(places, self.asked)
        ours["shuffled"] = joint_shares(places, self.asked.roll(1, 0))["all"]
        judged = {"joints": ours, "attributes": attribute_shares(found, self.labels)}
        if self.blaze is not None:
            judged["blazepose"] = joint_shares(
                self._blaze(self.blaze, images, self.people), self.asked
            )
            if shuffled:
                others = [self.people[-1], *self.people[:-1]]
                control = joint_shares(
                    self._blaze(self.blaze, images, others), self.asked.roll(1, 0)
                )
                judged["blazepose"]["shuffled"] = control["all"]
        return judged

    @staticmethod
    def _blaze(
        blaze: Landmarker, images: Sequence[Image.Image], people: Sequence[Person]
    ) -> Tensor:
        each = [joints_at(blaze, i, p) for i, p in zip(images, people, strict=True)]
        return torch.from_numpy(np.stack(each))


def brief_shares(model: PoseModel, bench: Bench, asked: Callable[..., Asked]) -> dict[str, float]:
    """The brief's prompt on every preset: shares with a girl, a suit, night (moon) and rain."""
    size = model.traits.native_size
    poses = [fit(load_preset(name), size, size) for name in preset_names()]
    orders = [order(asked(BRIEF_PROMPT, 698845 + i), pose) for i, pose in enumerate(poses)]
    images = [image for _, image in sorted(pictures(model, orders), key=lambda done: done[0])]
    people = [pose.people[0] for pose in poses]
    found = bench.classes(encode_again(model, images), images, people)
    wanted = {"who": "girl", "garment": "suit", "time": "night", "rain": "yes"}
    names = list(CLASSES)
    return {
        name: (found[:, names.index(name)] == CLASSES[name].index(value)).float().mean().item()
        for name, value in wanted.items()
    }


def bars_of(results: dict[str, Any], strengths: Sequence[float], main: float) -> list[Share]:
    """Issue 2's bars, each with value, ceiling, control and whether it is met (None: no bar)."""
    at, renders = results["strengths"], results["renders"]
    top = at[str(main)]
    control = top["joints"]["shuffled"]
    rows = [
        share_row("joints", top["joints"]["all"], renders["joints"]["all"], control, JOINTS_BAR)
    ]
    for part in ("whole", "cut"):
        value, ceiling = top["joints"][part], renders["joints"][part]
        rows.append(share_row(f"joints, {part} figures", value, ceiling, None, None))
    if "blazepose" in top:
        blaze, ceiling = top["blazepose"], renders["blazepose"]
        control = blaze["shuffled"]
        rows.append(share_row("joints, BlazePose", blaze["all"], ceiling["all"], control, None))
        name = "joints, BlazePose, whole figures"
        rows.append(share_row(name, blaze["whole"], ceiling["whole"], None, None))
    ordered = sorted(strengths)
    for strength in ordered:
        for judge in ("joints", "blazepose"):
            if strength != main and judge in top:
                by = "" if judge == "joints" else ", BlazePose"
                value, least = at[str(strength)][judge]["all"], top[judge]["shuffled"]
                row = share_row(f"joints at strength {strength:g}{by}", value, None, least, None)
                if strength == 0:
                    row["met"] = value <= least + CONTROL_LEVEL
                rows.append(row)
    shares = [at[str(s)]["joints"]["all"] for s in ordered]
    rising = all(low < high for low, high in pairwise(shares))
    rows.append(share_row("joints rise with strength", None, None, None, None) | {"met": rising})
    for name, said in top["attributes"].items():
        ceiling = renders["attributes"][name]["share"]
        row = share_row(name, said["share"], ceiling, said["shuffled"], BARS.get(name))
        rows.append(row | {"count": said["count"]})
    for name, value in results["brief"].items():
        rows.append(share_row(f"brief's prompt: {name}", value, None, None, None))
    return rows


def share_row(
    name: str, value: float | None, ceiling: float | None, control: float | None, bar: float | None
) -> Share:
    """One line of a table; whether the bar is met follows, None without one."""
    met = None if bar is None or value is None else value >= bar
    row = {"name": name, "value": value, "ceiling": ceiling, "control": control}
    return row | {"bar": bar, "met": met}


def show(rows: Sequence[Share], title: str) -> None:
    """Print the bars as one table."""
    table = Table("measure", "pictures", "value", "ceiling", "control", "bar", "met", title=title)
    for row in rows:
        numbers = [row[key] for key in ("value", "ceiling", "control", "bar")]
        shown = ["" if number is None else f"{number:.3f}" for number in numbers]
        met = {None: "", True: "yes", False: "NO"}[row["met"]]
        table.add_row(row["name"], str(row.get("count", "")), *shown, met)
    Console().print(table)


def main() -> None:
    """Generate, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a folder in the published layout")
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.0, 0.4, 0.8])
    parser.add_argument("--guidance", type=float, default=7.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--together", type=int, default=8, help="pictures of one batch")
    parser.add_argument("--pictures", type=Path, help="folder for the generated pictures")
    parser.add_argument("--blazepose", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    blaze = load_landmarker(cache_folder()) if args.blazepose else None
    model, bench = load_pose_model(args.model), load_bench(args.judges)
    size = model.traits.native_size

    def asked(prompt: str, seed: int, strength: float = 0.8) -> Asked:
        return Asked(prompt, seed, size, size, strength, args.guidance, args.steps)

    cases = unseen_cases(args.count, size)
    panel = Panel(model, bench, cases, blaze)
    main_strength = min(args.strengths, key=lambda s: abs(s - 0.8))
    renders = [case.render for case in cases]
    results: dict[str, Any] = {
        name: getattr(args, name) for name in ("count", "guidance", "steps", "together")
    }
    results |= {"first_seed": FIRST_SEED, "judges": bench.measures, "strengths": {}}
    spent = 0.0
    with Progress() as progress:
        for strength in sorted(args.strengths):
            task = progress.add_task(f"strength {strength:g}", total=len(cases))
            orders = [order(asked(c.caption, c.seed, strength), c.pose) for c in cases]
            images = list(renders)
            begun = time.monotonic()
            for place, image in pictures(model, orders, args.together):
                images[place] = image
                progress.advance(task)
            spent += time.monotonic() - begun
            judged = panel.judge(images, shuffled=strength == main_strength)
            results["strengths"][str(strength)] = judged
            if args.pictures:
                args.pictures.mkdir(parents=True, exist_ok=True)
                for case, image in zip(cases, images, strict=True):
                    image.save(args.pictures / f"{case.seed}-{strength:g}.png")
        progress.console.print("renders and their reconstructions, for the ceilings")
        results["renders"] = panel.judge(renders)
        results["reconstructions"] = panel.judge(reconstruct(model, encode_again(model, renders)))
    results["brief"] = brief_shares(model, bench, asked)
    results["seconds_per_picture"] = spent / (len(cases) * len(args.strengths))
    results["bars"] = bars_of(results, args.strengths, main_strength)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=2) + "\n")
    title = f"{args.count} unseen samples, strength {main_strength:g}, guidance {args.guidance:g}"
    show(results["bars"], f"{title}, {results['seconds_per_picture']:.2f} s a picture")


if __name__ == "__main__":
    main()
