"""Prompts as SDXL reads them: two CLIPs side by side, long prompts in several windows.

Podell et al. 2023 (arXiv 2307.01952), sec. 2.1. A CLIP reads 77 tokens. Longer texts are read
window by window, each as a text of its own, and the windows' tokens are laid end to end for the
cross-attention, so that nothing a user wrote is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from vivant.diffusion.text import EncodedText


@dataclass(frozen=True)
class WindowedTextEncoders:
    """The encoders and tokenizers of one SDXL model.

    Attributes:
        clip: the narrower encoder, and the wider one whose projection sums a text up.
        tokenizers: theirs; both split texts into the same tokens.
    """

    clip: tuple[CLIPTextModel, CLIPTextModelWithProjection]
    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], device: torch.device, dtype: torch.dtype) -> EncodedText:
        """Encode texts, all in as many windows as the longest of them needs.

        Returns:
            Both encoders' last but one layers joined along the width, window after window; and the
            projection of each text's first window, where its subject stands.
        """
        parts: list[Tensor] = []
        windows = max(self.windows(text) for text in texts)
        for encoder, tokenizer in zip(self.clip, self.tokenizers, strict=True):
            ids = torch.tensor([_windows(tokenizer, text, windows) for text in texts])
            output = encoder(ids.flatten(0, 1).to(device), output_hidden_states=True)
            hidden: Tensor = output.hidden_states[-2]
            parts.append(hidden.reshape(len(texts), -1, hidden.shape[-1]))
            projection: Tensor = output[0]  # kept of the wider encoder, which comes last
        pooled = projection.reshape(len(texts), windows, -1)[:, 0]
        return EncodedText(tokens=torch.cat(parts, dim=-1).to(dtype), pooled=pooled.to(dtype))

    @property
    def window(self) -> int:
        """Places of a window's own tokens: 1 to `window`, behind its first mark."""
        return int(self.tokenizers[0].model_max_length) - 2

    def last_place(self, text: str) -> int | None:
        """Where a text's last token stands in the first window; None if it does not."""
        place = len(self.tokenizers[0](text, add_special_tokens=False, verbose=False).input_ids)
        return place if 1 <= place <= self.window else None

    def windows(self, text: str) -> int:
        """How many windows a text takes, 1 or more."""
        return max(len(list(_pieces(tokenizer, text))) for tokenizer in self.tokenizers)


def _pieces(tokenizer: CLIPTokenizer, text: str) -> Iterator[list[int]]:
    """A text's token ids, cut into what one window holds between its two marks."""
    ids = tokenizer(text, add_special_tokens=False, verbose=False).input_ids
    room = int(tokenizer.model_max_length) - 2
    for start in range(0, max(len(ids), 1), room):
        yield ids[start : start + room]


def _windows(tokenizer: CLIPTokenizer, text: str, count: int) -> list[list[int]]:
    """`count` windows of the tokenizer's length each, the last ones empty where need be."""
    marks: Any = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    begin, end, pad = marks
    length = int(tokenizer.model_max_length)
    pieces = list(_pieces(tokenizer, text))
    pieces += [[]] * (count - len(pieces))
    windows = [[begin, *piece, end] for piece in pieces]
    return [[*window, *[pad] * (length - len(window))] for window in windows]
