"""Teach the identity adapter's CLIP to see, before it learns to tell a UNet what it sees.

    python -m training.train_identity_eye --data STORIES --out RUN --minutes 5

It names the traits of whoever a reference picture shows, of each part those that it shows; the
linear layers that name them are thrown away later. Writes RUN/eye.safetensors; resumes from
RUN/eye.pt. The last 5 % of the pictures are held out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.attention import attention_for
from training.data import Rendered
from training.identity_crops import TRAITS, cuts, trait_labels
from training.identity_models import VISION, Eye, save_eye
from training.judges import HIDDEN
from training.optimiser import Optimisers
from training.run import Run
from vivant.endpoints.storydiffusion.squares import PARTS

NOT_MATRICES = ("position", "class", "norm", "heads", "where")
"""Parameters that AdamW trains although they have two dimensions or more."""


def labels_of_all(data: Rendered) -> Tensor:
    """Labels [pictures, traits] of a set."""
    return torch.tensor([trait_labels(record) for record in data.records])


@torch.no_grad()
def accuracies(eye: Eye, pictures: Tensor, labels: Tensor) -> dict[str, float]:
    """Share of right answers by trait, where it shows."""
    shares = {}
    for i, (name, logits) in enumerate(eye.logits(eye.encoder.look(pictures)).items()):
        shown = labels[:, i] != HIDDEN
        right = logits.argmax(-1)[shown] == labels[shown, i]
        shares[name] = float(right.float().mean())
    return shares


def main() -> None:
    """Train until the minutes are over, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--batch", type=int, default=32, help="of references, three views each")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    device = torch.device(args.device)
    torch.manual_seed(0)
    args.out.mkdir(parents=True, exist_ok=True)
    data = Rendered(args.data)
    labels = labels_of_all(data)
    kept = len(data) - len(data) // 20
    eye = Eye().to(device)
    optimisers = Optimisers([eye], args.lr, args.lr * 0.4, NOT_MATRICES)
    run = Run(eye, optimisers, args.out / "eye.pt", args.minutes, 0.998)
    rng = np.random.default_rng(run.step)
    while run.done < 1:
        which = rng.integers(kept, size=args.batch)
        views = cuts(rng, data.pictures, data.records, which, VISION)
        given = views.pictures, views.labels(labels[which]), views.regions
        with attention_for(device), torch.autocast(device.type, torch.bfloat16):
            loss = eye.loss_of_patches(*(each.flatten(0, 1).to(device) for each in given))
        run.learn(loss, clip=1.0)
        if run.step % 50 == 0:
            run.say(args.batch, f"references of {kept}")
    run.save()
    with run.averaged():
        save_eye(args.out / "eye.safetensors", eye)
        held_out = np.arange(kept, min(kept + 600, len(data)))
        any_rng = np.random.default_rng(1)
        views = cuts(any_rng, data.pictures, data.records, held_out, VISION)
        asked = views.labels(labels[held_out]).to(device)
        pictures = views.pictures.to(device)
        shares = [accuracies(eye, pictures[:, i], asked[:, i]) for i in range(PARTS)]
    print(f"{'':16}   head   body   legs   always the commonest")
    for i, name in enumerate(TRAITS):
        told = labels[held_out, i][labels[held_out, i] != HIDDEN]
        parts = "".join(f"{each[name]:7.3f}" for each in shares)
        print(f"{name:16}{parts}   {float(told.bincount().max()) / len(told):.3f}")


if __name__ == "__main__":
    main()
