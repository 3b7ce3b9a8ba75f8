"""Captions as lines of letters: broken, evened out, measured and drawn.

A caption has one face for all its alphabets where there is such a face. A word that lacks letters
there is set in the first face that has all of it, and letter by letter where none has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import ImageDraw, ImageFont

from vivant.comic.breaking import clean, clusters, ideographic, unbreakable
from vivant.comic.faces import Face, Typecase

REFERENCE = 100
"""Size in pixels at which words are measured while lines are being broken."""

LEADING = 1.22
"""From baseline to baseline, in sizes."""

ASCENT = 0.83
DESCENT = 0.27
"""What a line needs above and below its baseline, in sizes."""

ROUNDING = 0.99
"""Letters round to the grid of pixels; so much of a line's width is safe to plan with."""

ELLIPSIS = "…"
MISSING = "□"
"""Stands for a character that no face has."""


@dataclass(frozen=True)
class Run:
    """Letters of one face that follow each other in a line."""

    text: str
    face: Face


@dataclass(frozen=True)
class Block:
    """A caption broken into lines.

    Attributes:
        lines: each the runs that make it up.
        size: of the letters, in pixels.
        width: of the longest line, in pixels.
    """

    lines: tuple[tuple[Run, ...], ...]
    size: int
    width: int

    @property
    def height(self) -> int:
        """Of all lines, in pixels."""
        return block_height(len(self.lines), self.size)


@dataclass(frozen=True)
class _Piece:
    """What no line break may part; widths are in sizes."""

    runs: tuple[Run, ...]
    width: float
    space: float
    """Before it, unless it starts a line."""


class Lettering:
    """Sets captions from one typecase and remembers which characters it lacked."""

    def __init__(self, typecase: Typecase) -> None:
        self._typecase = typecase
        self._fonts: dict[tuple[Face, int], ImageFont.FreeTypeFont] = {}
        self._missing: dict[str, None] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """Characters that no face has, each once, in the order met."""
        return tuple(self._missing)

    def leading_face(self, text: str) -> Face | None:
        """The first face that has all letters of a text's alphabets; ideographs do not count."""
        letters = (mark for mark in text if mark.isalpha() and not ideographic(mark))
        return self._typecase.face_for("".join(letters))

    def runs(self, text: str, leading: Face | None = None) -> tuple[Run, ...]:
        """A text without spaces in as few faces as have all of it.

        Args:
            text: cleaned.
            leading: the face to try before all others.

        Raises:
            FontsMissing: this machine has no fonts at all.
        """
        face = leading if leading and leading.has(text) else self._typecase.face_for(text)
        if face is not None:
            return (Run(text, face),)
        return merged(self._cluster(cluster) for cluster in clusters(text))

    def width(self, runs: Iterable[Run], size: int) -> float:
        """Length of runs in a size, in pixels."""
        return sum(self._font(run.face, size).getlength(run.text) for run in runs)

    def draw(
        self, pen: ImageDraw.ImageDraw, block: Block, left: float, top: float, ink: str
    ) -> None:
        """Draw a block, each line in the middle of the block's width."""
        baseline = top + ASCENT * block.size
        for line in block.lines:
            at = left + (block.width - self.width(line, block.size)) / 2
            for run in line:
                font = self._font(run.face, block.size)
                pen.text((at, baseline), run.text, font=font, fill=ink, anchor="ls")
                at += font.getlength(run.text)
            baseline += LEADING * block.size

    def _cluster(self, cluster: str) -> Run:
        face = self._typecase.face_for(cluster)
        if face is None:
            lacking = [mark for mark in cluster if self._typecase.face_for(mark) is None]
            self._missing.update(dict.fromkeys(lacking or cluster))
            return Run(MISSING, self._typecase.face_for(MISSING) or self._typecase.first)
        return Run(cluster, face)

    def _font(self, face: Face, size: int) -> ImageFont.FreeTypeFont:
        if (face, size) not in self._fonts:
            self._fonts[face, size] = face.at(size)
        return self._fonts[face, size]


class Caption:
    """One caption, measured once, to be broken into lines for any size and width."""

    def __init__(self, text: str, lettering: Lettering) -> None:
        self.text = clean(text)
        self._lettering = lettering
        self._leading = lettering.leading_face(self.text)
        self._cuts: dict[_Piece, list[_Piece]] = {}
        apart, together = (self._piece(text, 0.0).width for text in ("n n", "nn"))
        self._pieces = [
            self._piece(part, apart - together if place == 0 else 0.0)
            for word in self.text.split()
            for place, part in enumerate(unbreakable(word))
        ]

    def lines(self, size: int, width: float) -> int:
        """How many lines `block` breaks it into."""
        return len(self._fill(ROUNDING * width / size))

    def block(self, size: int, width: float) -> Block:
        """Break into as few lines as the width allows, and make those as even as they can be.

        Args:
            size: of the letters, in pixels.
            width: of the longest line, in pixels; a word that is longer is cut.
        """
        limit = ROUNDING * width / size
        lines = self._fill(limit)
        low = min(max((piece.width for piece in self._pieces), default=0.0), limit)
        high = limit
        for _ in range(8):
            middle = (low + high) / 2
            tried = self._fill(middle)
            if len(tried) == len(lines):
                lines, high = tried, middle
            else:
                low = middle
        runs = tuple(_joined(line) for line in lines)
        widest = max((self._lettering.width(line, size) for line in runs), default=0.0)
        return Block(runs, size, round(widest))

    def shortened(self, share: float) -> Caption:
        """The first part of it, followed by an ellipsis."""
        kept = self.text[: int(len(self.text) * share)].rstrip(f" {ELLIPSIS}")
        return Caption(kept + ELLIPSIS, self._lettering)

    def _piece(self, text: str, space: float) -> _Piece:
        runs = self._lettering.runs(text, self._leading)
        return _Piece(runs, self._lettering.width(runs, REFERENCE) / REFERENCE, space)

    def _fill(self, limit: float) -> list[list[_Piece]]:
        """Fill lines of a width, in sizes, one after the other."""
        lines: list[list[_Piece]] = []
        used = 0.0
        for whole in self._pieces:
            for piece in [whole] if whole.width <= limit else self._cut(whole):
                if lines and used + piece.space + piece.width <= limit:
                    lines[-1].append(piece)
                    used += piece.space + piece.width
                else:
                    lines.append([piece])
                    used = piece.width
        return lines

    def _cut(self, piece: _Piece) -> list[_Piece]:
        """A word that is longer than a line, in its letters."""
        if piece not in self._cuts:
            letters = clusters("".join(run.text for run in piece.runs))
            spaces = [piece.space] + [0.0] * len(letters)
            self._cuts[piece] = list(map(self._piece, letters, spaces))
        return self._cuts[piece]


def block_height(lines: int, size: int) -> int:
    """Height of so many lines of letters of a size, in pixels."""
    return round((ASCENT + DESCENT + (lines - 1) * LEADING) * size) if lines else 0


def merged(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Neighbours of one face put together."""
    result: list[Run] = []
    for run in runs:
        if result and result[-1].face == run.face:
            result[-1] = Run(result[-1].text + run.text, run.face)
        else:
            result.append(run)
    return tuple(result)


def _joined(line: Sequence[_Piece]) -> tuple[Run, ...]:
    """A line's runs; a space belongs to the face before it."""
    runs: list[Run] = []
    for piece in line:
        if runs and piece.space:
            runs[-1] = Run(runs[-1].text + " ", runs[-1].face)
        runs.extend(piece.runs)
    return merged(runs)
