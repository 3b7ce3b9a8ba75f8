"""The judge of stories: who is in a panel and where, or that nobody is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from training.judges import CLASSES, HIDDEN, AttributeJudge, Size, labels_of

_FROM_POSES = (
    "who",
    "hair",
    "garment",
    "garment_colour",
    "bottom_colour",
    "skin",
    "hat",
    "glasses",
    "expression",
    "place",
    "time",
)

STORY_CLASSES: dict[str, tuple[str, ...]] = {name: CLASSES[name] for name in _FROM_POSES} | {
    "person": ("no", "yes"),
    "bottom_shown": ("no", "yes"),
}
"""What the judge tells apart. `bottom_shown`: whether trousers or skirt, or their absence, show."""

LOOKS = ("hair", "garment_colour", "bottom_colour", "skin")
"""The attributes by which panels are compared."""


def story_labels(record: dict[str, Any]) -> dict[str, int]:
    """Class numbers of a record of `make_story_data`, by attribute; `HIDDEN` where none shows."""
    labels = labels_of(record)
    if record["covered"]:
        labels["bottom_colour"] = labels["bottom"] = HIDDEN
    kept = {name: labels[name] for name in _FROM_POSES}
    somebody = bool(record["people"])
    shown = int(labels["bottom"] != HIDDEN) if somebody else HIDDEN
    return kept | {"person": int(somebody), "bottom_shown": shown}


@dataclass(frozen=True)
class StoryJudge:
    """The judge, and how well it did on renders that it had not seen."""

    net: AttributeJudge
    measures: dict[str, Any]


def save_story_judge(folder: Path, judge: StoryJudge) -> None:
    """Write story.safetensors and story.json."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"size": json.dumps(vars(judge.net.size)), "classes": json.dumps(STORY_CLASSES)}
    weights = {k: v.detach().cpu().contiguous() for k, v in judge.net.state_dict().items()}
    save_file(weights, folder / "story.safetensors", about)
    (folder / "story.json").write_text(json.dumps(judge.measures, indent=2) + "\n")


def load_story_judge(folder: Path, device: torch.device | None = None) -> StoryJudge:
    """Read what `save_story_judge` wrote, ready to judge.

    Raises:
        ValueError: it was trained on another vocabulary.
    """
    path = folder / "story.safetensors"
    with safe_open(path, "pt") as file:
        about = file.metadata()
    if json.loads(about["classes"]) != json.loads(json.dumps(STORY_CLASSES)):
        raise ValueError(f"{path}: trained on another vocabulary; train the judge again")
    net = AttributeJudge(Size(**json.loads(about["size"])), STORY_CLASSES)
    net.load_state_dict(load_file(path))
    net.to(device).eval().requires_grad_(requires_grad=False)
    return StoryJudge(net, json.loads((folder / "story.json").read_text()))
