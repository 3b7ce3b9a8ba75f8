"""Measure an identity adapter: panels look like the reference, and show what their lines say.

    python -m training.evaluate_identity --model RUN/story --judges RUN/judges \
        --out RUN/identity_evaluation.json

Every character is one that no training saw; the description says no more than "a man img". Figures
stand beside the same stories without a reference, which is the level of chance, and beside the same
judge on the world's own drawings, which is the ceiling.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.progress import track
from torch import Tensor

from training.evaluate import Share, share_row, show
from training.evaluate_story import NAMES, right_shares, seen_looks
from training.identity_cases import ASKED, SHOWN, Encounter, encounters
from training.judges import HIDDEN
from training.story_court import Court
from training.story_generate import load_with_vae
from training.story_judges import StoryJudge, load_story_judge
from vivant.base.contract import Picture
from vivant.endpoints.storydiffusion import endpoint
from vivant.endpoints.storydiffusion.pipeline import generate
from vivant.endpoints.storydiffusion.reference import TRIGGER
from vivant.endpoints.storydiffusion.request import Request
from vivant.pose.estimate import Estimator
from vivant.pose.estimators import estimator_by_name
from vivant.weights.model import StoryModel

AGREEMENT_BAR, SCENE_BAR, SLOWER_BAR = 0.85, 0.85, 0.15
DEFAULT_RATIO = 20


def agreement(cases: Sequence[Encounter], found: Sequence[Tensor]) -> dict[str, float]:
    """Share of panels that agree with the reference by attribute, and `all`: their mean.

    Counted are panels that are to show somebody, and attributes that the reference shows.
    """
    each: dict[str, list[bool]] = {name: [] for name in SHOWN}
    for case, panels in zip(cases, found, strict=True):
        for panel, seen in zip(case.panels, seen_looks(panels).tolist(), strict=True):
            for name in SHOWN if panel.person is not None else ():
                i = NAMES.index(name)
                if HIDDEN not in (case.shown[i], seen[i]):
                    each[name].append(case.shown[i] == seen[i])
    shares = {name: float(np.mean(values)) for name, values in each.items() if values}
    return shares | {"all": float(np.mean(list(shares.values())))} if shares else {}


class Meeting(Court):
    """A model, its judge, and what they make of the encounters.

    Args:
        model: with its adapter.
        judge: of panels.
        steps: denoising steps.
        pictures: folder for strips, the reference at the left; None for none.
    """

    def __init__(
        self, model: StoryModel, judge: StoryJudge, steps: int, pictures: Path | None
    ) -> None:
        super().__init__(model, judge, pictures)
        self.steps = steps
        self.estimator: Estimator = estimator_by_name()

    def told(self, cases: Sequence[Encounter], ratio: int | None) -> tuple[list[Tensor], float]:
        """What the judge finds, [panels, attributes] for each story, and seconds a story.

        Args:
            cases: the stories.
            ratio: `style_strength_ratio`; None for no reference.
        """
        found, seconds = [], 0.0
        for case in track(cases, "no reference" if ratio is None else f"ratio {ratio}"):
            begun = time.monotonic()
            images = self.draw(case, ratio)
            seconds += time.monotonic() - begun
            found.append(self.judged(images))
            self.keep([case.picture, *images], f"{case.seed}-{ratio or 'none'}")
        return found, seconds / len(cases)

    def draw(self, case: Encounter, ratio: int | None) -> list[Image.Image]:
        """One story's panels, as the endpoint draws them."""
        side = self.model.traits.native_size
        fields: dict[str, object] = {
            "character_description": case.who,
            "comic_description": "\n".join(case.lines),
            "num_ids": 3,
            "num_steps": self.steps,
            "seed": case.seed,
            "image_width": side,
            "image_height": side,
        }
        if ratio is not None:
            fields["character_description"] = f"{case.who} {TRIGGER}"
            fields |= {"ref_image": case.picture, "style_strength_ratio": ratio}
        request = Request.from_fields(fields)
        work = endpoint.check(request, endpoint.limits(self.model), estimator=self.estimator)
        board = endpoint.storyboard(request, work.prepared, (side, side))
        return [event.image for event in generate(self.model, board) if isinstance(event, Picture)]


def evaluate(meeting: Meeting, count: int, ratios: Sequence[int]) -> dict[str, Any]:
    """All figures, before they are held against the bars."""
    cases = encounters(count)
    asked = [torch.tensor(case.asked) for case in cases]
    renders = meeting.rendered(cases)
    results: dict[str, Any] = {
        "ceiling": {
            "agreement": agreement(cases, renders),
            "scene": right_shares(renders, asked, ASKED),
        },
        "told": {},
    }
    for ratio in (None, *ratios):
        found, seconds = meeting.told(cases, ratio)
        results["told"][str(ratio or "none")] = {
            "agreement": agreement(cases, found),
            "scene": right_shares(found, asked, ASKED),
            "seconds": seconds,
        }
    return results


def bars_of(results: dict[str, Any], ratios: Sequence[int], main: int) -> list[Share]:
    """Issue 7's bars, each with value, ceiling, control (no reference) and whether it is met."""
    told, ceiling = results["told"], results["ceiling"]
    here, without = told[str(main)], told["none"]
    rows = []
    for name in ("all", *SHOWN):
        if name in here["agreement"]:
            level, best = without["agreement"].get(name), ceiling["agreement"].get(name)
            bar = AGREEMENT_BAR if name == "all" else None
            value = here["agreement"][name]
            rows.append(share_row(f"like the reference in {name}", value, best, level, bar))
    by_ratio = [told[str(ratio)]["agreement"]["all"] for ratio in sorted(ratios)]
    for ratio, value in zip(sorted(ratios), by_ratio, strict=True):
        rows.append(share_row(f"like the reference at ratio {ratio}", value, None, None, None))
    if len(by_ratio) > 1:
        falling = all(one > other for one, other in pairwise(by_ratio))
        falls = share_row("falls with the ratio", None, None, None, None)
        rows.append(falls | {"met": falling})
    for name, said in here["scene"].items():
        level = without["scene"][name]["share"]
        best = ceiling["scene"][name]["share"]
        bar = SCENE_BAR if name == "place" else None
        rows.append(share_row(f"as its line says: {name}", said["share"], best, level, bar))
    slower = here["seconds"] / without["seconds"] - 1
    row = share_row("slower than without", slower, None, None, None)
    return [*rows, row | {"met": slower <= SLOWER_BAR}]


def main() -> None:
    """Generate, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a folder in the published layout")
    parser.add_argument("--vae", type=Path, help="autoencoder of its latents, if not the package's")
    parser.add_argument("--identity", help="an adapter's file, if not the one in the folder")
    parser.add_argument("--judges", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=60, help="characters")
    parser.add_argument("--ratios", type=int, nargs="+", default=[15, 20, 30, 50])
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--pictures", type=Path, help="folder for strips of the generated panels")
    args = parser.parse_args()
    model = load_with_vae(args.model, args.vae, args.identity)
    if model.identity is None:
        parser.error(f"{args.model} has no identity adapter; name one with --identity")
    meeting = Meeting(model, load_story_judge(args.judges), args.steps, args.pictures)
    results = evaluate(meeting, args.count, args.ratios)
    main_ratio = min(args.ratios, key=lambda ratio: abs(ratio - DEFAULT_RATIO))
    results |= {"judge": meeting.judge.measures, "count": args.count, "steps": args.steps}
    results["bars"] = bars_of(results, args.ratios, main_ratio)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=2) + "\n")
    show(results["bars"], f"{args.count} unseen characters, ratio {main_ratio}")


if __name__ == "__main__":
    main()
