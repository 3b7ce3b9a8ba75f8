"""Judges: small nets that read a picture's latents and say where the joints are and what is shown.

They are trained on renders, whose joints and attributes are known, and then asked about generated
pictures. A generated picture is encoded again by the model's own autoencoder first: a judge sees
the picture, not what the sampler had in mind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.world import vocabulary as words
from training.world.figure import FACING
from training.world.sky import INDOORS

JOINTS = 18
HIDDEN = -1
"""Label of what the picture does not show; losses and measures leave it out."""

Classes: TypeAlias = Mapping[str, tuple[str, ...]]

CLASSES: dict[str, tuple[str, ...]] = {
    "who": tuple(words.WHO),
    "garment": tuple(words.GARMENTS),
    "garment_colour": tuple(words.GARMENT_COLOURS),
    "hair": tuple(words.HAIR_COLOURS),
    "bottom": (*words.BOTTOMS, "none"),
    "bottom_colour": (*words.GARMENT_COLOURS, "none"),
    "skin": tuple(words.SKIN_TONES),
    "hat": ("no", "yes"),
    "glasses": ("no", "yes"),
    "expression": tuple(words.EXPRESSIONS),
    "place": tuple(words.PLACES),
    "time": tuple(words.TIMES),
    "rain": ("no", "yes"),
}
"""What `AttributeJudge` tells apart; a dress has no bottom."""

_NOSE, _KNEES, _ANKLES = 0, (9, 12), (10, 13)


def labels_of(record: dict[str, Any]) -> dict[str, int]:
    """Class numbers of a record of `make_data`, by attribute; `HIDDEN` where nothing can be seen.

    Attributes of the person are there only where exactly one is in the picture. From the side and
    from behind, the garment's kind is hidden; without the nose, so is the face; a bottom needs a
    knee in the frame and, below a coat, an ankle.
    """
    labels = dict.fromkeys(CLASSES, HIDDEN)
    said: dict[str, str] = {"place": record["place"], "time": record["time"]}
    if record["place"] not in INDOORS:  # there, a window with a few drops is all that tells
        said["rain"] = "yes" if record["rain"] else "no"
    if len(record["people"]) == 1:
        said |= _person_labels(record["people"][0], record["joints"][0], record["yaws"][0])
    return labels | {name: CLASSES[name].index(value) for name, value in said.items()}


def _person_labels(person: dict[str, Any], joints: list[list[float]], yaw: float) -> dict[str, str]:
    seen = [joint[2] > 0 for joint in joints]
    said = {
        "garment_colour": person["garment_colour"],
        "skin": person["skin"],
        "hat": "yes" if person["hat"] else "no",
    }
    if not person["hat"] or person["hair_style"] not in ("short", "bun"):
        said["hair"] = person["hair"]
    if abs(yaw) < FACING:
        said["garment"] = person["garment"]
    if seen[_NOSE]:
        said["who"] = person["who"]
        said["glasses"] = "yes" if person["glasses"] else "no"
        said["expression"] = person["expression"]
    in_coat = person["garment"] == "coat"
    needed = _ANKLES if in_coat else _KNEES
    if any(seen[j] for j in needed) and not (in_coat and person["bottom"] != "trousers"):
        bottom = person["bottom"]
        said["bottom"] = bottom or "none"
        said["bottom_colour"] = person["bottom_colour"] if bottom else "none"
    return said


@dataclass(frozen=True)
class Size:
    """Of a judge.

    Attributes:
        channels: of the latents.
        fine: width of the convolutions on the latents' grid.
        width: of the transformer on half of that grid; 32 a head.
        layers: of the transformer.
    """

    channels: int = 16
    fine: int = 64
    width: int = 160
    layers: int = 4


class _Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """[b, width, h, w] to the same."""
        return x + self.second(F.gelu(self.first(self.norm(x))))


class Trunk(nn.Module):
    """Convolutions on the latents' grid, a transformer on half of it, tokens beside the cells."""

    def __init__(self, size: Size, queries: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(size.channels, size.fine, 3, padding=1)
        self.fine = _Residual(size.fine)
        self.down = nn.Conv2d(size.fine, size.width, 2, stride=2)
        self.positions = nn.Parameter(0.1 * torch.randn(1, size.width, 8, 8))
        self.queries = nn.Parameter(0.5 * torch.randn(1, queries, size.width))
        layer = nn.TransformerEncoderLayer(
            size.width,
            size.width // 32,
            3 * size.width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, size.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(size.width)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents [b, c, h, w], both sides even.

        Returns:
            fine [b, fine, h, w], coarse [b, width, h / 2, w / 2], queries [b, queries, width].
        """
        fine = self.fine(self.enter(latents))
        coarse = self.down(fine)
        grid = coarse.shape[-2:]
        places = F.interpolate(self.positions, grid, mode="bilinear", align_corners=False)
        cells = (coarse + places).flatten(2).transpose(1, 2)
        asked = self.queries.expand(len(latents), -1, -1)
        tokens = self.norm(self.layers(torch.cat([asked, cells], 1)))
        count = asked.shape[1]
        coarse = tokens[:, count:].transpose(1, 2).unflatten(2, grid)
        return fine, coarse, tokens[:, :count]


class JointJudge(nn.Module):
    """Where each joint of the one person in the picture is.

    Each joint gets a heat map on the latents' grid, trained towards the bilinear splat of the true
    place: its mean over the mode's neighbourhood gives the place back finer than the grid.
    """

    def __init__(self, size: Size, pixels_per_latent: int = 16) -> None:
        super().__init__()
        self.size, self.pixels_per_latent = size, pixels_per_latent
        self.trunk = Trunk(size, queries=1)
        self.up = nn.ConvTranspose2d(size.width, size.fine, 2, stride=2)
        self.refine = _Residual(size.fine)
        self.head = nn.Conv2d(size.fine, JOINTS, 1)

    def forward(self, latents: Tensor) -> Tensor:
        """Latents [b, c, h, w] to heat map logits [b, 18, h, w]."""
        fine, coarse, _ = self.trunk(latents)
        logits: Tensor = self.head(self.refine(fine + self.up(coarse)))
        return logits

    def loss(self, latents: Tensor, joints: Tensor) -> Tensor:
        """Mean cross-entropy over the joints that are there.

        Args:
            latents: [b, c, h, w].
            joints: [b, 18, 3], pixels and confidence; 0 means absent.
        """
        logits = self(latents).float()
        h, w = logits.shape[-2:]
        target = splat(joints[..., :2] / self.pixels_per_latent, h, w).flatten(2)
        each = -(target * logits.flatten(2).log_softmax(-1)).sum(-1)
        there = (joints[..., 2] > 0).float()
        return (each * there).sum() / there.sum().clamp(min=1)

    @torch.inference_mode()
    def joints(self, latents: Tensor) -> Tensor:
        """Places [b, 18, 2] in pixels."""
        return heat_places(self(latents).float()) * self.pixels_per_latent


def splat(places: Tensor, rows: int, columns: int) -> Tensor:
    """Bilinear weights [..., rows, columns], sum 1, of places [..., 2] (x, y) in cells.

    A cell's centre is at its index + 0.5; places beyond the outer centres are moved onto them.
    """
    x = (places[..., 0:1] - 0.5).clamp(0, columns - 1)
    y = (places[..., 1:2] - 0.5).clamp(0, rows - 1)
    across = (1 - (x - torch.arange(columns, device=x.device)).abs()).clamp(min=0)
    down = (1 - (y - torch.arange(rows, device=y.device)).abs()).clamp(min=0)
    return down[..., :, None] * across[..., None, :]


def heat_places(logits: Tensor) -> Tensor:
    """Mean place [..., 2] (x, y) in cells over the 3 x 3 cells around each map's highest one."""
    *_, rows, columns = logits.shape
    best = logits.flatten(-2).argmax(-1)
    row = torch.arange(rows, device=best.device)
    column = torch.arange(columns, device=best.device)
    near_row = (row - (best // columns)[..., None]).abs() <= 1
    near_column = (column - (best % columns)[..., None]).abs() <= 1
    near = near_row[..., :, None] & near_column[..., None, :]
    weights = logits.masked_fill(~near, -torch.inf).flatten(-2).softmax(-1)
    weights = weights.unflatten(-1, (rows, columns))
    x = (weights.sum(-2) * (column + 0.5)).sum(-1)
    y = (weights.sum(-1) * (row + 0.5)).sum(-1)
    return torch.stack([x, y], -1)


CELLS = 0.5
"""Weight of what an attribute judge's cells tell, beside what its query tokens do."""


def figure_cells(joints: Tensor, pixels: int, rows: int, columns: int) -> Tensor:
    """Which cells [b, rows, columns] lie in or beside the box of a figure's joints.

    Args:
        joints: [b, 18, 3], pixels and confidence; 0 means absent. Without any there are no cells.
        pixels: along each side of a cell.
        rows: of the grid.
        columns: of the grid.
    """
    there = (joints[..., 2] > 0)[..., None]
    low = joints[..., :2].masked_fill(~there, torch.inf).amin(1)[:, None, None]
    high = joints[..., :2].masked_fill(~there, -torch.inf).amax(1)[:, None, None]
    x = (torch.arange(columns, device=joints.device) + 0.5) * pixels
    y = (torch.arange(rows, device=joints.device) + 0.5) * pixels
    centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    return ((centres >= low - pixels) & (centres <= high + pixels)).all(-1)


class AttributeJudge(nn.Module):
    """What the picture shows: one query token and one linear layer an attribute."""

    def __init__(self, size: Size, classes: Classes = CLASSES) -> None:
        super().__init__()
        self.size, self.told_apart = size, classes
        self.trunk = Trunk(size, queries=len(classes))
        self.heads = nn.ModuleDict({n: nn.Linear(size.width, len(c)) for n, c in classes.items()})

    def forward(self, latents: Tensor) -> dict[str, Tensor]:
        """Latents [b, c, h, w] to logits [b, classes] by attribute."""
        return self._told_by(self.trunk(latents)[2])

    def loss(self, latents: Tensor, labels: Tensor, figures: Tensor | None = None) -> Tensor:
        """Mean over attributes of the cross-entropy.

        Args:
            latents: [b, c, h, w].
            labels: [b, attributes] in their order.
            figures: cells [b, h / 2, w / 2] on the one figure that there is; they learn to tell the
                same, since query tokens alone learn slowly where to look (Jiang et al. 2021, "All
                Tokens Matter", arXiv 2104.10858).
        """
        _, coarse, tokens = self.trunk(latents)
        loss = self._cross_entropy(self._told_by(tokens), labels)
        if figures is not None and figures.any():
            owners, rows, columns = figures.nonzero(as_tuple=True)
            cells = coarse[owners, :, rows, columns][:, None].expand(-1, len(self.heads), -1)
            loss = loss + CELLS * self._cross_entropy(self._told_by(cells), labels[owners])
        return loss

    def _told_by(self, tokens: Tensor) -> dict[str, Tensor]:
        """Logits by attribute of tokens [b, attributes, width]."""
        return {name: head(tokens[:, i]) for i, (name, head) in enumerate(self.heads.items())}

    def _cross_entropy(self, told: dict[str, Tensor], labels: Tensor) -> Tensor:
        total = labels.new_zeros((), dtype=torch.float32)
        for i, logits in enumerate(told.values()):
            seen = labels[:, i] != HIDDEN
            if seen.any():
                total = total + F.cross_entropy(logits[seen].float(), labels[seen, i])
        return total / len(self.heads)

    @torch.inference_mode()
    def classes(self, latents: Tensor) -> Tensor:
        """Class numbers [b, attributes], ordered as its classes."""
        return torch.stack([logits.argmax(-1) for logits in self(latents).values()], 1)


@dataclass(frozen=True)
class Judges:
    """Both judges, and how well they did on renders that they had not seen (`measures`)."""

    joints: JointJudge
    attributes: AttributeJudge
    measures: dict[str, Any]


def save_judges(folder: Path, judges: Judges) -> None:
    """Write joints.safetensors, attributes.safetensors and measures.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, judge in (("joints", judges.joints), ("attributes", judges.attributes)):
        about = {"size": json.dumps(vars(judge.size)), "classes": json.dumps(CLASSES)}
        about["pixels_per_latent"] = str(judges.joints.pixels_per_latent)
        weights = {k: v.detach().cpu().contiguous() for k, v in judge.state_dict().items()}
        save_file(weights, folder / f"{name}.safetensors", about)
    (folder / "measures.json").write_text(json.dumps(judges.measures, indent=2) + "\n")


def load_judges(folder: Path, device: torch.device | None = None) -> Judges:
    """Read what `save_judges` wrote, ready to judge.

    Raises:
        ValueError: they were trained on another vocabulary.
    """
    loaded: dict[str, Any] = {}
    for name in ("joints", "attributes"):
        path = folder / f"{name}.safetensors"
        with safe_open(path, "pt") as file:
            about = file.metadata()
        if json.loads(about["classes"]) != json.loads(json.dumps(CLASSES)):
            raise ValueError(f"{path}: trained on another vocabulary; train the judges again")
        size = Size(**json.loads(about["size"]))
        judge: JointJudge | AttributeJudge = (
            JointJudge(size, int(about["pixels_per_latent"]))
            if name == "joints"
            else AttributeJudge(size)
        )
        judge.load_state_dict(load_file(path))
        loaded[name] = judge.to(device).eval().requires_grad_(requires_grad=False)
    measures = json.loads((folder / "measures.json").read_text())
    return Judges(loaded["joints"], loaded["attributes"], measures)
