"""A judge of heads and chests: what heads and chests show, read off the pixels.

What tells a man from a woman, or a shirt from a jacket, is a few pixels wide. The attribute judge
reads latents of 16 x 16 pixels each and has to find the figure first; this one is shown a square
around head and chest at their own scale, cut where the figure was asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.judges import CLASSES, HIDDEN

TOLD = ("who", "garment", "garment_colour", "hair", "skin", "hat", "glasses", "expression")
"""The attributes of `CLASSES` that head and chest show."""

SIDE = 128
"""Pixels along each side of a portrait: about what head and chest have on a whole figure of 256."""

REACH = 0.36
"""Half a portrait's side, in statures: from above the head down to the hips."""

BONES = ((1, 8, 0.285), (1, 11, 0.285), (2, 5, 0.200), (2, 3, 0.160), (5, 6, 0.160))
"""Two joints (body-18) and how far they are apart, in statures, seen square on."""

FACE_ABOVE_NECK = 0.138
"""Of the middle of the face's joints, in statures."""

_NECK, _SHOULDERS, _FACE = 1, [1, 2, 5], [0, 14, 15, 16, 17]


def portrait_square(body: NDArray[np.float32]) -> tuple[float, float, float]:
    """The middle (x, y) and the half side, in pixels, of the square around head and chest.

    Args:
        body: [18, 3] in pixels and confidence; 0 means absent.

    Raises:
        ValueError: not one bone of the trunk, the shoulders or the neck is there.
    """
    there = body[:, 2] > 0
    points = body[:, :2].astype(np.float64)
    face = points[_FACE][there[_FACE]]
    statures = [
        np.linalg.norm(points[a] - points[b]) / length
        for a, b, length in BONES
        if there[a] and there[b]
    ]
    middle = face.mean(0) if len(face) else None
    if middle is not None and there[_NECK]:
        statures.append(np.linalg.norm(points[_NECK] - middle) / FACE_ABOVE_NECK)
    stature = float(max(statures, default=0.0))
    if stature == 0:
        raise ValueError("a figure without neck, shoulders and trunk has no portrait")
    shoulders = points[_SHOULDERS][there[_SHOULDERS]].mean(0)  # every bone has one of them
    down = np.array([0.0, 1.0])
    if middle is not None and (far := np.linalg.norm(shoulders - middle)) > 0:
        down = (shoulders - middle) / far
    x, y = shoulders + down * 0.06 * stature
    return float(x), float(y), REACH * stature


def portrait(
    picture: Image.Image, body: NDArray[np.float32], side: int = SIDE, grown: float = 1.0
) -> NDArray[np.uint8]:
    """Head and chest [side, side, 3], black beyond the picture's edges.

    Args:
        picture: RGB.
        body: as `portrait_square` takes it.
        side: in pixels.
        grown: how much wider than `portrait_square` says.
    """
    x, y, half = portrait_square(body)
    half *= grown
    box = (round(x - half), round(y - half), round(x + half) + 1, round(y + half) + 1)
    cut = picture.crop(box).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(cut.convert("RGB"))


@dataclass(frozen=True)
class PortraitSize:
    """Of a portrait judge: channels at a half, a quarter, an eighth ... of a portrait's side."""

    channels: tuple[int, ...] = (24, 48, 96, 144, 192)


