"""Typefaces for captions: which there are, and which of them has a given character.

Three come as packages: Delius, a face drawn for lettering comics, for Latin letters; Comfortaa,
which is round and even too, for Cyrillic and Greek; Noto Sans CJK for Chinese, Japanese and Korean.
What they lack is looked for in the fonts that the machine has.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import fontpkg  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]
from PIL import ImageFont

from vivant.base.errors import FontsMissing

MOST_SYSTEM_FONTS = 500
"""How many font files are looked through at most."""

FONT_ENDINGS = frozenset({".ttf", ".otf", ".ttc"})

OUTLINES = frozenset({"glyf", "CFF ", "CFF2"})
"""Tables that hold shapes for any size; fonts of ready-made pixels have none of them."""

UNLIKE_LETTERING = re.compile(
    r"bold|italic|oblique|mono|condensed|light|thin|black|serif(?!less)|math|symbol", re.IGNORECASE
)


@dataclass(frozen=True)
class Face:
    """One typeface in a file.

    Attributes:
        path: of the font file.
        index: its place in a collection.
        weight: of a variable font, 100 to 900; None for others.
        scale: factor on the size that makes it look as large as the other faces.
    """

    path: Path
    index: int = 0
    weight: int | None = None
    scale: float = 1.0

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points it has shapes for; none if the file is no font with outlines."""
        try:
            with (
                self.path.open("rb") as file,
                TTFont(file, fontNumber=self.index, lazy=True) as font,
            ):
                if OUTLINES.isdisjoint(font.keys()):
                    return frozenset()
                return frozenset(font.getBestCmap() or ())
        except (OSError, TTLibError):
            return frozenset()

    def has(self, text: str) -> bool:
        """Whether it has every visible character of a text."""
        return all(ord(mark) in self.characters for mark in text if not _invisible(mark))

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The face in a size in pixels of the em square, before `scale`."""
        font = ImageFont.truetype(self.path, max(size * self.scale, 1.0), index=self.index)
        if self.weight is not None:
            font.set_variation_by_axes([self.weight])
        return font


class Typecase:
    """The faces at hand, best first; those of the machine are only looked at when needed.

    Args:
        faces: looked at first.
        reserve: looked at one by one after that.
    """

    def __init__(self, faces: Iterable[Face], reserve: Iterable[Face] = ()) -> None:
        self._faces = list(faces)
        self._reserve = iter(reserve)

    @classmethod
    def for_text(cls, text: str) -> Typecase:
        """The packaged faces, with Chinese characters in the form of the text's language."""
        return cls(packaged_faces(text), islice(system_faces(), MOST_SYSTEM_FONTS))

    def face_for(self, text: str) -> Face | None:
        """The first face that has all of a text, if there is one."""
        for face in self._faces:
            if face.has(text):
                return face
        for face in self._reserve:
            self._faces.append(face)
            if face.has(text):
                return face
        return None

    @property
    def first(self) -> Face:
        """The best face that was looked at, whatever it has.

        Raises:
            FontsMissing: there is none.
        """
        if not self._faces:
            raise FontsMissing("captions cannot be lettered: there is no font on this machine")
        return self._faces[0]


def packaged_faces(text: str = "") -> tuple[Face, ...]:
    """The faces that were installed as packages; one that is not there is left out."""
    faces = []
    for family, scale, weight in (("Delius", 1.0, None), ("Comfortaa", 0.95, 500)):
        try:
            faces.append(Face(fontpkg.path(family), weight=weight, scale=scale))
        except fontpkg.FontpkgError:
            continue
    try:
        collection = importlib.import_module("noto_cjk_sans_otc")
    except ModuleNotFoundError:
        return tuple(faces)
    return (*faces, Face(Path(str(collection.FONT_PATH)), index=_han_form(text), scale=0.95))


def system_faces(folders: Iterable[Path] | None = None) -> Iterator[Face]:
    """Fonts of the machine, plain upright ones first, in an order that does not change.

    Args:
        folders: where to look; None for where this kind of system keeps its fonts.
    """
    found = (
        file
        for folder in (system_folders() if folders is None else folders)
        for file in folder.rglob("*")
        if file.suffix.lower() in FONT_ENDINGS
    )
    for file in sorted(found, key=lambda file: (len(UNLIKE_LETTERING.findall(file.stem)), file)):
        yield Face(file)


def system_folders() -> tuple[Path, ...]:
    """Where fonts are installed: for all users, then for this one."""
    home = Path.home()
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", "C:/Windows"))
        return (windows / "Fonts", home / "AppData/Local/Microsoft/Windows/Fonts")
    return (
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
    )


def _han_form(text: str) -> int:
    """Place in Noto's collection: Japanese 0, Korean 1, simplified 2 or traditional Chinese 3."""
    if re.search("[\u3040-\u30ff]", text):
        return 0
    if re.search("[\uac00-\ud7a3]", text):
        return 1
    return 3 if re.search("[\u3100-\u312f]", text) else 2


def _invisible(mark: str) -> bool:
    """Format characters, such as joiners, and variation selectors need no shape of their own."""
    return unicodedata.category(mark) in {"Cf", "Zs"} or "\ufe00" <= mark <= "\ufe0f"
