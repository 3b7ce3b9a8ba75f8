"""Measure a story model: what was asked is there, and what was left open stays the same.

    python -m training.evaluate_story --model RUN/story --vae RUN/vae --judges RUN/judges \
        --out RUN/story_evaluation.json

Stories come from seeds that no training set holds. Described stories name all of the character; in
open ones the prompt says no more than "a man", so that nothing but the attention can keep the rest.
Every figure stands beside its ceiling: the same judge on the world's own drawings.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import Tensor

from training.evaluate import Share, share_row, show
from training.judges import HIDDEN
from training.story_cases import CHARACTER, IDENTITIES, SCENE, StoryCase, unseen_stories
from training.story_court import Court
from training.story_generate import Telling, draw_story, load_with_vae
from training.story_judges import LOOKS, STORY_CLASSES, StoryJudge, load_story_judge
from vivant.weights.model import StoryModel

NAMES = list(STORY_CLASSES)
DESCRIBED_BAR, AGREEMENT_BAR, SCENE_BAR, NOBODY_BAR, ROLES_BAR = 0.85, 0.75, 0.90, 0.95, 0.10
CHANCE_PAIRS = 4000
KINDS = ("identity", "mixed", "follower")
"""Pairs of identity panels, of one of each, and of followers."""


def seen_looks(found: Tensor) -> Tensor:
    """What the judge found [panels, attributes], a bottom that does not show made `HIDDEN`."""
    seen = found.clone()
    hidden = found[:, NAMES.index("bottom_shown")] == 0
    seen[hidden, NAMES.index("bottom_colour")] = HIDDEN
    return seen


def right_shares(
    found: Sequence[Tensor], labels: Sequence[Tensor], names: Iterable[str]
) -> dict[str, dict[str, float]]:
    """By attribute: share of panels that show what was asked, and how many were asked."""
    seen = torch.cat([seen_looks(panels) for panels in found])
    asked = torch.cat(list(labels))
    shares = {}
    for name in names:
        i = NAMES.index(name)
        counted = (asked[:, i] != HIDDEN) & (seen[:, i] != HIDDEN)
        if counted.any():
            right = (seen[counted, i] == asked[counted, i]).float().mean().item()
            shares[name] = {"share": right, "count": int(counted.sum())}
    return shares


def same(a: Tensor, b: Tensor) -> dict[str, float]:
    """By attribute 1 where two panels [attributes] agree, 0 where not; left out where hidden."""
    agreed = {}
    for name in LOOKS:
        i = NAMES.index(name)
        if HIDDEN not in (a[i], b[i]):
            agreed[name] = float(a[i] == b[i])
    return agreed


def agreement(pairs: Iterable[tuple[Tensor, Tensor]]) -> dict[str, float]:
    """Share of agreeing pairs by attribute, and `all`: the mean over attributes."""
    each: dict[str, list[float]] = {name: [] for name in LOOKS}
    for a, b in pairs:
        for name, agreed in same(a, b).items():
            each[name].append(agreed)
    shares = {name: float(np.mean(values)) for name, values in each.items() if values}
    return shares | {"all": float(np.mean(list(shares.values())))} if shares else {}


def story_agreement(cases: Sequence[StoryCase], found: Sequence[Tensor]) -> dict[str, Any]:
    """Agreement of the panels with the character: by kind of pair, of all, and by chance.

    Chance is the agreement of panels of different stories of the same kind of person.
    """
    pairs: dict[str, list[tuple[Tensor, Tensor]]] = {kind: [] for kind in KINDS}
    casts: dict[str, list[list[Tensor]]] = {}
    for case, panels in zip(cases, found, strict=True):
        seen = seen_looks(panels)
        there = [i for i, panel in enumerate(case.panels) if panel.person is not None]
        for i, j in combinations(there, 2):
            kind = KINDS[int(i >= IDENTITIES) + int(j >= IDENTITIES)]
            pairs[kind].append((seen[i], seen[j]))
        person = case.panels[there[0]].person
        casts.setdefault(person.who if person else "", []).append([seen[i] for i in there])
    together = [pair for kind in KINDS for pair in pairs[kind]]
    return {
        "agreement": agreement(together),
        "chance": agreement(_strangers(casts)),
        "pairs": len(together),
    } | {kind: agreement(pairs[kind]) for kind in KINDS}


def _strangers(casts: dict[str, list[list[Tensor]]]) -> Iterable[tuple[Tensor, Tensor]]:
    """Random pairs of panels of different stories about the same kind of person."""
    rng = np.random.default_rng(0)
    kinds = [stories for stories in casts.values() if len(stories) > 1]
    for _ in range(CHANCE_PAIRS if kinds else 0):
        stories = kinds[int(rng.integers(len(kinds)))]
        one, other = rng.choice(len(stories), 2, replace=False)
        yield tuple(
            panels[int(rng.integers(len(panels)))] for panels in (stories[one], stories[other])
        )  # type: ignore[misc]


class Courtroom(Court):
    """A model, its judge, and what they make of stories."""

    def __init__(self, model: StoryModel, judge: StoryJudge, pictures: Path | None) -> None:
        super().__init__(model, judge, pictures)
        self.seconds, self.panels = 0.0, 0

    def generated(self, cases: Sequence[StoryCase], telling: Telling, title: str) -> list[Tensor]:
        """What the judge finds in generated panels: [panels, attributes] for each story."""
        found = []
        for case in track(cases, title):
            begun = time.monotonic()
            images = draw_story(self.model, case.prompts, case.seed, telling)
            self.seconds += time.monotonic() - begun
            self.panels += len(images)
            found.append(self.judged(images))
            self.keep(images, f"{title.replace(' ', '-')}-{case.seed}")
        return found


def labels_of_cases(cases: Sequence[StoryCase], which: str = "labels") -> list[Tensor]:
    """Labels [panels, attributes] of each story; `which` is `labels` or `rendered`."""
    return [torch.tensor([list(p.values()) for p in getattr(case, which)]) for case in cases]


def evaluate(
    court: Courtroom, count: int, shares: Sequence[float], main: float, telling: Telling
) -> dict[str, Any]:
    """All figures, before they are held against the bars."""
    described = unseen_stories(count, described=True)
    open_ones = unseen_stories(count, described=False)
    named = court.generated(described, replace(telling, share=main), "described")
    renders = court.rendered(described)
    ceiling = labels_of_cases(described, "rendered")
    results: dict[str, Any] = {
        "described": right_shares(named, labels_of_cases(described), (*CHARACTER, *SCENE)),
        "ceiling": right_shares(renders, ceiling, (*CHARACTER, *SCENE)),
        "renders": story_agreement(described, renders),
        "open": {},
        "nobody": {},
        "scenes": {},
    }
    for share in sorted(shares):
        found = court.generated(open_ones, replace(telling, share=share), f"open {share:g}")
        results["open"][str(share)] = story_agreement(open_ones, found)
        results["scenes"][str(share)] = right_shares(found, labels_of_cases(open_ones), SCENE)
        results["nobody"][str(share)] = _empty_share(open_ones, found)
    results["described nobody"] = _empty_share(described, named)
    results["seconds_per_panel"] = court.seconds / max(court.panels, 1)
    return results


def _empty_share(cases: Sequence[StoryCase], found: Sequence[Tensor]) -> float | None:
    """Share of the panels without a character in which the judge finds nobody."""
    person = NAMES.index("person")
    empty = [
        int(row[person]) == 0
        for case, rows in zip(cases, found, strict=True)
        for panel, row in zip(case.panels, rows, strict=True)
        if panel.person is None
    ]
    return float(np.mean(empty)) if empty else None


def bars_of(results: dict[str, Any], shares: Sequence[float], main: float) -> list[Share]:
    """Issue 3's bars, each with value, ceiling, control and whether it is met (None: no bar)."""
    rows = []
    ceilings = results["ceiling"]
    for name, said in results["described"].items():
        bar = DESCRIBED_BAR if name in CHARACTER else SCENE_BAR if name == "place" else None
        row = share_row(f"described: {name}", said["share"], ceilings[name]["share"], None, bar)
        rows.append(row | {"count": said["count"]})
    top = results["open"][str(main)]
    whole = results["renders"]["agreement"]
    off = results["open"].get("0.0", {}).get("agreement", {})
    for name in ("all", *LOOKS):
        if name in top["agreement"]:
            bar = AGREEMENT_BAR if name == "all" else None
            value, control = top["agreement"][name], off.get(name)
            row = share_row(
                f"open: agree in {name} (control: off)", value, whole.get(name), control, bar
            )
            rows.append(row | {"count": top["pairs"]})
    rows.append(share_row("open: chance", top["chance"].get("all"), None, None, None))
    ordered = [results["open"][str(s)]["agreement"].get("all", 0.0) for s in sorted(shares)]
    for share, value in zip(sorted(shares), ordered, strict=True):
        rows.append(share_row(f"open: agree at share {share:g}", value, None, None, None))
    rising = all(low < high for low, high in pairwise(ordered))
    rows.append(share_row("open: rises with share", None, None, None, None) | {"met": rising})
    rows += _role_rows(top)
    for name, said in results["scenes"][str(main)].items():
        bar = SCENE_BAR if name == "place" else None
        rows.append(
            share_row(f"open: {name}", said["share"], None, None, bar) | {"count": said["count"]}
        )
    for name, value in (
        ("open", results["nobody"][str(main)]),
        ("described", results["described nobody"]),
    ):
        rows.append(share_row(f"{name}: [NC] without a person", value, None, None, NOBODY_BAR))
    return rows


