"""Train the judge of stories on the latents of rendered panels.

    python -m training.train_story_judge --data STORIES --latents RUN/story_latents \
        --out RUN/judges --minutes 5

The last 5 % of the encoded panels are held out; accuracies on them are the judge's own ceiling.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import torch

from training.judges import AttributeJudge, Size
from training.make_story_data import PANELS
from training.story_judges import (
    LOOKS,
    STORY_CLASSES,
    StoryJudge,
    save_story_judge,
    story_labels,
)
from training.train_judges import (
    Examples,
    accuracies,
    judge_in_batches,
    loss_of_names,
    perturb,
    read_examples,
    train,
)

PIXELS_PER_LATENT = 16
"""Of the embedded models' autoencoder."""

NEEDED = 0.95
"""Accuracy that comparing panels by an attribute takes."""


def measure(net: AttributeJudge, held_out: Examples, device: torch.device) -> dict[str, Any]:
    """Accuracy on renders that it has not seen: clean, and perturbed as in training."""
    torch.manual_seed(1)
    clean = held_out.latents.float()
    figures: dict[str, Any] = {"renders": len(held_out)}
    for name, latents in (("clean", clean), ("perturbed", perturb(clean))):
        found = judge_in_batches(lambda x: net.classes(x.to(device)), latents)
        figures[name] = accuracies(found, held_out.labels, STORY_CLASSES)
    return figures


def main() -> None:
    """Train, measure and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.manual_seed(0)
    examples = read_examples(args.data, args.latents, story_labels)
    groups = len(examples) // PANELS
    kept = PANELS * (groups - max(1, groups // 20))
    seen, held_out = examples[:kept], examples[kept:]
    net = AttributeJudge(Size(channels=examples.latents.shape[1]), STORY_CLASSES).to(device)
    train(
        net,
        partial(loss_of_names, net, PIXELS_PER_LATENT, seen, device),
        len(seen),
        minutes=args.minutes,
        batch=args.batch,
        lr=args.lr,
        device=device,
    )
    figures = measure(net, held_out, device)
    save_story_judge(args.out, StoryJudge(net, figures))
    print(f"{len(held_out)} renders held out   clean  perturbed")
    for name, share in figures["clean"].items():
        low = "  below the bar" if name in LOOKS and share < NEEDED else ""
        print(f"{name:20}{share:10.3f}{figures['perturbed'][name]:11.3f}{low}")


if __name__ == "__main__":
    main()
