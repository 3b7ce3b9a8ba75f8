"""Who a reference picture shows, merged into a prompt: PhotoMaker.

Li et al. 2023, "PhotoMaker: Customizing Realistic Human Photos via Stacked ID Embedding"
(arXiv 2312.04461), sec. 3.3. A CLIP sees each reference picture, two projections bring what it saw
to the widths of SDXL's two text encoders, and a small network merges it into the token of the class
word ("man", "woman", ...). The names of the modules are those of the published weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

NOBODY = 0.05
"""Below this chance of somebody a picture surely shows nobody: to refuse wrongly is worse."""


class ResidualMLP(nn.Module):
    """LayerNorm, two linear layers with a GELU between them, and the input again if `residual`."""

    def __init__(self, width_in: int, width: int, *, residual: bool) -> None:
        super().__init__()
        self.layernorm = nn.LayerNorm(width_in)
        self.fc1 = nn.Linear(width_in, width)
        self.fc2 = nn.Linear(width, width)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """[..., width_in] to [..., width]."""
        out: Tensor = self.fc2(nn.functional.gelu(self.fc1(self.layernorm(x))))
        return out + x if self.residual else out


class FuseModule(nn.Module):
    """Merges what was seen into the tokens of the class word, token by token.

    Args:
        width: of the tokens and of what was seen.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp1 = ResidualMLP(2 * width, width, residual=False)
        self.mlp2 = ResidualMLP(width, width, residual=True)
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Class tokens and what each picture shows, both [..., pictures, width], to the same."""
        merged = self.mlp1(torch.cat([tokens, seen], dim=-1)) + tokens
        out: Tensor = self.layer_norm(self.mlp2(merged))
        return out


class IdentityEncoder(nn.Module):
    """Sees reference pictures, and merges them into prompts.

    Args:
        vision: of the CLIP that sees; `projection_dim` is the narrower text encoder's width.
        wider: the wider text encoder's width.
        doubts: whether it can tell that a picture shows nobody; the published one cannot.
    """

    def __init__(self, vision: CLIPVisionConfig, wider: int, *, doubts: bool = False) -> None:
        super().__init__()
        self.config = vision
        self.vision_model = CLIPVisionModel(vision)
        narrower = vision.projection_dim
        self.visual_projection = nn.Linear(vision.hidden_size, narrower, bias=False)
        self.visual_projection_2 = nn.Linear(vision.hidden_size, wider, bias=False)
        self.fuse_module = FuseModule(narrower + wider)
        self.somebody = nn.Linear(vision.hidden_size, 1) if doubts else None

    @property
    def width(self) -> int:
        """Of the tokens that it merges into: both text encoders' side by side."""
        return int(self.visual_projection.out_features + self.visual_projection_2.out_features)

    @property
    def side(self) -> int:
        """Of the pictures that it sees, in pixels."""
        return int(self.config.image_size)

    def look(self, pictures: Tensor) -> Tensor:
        """What is seen, in the CLIP's own terms: [pictures, hidden size].

        Args:
            pictures: [pictures, 3, side, side], normalised as CLIP wants them.
        """
        pooled: Tensor = self.vision_model(pictures).pooler_output
        return pooled

    def project(self, looks: Tensor) -> Tensor:
        """What `look` returns in the prompts' terms: [pictures, width]."""
        each = self.visual_projection(looks), self.visual_projection_2(looks)
        return torch.cat(each, dim=-1)

    def see(self, pictures: Tensor) -> Tensor:
        """What pictures show in the prompts' terms, [pictures, width]; see `look`."""
        return self.project(self.look(pictures))

    def surely_nobody(self, looks: Tensor) -> list[bool]:
        """For each picture whether it surely shows nobody; see `look`. Never, if it cannot tell."""
        if self.somebody is None:
            return [False] * len(looks)
        chance: list[float] = torch.sigmoid(self.somebody(looks).float())[:, 0].tolist()
        return [each < NOBODY for each in chance]

    def merge(self, tokens: Tensor, place: int, seen: Tensor) -> Tensor:
        """A prompt with the reference pictures in it.

        Args:
            tokens: [length, width]; the class word stands once for each picture, from `place` on.
            place: of its first token.
            seen: [pictures, width], as `see` returns it.

        Returns:
            [length, width]; all other tokens stay as they are.
        """
        word = slice(place, place + len(seen))
        merged = tokens.clone()
        merged[word] = self.fuse_module(tokens[word], seen.to(tokens.dtype))
        return merged