def _role_rows(top: dict[str, Any]) -> list[Share]:
    """Identity panels with each other, and followers with identity panels."""
    among, between = (top[kind].get("all") for kind in ("identity", "mixed"))
    row = share_row("open: followers with identity panels", between, among, None, None)
    if among is not None and between is not None:
        row["met"] = among - between <= ROLES_BAR
    return [share_row("open: identity panels among themselves", among, None, None, None), row]


def main() -> None:
    """Generate, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a folder in the published layout")
    parser.add_argument("--vae", type=Path, help="autoencoder of its latents, if not the package's")
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60, help="stories of each kind")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5, 1.0])
    parser.add_argument("--guidance", type=float, default=5.0)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--style", default=Telling.style)
    parser.add_argument("--pictures", type=Path, help="folder for strips of the generated panels")
    args = parser.parse_args()
    judge = load_story_judge(args.judges)
    court = Courtroom(load_with_vae(args.model, args.vae), judge, args.pictures)
    telling = Telling(style=args.style, guidance=args.guidance, steps=args.steps)
    middle = min(args.shares, key=lambda share: abs(share - telling.share))
    results = evaluate(court, args.count, args.shares, middle, telling)
    results |= {"judge": judge.measures, "count": args.count, "guidance": args.guidance}
    results |= {"steps": args.steps, "style": args.style}
    results["bars"] = bars_of(results, args.shares, middle)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=2) + "\n")
    seconds = f"{results['seconds_per_panel']:.2f} s a panel"
    show(results["bars"], f"2 x {args.count} unseen stories, share {middle:g}, {seconds}")


if __name__ == "__main__":
    main()
