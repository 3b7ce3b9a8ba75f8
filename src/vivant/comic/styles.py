"""The styles by the names of the public demo; what they add to prompts is our own wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vivant.base.errors import InvalidInput


@dataclass(frozen=True)
class Style:
    """What a style does to a prompt.

    Attributes:
        before: words that introduce the prompt.
        after: words that follow it.
        avoid: words for the negative prompt.
    """

    before: str = ""
    after: str = ""
    avoid: str = ""


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "(No style)": Style(),
        "Japanese Anime": Style(
            "anime illustration of",
            "hand-drawn key visual, cel shading, expressive eyes, vivid colours, clean lines",
            "photograph, realistic skin, 3d render, blurry, washed out",
        ),
        "Cinematic": Style(
            "film still of",
            "wide-screen framing, shallow depth of field, dramatic key light, colour graded",
            "drawing, cartoon, flat light, over-exposed, amateur snapshot",
        ),
        "Disney Charactor": Style(
            "classic animated feature still of",
            "friendly character design, rounded shapes, hand-painted background, warm light",
            "photograph, horror, gritty, sharp noise, low detail",
        ),
        "Photographic": Style(
            "photograph of",
            "35 mm lens, natural light, fine detail, true colours",
            "drawing, painting, illustration, cartoon, anime, 3d render",
        ),
        "Comic book": Style(
            "comic book panel of",
            "bold ink outlines, flat colours, halftone shading, dynamic composition",
            "photograph, blurry, soft focus, 3d render",
        ),
        "Line art": Style(
            "line drawing of",
            "black ink on white paper, even outlines, no shading, minimal",
            "photograph, colour, painting, heavy shadow, texture",
        ),
        "Digital/Oil Painting": Style(
            "oil painting of",
            "visible brush strokes, rich pigments, painterly light, canvas texture",
            "photograph, flat vector art, anime, 3d render, plastic",
        ),
        "Pixar/Disney Character": Style(
            "computer-animated film still of",
            "appealing stylised character, soft global light, detailed materials, big eyes",
            "photograph, flat drawing, sketch, gritty, deformed",
        ),
        "Black and White Film Noir": Style(
            "black and white film noir still of",
            "monochrome, hard shadows, low-key light, film grain, 1940s mood",
            "colour, cartoon, bright, cheerful, 3d render",
        ),
        "Isometric Rooms": Style(
            "isometric cutaway room with",
            "seen from above at an angle, miniature diorama, neat props, soft shadow",
            "perspective distortion, close-up, photograph, clutter",
        ),
    }
)


def styled(name: str, prompt: str, negative_prompt: str) -> tuple[str, str]:
    """A prompt in a style, and its negative prompt.

    Raises:
        InvalidInput: there is no such style.
    """
    if name not in STYLES:
        raise InvalidInput("style_name", name, f"one of: {', '.join(STYLES)}")
    style = STYLES[name]
    subject = f"{style.before} {prompt}".strip()
    return _joined(subject, style.after), _joined(negative_prompt, style.avoid)


def _joined(*parts: str) -> str:
    return ", ".join(part.strip(" ,") for part in parts if part.strip(" ,"))
