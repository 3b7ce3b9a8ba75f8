"""Where a text may be parted: between characters, and between lines.

Chinese and Japanese break between any two characters, except before closing and after opening
marks; other scripts at spaces and after hyphens. A small part of Unicode's rules (annex 14), enough
for captions.
"""

from __future__ import annotations

import re
import unicodedata

CLOSING = frozenset({"Pe", "Pf", "Po", "Lm"})
OPENING = frozenset({"Ps", "Pi"})
"""General categories that may not start, and not end, a line between ideographs."""

SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
"""They may not start a line either."""

AFTER_HYPHEN = re.compile(r"(?<=\w[-\u2013\u2014/])(?=\w)")

JOINER = "\u200d"

COMBINES = frozenset({"Mn", "Mc", "Me", "Cf"})
"""General categories of what belongs to the character before it."""

SHAPELESS = frozenset({"Cc", "Cs", "Co", "Cn"})
"""General categories of what no font can show."""


def clean(text: str) -> str:
    """One line of composed characters (NFC), single spaces, nothing that has no shape."""
    spaced = " ".join(text.split())
    shown = "".join(mark for mark in spaced if unicodedata.category(mark) not in SHAPELESS)
    return " ".join(unicodedata.normalize("NFC", shown).split())


def clusters(text: str) -> list[str]:
    """Characters, each with the marks that combine with it."""
    found: list[str] = []
    for mark in text:
        if found and (unicodedata.category(mark) in COMBINES or found[-1].endswith(JOINER)):
            found[-1] += mark
        else:
            found.append(mark)
    return found


def ideographic(mark: str) -> bool:
    """Wide characters; Korean syllables are wide too, but Korean breaks at its spaces."""
    return unicodedata.east_asian_width(mark) in "WF" and not "\uac00" <= mark <= "\ud7a3"


def unbreakable(word: str) -> list[str]:
    """The parts of a word between which a line may break."""
    parts: list[str] = []
    for chunk in AFTER_HYPHEN.split(word):
        start = len(parts)
        for cluster in clusters(chunk):
            if len(parts) == start or _may_break(parts[-1][-1], cluster[0]):
                parts.append(cluster)
            else:
                parts[-1] += cluster
    return parts


def _may_break(before: str, after: str) -> bool:
    if unicodedata.category(before) in OPENING:
        return False
    if unicodedata.category(after) in CLOSING or after in SMALL_KANA:
        return False
    return ideographic(before) or ideographic(after)
