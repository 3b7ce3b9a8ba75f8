"""Prompts that name whom a reference picture shows: "a man img, reading" (PhotoMaker, sec. 3.3).

The trigger word stands behind a class word and is read by nobody: what the pictures show is merged
into the class word's own token, which stands once for each picture, or once for each view of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from vivant.base.errors import InvalidInput, NobodyFound
from vivant.diffusion.text import EncodedText
from vivant.diffusion.windows import WindowedTextEncoders
from vivant.weights.identity import Identity

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on (Radford et al. 2021)."""

_TRIGGER = re.compile(r"^(?P<before>.*?(?P<word>[^\W_]+))\s+img\b(?P<after>.*)$", re.DOTALL)


@dataclass(frozen=True)
class Triggered:
    """A prompt that has the trigger word.

    Attributes:
        before: all before it, the class word at its end.
        word: the class word.
        after: all behind it.
    """

    before: str
    word: str
    after: str

    @property
    def plain(self) -> str:
        """The prompt without the trigger word."""
        return self.before + self.after

    def repeated(self, times: int) -> str:
        """The same, with the class word so many times."""
        return self.before + f" {self.word}" * (times - 1) + self.after


def find_trigger(text: str) -> Triggered | None:
    """A prompt around its first trigger word, or None where no class word stands before one."""
    found = _TRIGGER.match(text)
    return None if found is None else Triggered(**found.groupdict())


def without_trigger(text: str) -> str:
    """A prompt as it reads without the trigger word."""
    triggered = find_trigger(text)
    return text if triggered is None else triggered.plain


def for_pictures(text: str, pictures: int) -> str:
    """A prompt with its class word once for each picture; without a trigger word as it is."""
    triggered = find_trigger(text)
    return text if triggered is None else triggered.repeated(pictures)


@torch.inference_mode()
def merged(
    texts: Sequence[str],
    encoded: EncodedText,
    encoders: WindowedTextEncoders,
    seen: Tensor,
    identity: Identity,
) -> EncodedText:
    """Encoded prompts with the reference pictures in them.

    Args:
        texts: prompts; those without a trigger word stay as they are.
        encoded: the same as `for_pictures` gives them, one row each.
        encoders: that encoded them.
        seen: [pictures, width], what the pictures or their views show.
        identity: that saw it.

    Raises:
        InvalidInput: a class word stands behind the first window's end.
    """
    rows = list(encoded.tokens)
    for row, text in enumerate(texts):
        triggered = find_trigger(text)
        if triggered is not None:
            place = encoders.last_place(triggered.before)
            if place is None or place + len(seen) - 1 > encoders.window:
                expected = f"the class word among the first {encoders.window} tokens"
                raise InvalidInput("character_description", triggered.word, expected)
            rows[row] = identity.encoder.merge(rows[row], place, seen)
    return EncodedText(tokens=torch.stack(rows), pooled=encoded.pooled)


@torch.inference_mode()
def see(references: Sequence[Sequence[Image.Image]], identity: Identity) -> Tensor:
    """What references show, [views, width].

    Args:
        references: of each the views that the adapter looks at, RGB squares of any size.
        identity: sees them.

    Raises:
        NobodyFound: one of the references surely shows nobody in any view.
    """
    side = identity.encoder.side
    weight = identity.encoder.visual_projection.weight
    levels = [
        torch.frombuffer(bytearray(_sized(view, side).tobytes()), dtype=torch.uint8)
        for views in references
        for view in views
    ]
    x = as_seen(torch.stack(levels).reshape(-1, side, side, 3))
    looks = identity.encoder.look(x.to(weight.device, weight.dtype))
    empty = torch.tensor(identity.encoder.surely_nobody(looks))
    if any(bool(each.all()) for each in torch.split(empty, list(map(len, references)))):
        raise NobodyFound("ref_image: nobody found in it")
    return identity.encoder.project(looks)


def as_seen(levels: Tensor) -> Tensor:
    """Pictures as CLIP takes them, [pictures, 3, side, side], of levels [pictures, side, side, 3].

    Args:
        levels: 0 to 255.
    """
    mean, deviation = (torch.tensor(each).reshape(3, 1, 1) for each in (_MEAN, _DEVIATION))
    return (levels.permute(0, 3, 1, 2) / 255 - mean) / deviation


def _sized(picture: Image.Image, side: int) -> Image.Image:
    return picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