class _Block(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.norm_2 = nn.GroupNorm(8, width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[b, width, h, w] to the same."""
        return x + self.second(F.gelu(self.norm_2(self.first(F.gelu(self.norm(x))))))


class PortraitJudge(nn.Module):
    """A small residual network (He et al. 2015, arXiv 1512.03385), one linear layer an attribute.

    Each of the last grid's cells looks at all of a portrait, so that their mean, in which places
    are lost, still tells them.
    """

    def __init__(self, size: PortraitSize | None = None) -> None:
        super().__init__()
        self.size = size or PortraitSize()
        layers: list[nn.Module] = []
        widths = self.size.channels
        for i, width in enumerate(widths):
            before = widths[i - 1] if i else 3
            layers.append(nn.Conv2d(before, width, 3, stride=2, padding=1))
            layers += [_Block(width) for _ in range(0 if i == 0 else 1 if i == 1 else 2)]
        self.enter, self.body = layers[0], nn.Sequential(*layers[1:])
        self.norm = nn.GroupNorm(8, widths[-1])
        self.heads = nn.ModuleDict(
            {name: nn.Linear(widths[-1], len(CLASSES[name])) for name in TOLD}
        )

    def forward(self, portraits: Tensor) -> dict[str, Tensor]:
        """Portraits [b, 3, side, side] in -1 to 1 to logits [b, classes] by attribute."""
        x = portraits.contiguous(memory_format=torch.channels_last)
        seen = F.gelu(self.norm(self.body(self.enter(x)))).mean((2, 3))
        return {name: head(seen) for name, head in self.heads.items()}

    def loss(self, portraits: Tensor, labels: Tensor) -> Tensor:
        """Mean over attributes of the cross-entropy; labels [b, `TOLD`], `HIDDEN` left out."""
        total = labels.new_zeros((), dtype=torch.float32)
        for i, logits in enumerate(self(portraits).values()):
            if (labels[:, i] != HIDDEN).any():
                total = total + F.cross_entropy(logits.float(), labels[:, i], ignore_index=HIDDEN)
        return total / len(TOLD)

    @torch.inference_mode()
    def classes(self, portraits: NDArray[np.uint8], batch: int = 64) -> Tensor:
        """Class numbers [n, `TOLD`] of portraits [n, side, side, 3] uint8."""
        device = next(self.parameters()).device
        found = []
        for some in torch.from_numpy(portraits).split(batch):
            told = self(levels(some.to(device))).values()
            found.append(torch.stack([logits.argmax(-1) for logits in told], 1).cpu())
        return torch.cat(found)

    def told_of(
        self, images: Sequence[Image.Image], bodies: Sequence[NDArray[np.float32]]
    ) -> Tensor:
        """Class numbers [n, `TOLD`] of the figures [18, 3] asked for in pictures, one in each."""
        cut = [portrait(i, b) for i, b in zip(images, bodies, strict=True)]
        return self.classes(np.stack(cut))


def levels(portraits: Tensor) -> Tensor:
    """[n, h, w, 3] uint8 to [n, 3, h, w] in -1 to 1."""
    return portraits.permute(0, 3, 1, 2).float() / 127.5 - 1


COLUMNS = [list(CLASSES).index(name) for name in TOLD]
"""Where `TOLD` stand among `CLASSES`."""


def save_portrait_judge(folder: Path, judge: PortraitJudge, measures: dict[str, Any]) -> None:
    """Write portraits.safetensors and portraits.json beside the other judges."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v.detach().cpu().contiguous() for k, v in judge.state_dict().items()}
    about = {"size": json.dumps(vars(judge.size)), "classes": json.dumps(_classes())}
    save_file(weights, folder / "portraits.safetensors")
    (folder / "portraits.json").write_text(json.dumps(about | {"measures": measures}, indent=2))


def load_portrait_judge(folder: Path) -> tuple[PortraitJudge, dict[str, Any]]:
    """Read what `save_portrait_judge` wrote: the judge, and how well it did on unseen renders.

    Raises:
        FileNotFoundError: there is none in the folder.
        ValueError: it was trained on another vocabulary.
    """
    about = json.loads((folder / "portraits.json").read_text())
    if about["classes"] != json.dumps(_classes()):
        raise ValueError(f"{folder}: trained on another vocabulary; train_portraits again")
    size = PortraitSize(tuple(json.loads(about["size"])["channels"]))
    judge = PortraitJudge(size)
    judge.load_state_dict(load_file(folder / "portraits.safetensors"))
    return judge.eval().requires_grad_(requires_grad=False), about["measures"]


def _classes() -> dict[str, tuple[str, ...]]:
    return {name: CLASSES[name] for name in TOLD}
