"""A small network that finds drawn people, "as points": Zhou et al. 2019, arXiv 1904.07850.

Every person is a peak at the neck, and says from there where the other joints are. What
`vivant.pose.drawings` reads is this network as a `.tflite` file (`export_drawings`).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vivant.pose.drawings import JOINTS, REACH, SIDE, STEP

CELLS = SIDE // STEP
CHANNELS = 1 + 3 * JOINTS
"""A logit of a neck; a way to each joint, x and y by `REACH` pixels; a logit that it shows."""

NARROWEST = 1.0
"""Least spread of a peak, cells."""


class Unit(nn.Module):
    """A convolution 3 x 3 or 1 x 1 with batch norm, as TensorFlow pads it ("SAME").

    Args:
        ins: channels that come in.
        outs: channels that go out.
        kernel: its side.
        stride: 1 or 2; at 2 the padding is at the right and below alone.
        bent: whether negative values become 0.
    """

    def __init__(
        self, ins: int, outs: int, kernel: int = 3, stride: int = 1, *, bent: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(ins, outs, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(outs)
        self.bent = bent
        spare = kernel - stride
        self.padding = (spare // 2, spare - spare // 2) * 2

    def forward(self, x: Tensor) -> Tensor:
        """[n, ins, h, w] to [n, outs, h / stride, w / stride]."""
        x = self.norm(self.conv(F.pad(x, self.padding)))
        return F.relu(x) if self.bent else x


class Block(nn.Module):
    """Two convolutions beside an identity (He et al. 2015, arXiv 1512.03385)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Unit(width, width), Unit(width, width, bent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[n, width, h, w], unchanged in shape."""
        return torch.relu(x + self.second(self.first(x)))


class DrawnPeople(nn.Module):
    """Pictures [n, 3, 256, 256], 0 to 1, to maps [n, 55, 32, 32]; see `CHANNELS`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Unit(3, 24, stride=2), Unit(24, 48, stride=2))
        self.eighth = nn.Sequential(Unit(48, 96, stride=2), Block(96), Block(96))
        self.sixteenth = nn.Sequential(Unit(96, 128, stride=2), Block(128), Block(128))
        self.last = nn.Sequential(Unit(128, 160, stride=2), Block(160), Block(160))
        self.back = nn.Sequential(Unit(160, 128, 1, bent=False), nn.Upsample(scale_factor=2))
        self.join = Block(128)
        self.onward = nn.Sequential(Unit(128, 96, 1, bent=False), nn.Upsample(scale_factor=2))
        self.head = nn.Sequential(Block(96), Unit(96, 96), nn.Conv2d(96, CHANNELS, 1))
        nn.init.constant_(self.head[-1].bias, 0)  # type: ignore[arg-type]  # a convolution's
        self.head[-1].bias.data[0] = -4.0  # type: ignore[union-attr,index]  # few cells are necks

    def forward(self, x: Tensor) -> Tensor:
        """The maps."""
        eighth = self.eighth(self.stem(x))
        sixteenth = self.sixteenth(eighth)
        sixteenth = self.join(sixteenth + self.back(self.last(sixteenth)))
        maps: Tensor = self.head(eighth + self.onward(sixteenth))
        return maps


def targets(joints: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the maps should say of people.

    Args:
        joints: [n, people, 18, 3] in pixels of the square; who is not there has no neck.

    Returns:
        peaks [n, cells, cells], 1 at necks; the joints [n, cells, cells, 18, 3] of whoever's peak
        is the highest there; that person's size [n, cells, cells], pixels.
    """
    device = joints.device
    seen = joints[..., 2] > 0
    there = seen[..., 1]
    far = torch.where(seen[..., None], joints[..., :2], torch.nan)
    low = far.nan_to_num(torch.inf).amin(2)
    high = far.nan_to_num(-torch.inf).amax(2)
    size = torch.where(there, (high - low).amax(-1), 1.0).clamp_min(8.0)
    cells = (torch.arange(CELLS, device=device) + 0.5) * STEP
    neck = joints[:, :, 1, :2]
    apart = (cells[None, None, None, :] - neck[:, :, 0, None, None]) ** 2 + (
        cells[None, None, :, None] - neck[:, :, 1, None, None]
    ) ** 2
    spread = (0.05 * size / STEP).clamp_min(NARROWEST) * STEP
    peaks = torch.exp(-apart / (2 * spread[..., None, None] ** 2)) * there[..., None, None]
    highest, whose = peaks.max(1)
    # The cell that holds the neck is a peak however far from its middle the neck lies.
    at = (neck / STEP).long().clamp(0, CELLS - 1)
    rows = torch.arange(len(joints), device=device)[:, None].expand(there.shape)
    highest[rows[there], at[..., 1][there], at[..., 0][there]] = 1.0
    flat = torch.arange(len(joints), device=device)[:, None, None]
    return highest, joints[flat, whose], size[flat, whose]


def loss(maps: Tensor, joints: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Focal loss of necks, distances of joints by the person's size, entropy of what shows.

    Args:
        maps: [n, 55, cells, cells].
        joints: [n, people, 18, 3]; see `targets`.
    """
    peaks, near, size = targets(joints)
    logits = maps[:, 0]
    chance = logits.sigmoid()
    there = peaks == 1
    count = there.sum().clamp_min(1)
    focal = torch.where(
        there,
        (1 - chance) ** 2 * F.softplus(-logits),
        (1 - peaks) ** 4 * chance**2 * F.softplus(logits),
    ).sum()
    ways, shown = read(maps)
    weight = torch.where(peaks > 0.4, peaks, 0.0)
    seen = (near[..., 2] > 0).float()
    apart = (ways - near[..., :2]).abs().sum(-1) / size[..., None]
    distance = (weight[..., None] * seen * apart).sum() / (
        weight[..., None] * seen
    ).sum().clamp_min(1)
    entropy = F.binary_cross_entropy_with_logits(shown, seen, reduction="none").mean(-1)
    visible = (weight * entropy).sum() / weight.sum().clamp_min(1)
    parts = {"necks": focal / count, "joints": distance, "shown": visible}
    return parts["necks"] + 10 * parts["joints"] + 0.5 * parts["shown"], parts


def read(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Joints [n, cells, cells, 18, 2] in pixels and logits [n, cells, cells, 18] that they show."""
    cells = (torch.arange(CELLS, device=maps.device) + 0.5) * STEP
    grid = torch.stack(torch.meshgrid(cells, cells, indexing="xy"), -1)
    ways = maps[:, 1 : 1 + 2 * JOINTS].permute(0, 2, 3, 1).unflatten(-1, (JOINTS, 2))
    return grid[:, :, None] + ways * REACH, maps[:, 1 + 2 * JOINTS :].permute(0, 2, 3, 1)


def batch_of(pictures: Any) -> Tensor:
    """uint8 [n, h, w, 3] as the network takes it, channels innermost in memory."""
    return torch.as_tensor(pictures).permute(0, 3, 1, 2).float().div(255)
