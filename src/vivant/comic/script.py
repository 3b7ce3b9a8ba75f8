"""The script language: one panel a line, `[NC]` for no character, `#` before a caption."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vivant.base.errors import InvalidInput

FIELD = "comic_description"

MAX_PANELS = 24

NO_CHARACTER = re.compile(r"\[\s*nc\s*\]", re.IGNORECASE)


@dataclass(frozen=True)
class Panel:
    """One panel of a script.

    Attributes:
        prompt: what it shows, without the character's description.
        caption: what is written beside it.
        has_character: whether the story's character appears.
    """

    prompt: str
    caption: str
    has_character: bool


def parse_script(comic_description: str, limit: int = MAX_PANELS) -> tuple[Panel, ...]:
    """Read a script.

    Blank lines are skipped. `[NC]`, anywhere in a line and in either case, means that the character
    does not appear. What follows the first `#` is the caption; without one, the prompt is.

    Args:
        comic_description: the script.
        limit: panels at most.

    Raises:
        InvalidInput: there are no panels or too many, or a line says nothing to draw.
    """
    lines = [
        (number, line)
        for number, line in enumerate(comic_description.splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        raise InvalidInput(FIELD, comic_description, "a panel's text on each line")
    if len(lines) > limit:
        raise InvalidInput(
            FIELD, f"{len(lines)} panels", f"at most {limit} lines that say something"
        )
    return tuple(_panel(number, line) for number, line in lines)


def _panel(number: int, line: str) -> Panel:
    told, marked, caption = line.partition("#")
    has_character = NO_CHARACTER.search(line) is None
    prompt = _tidy(NO_CHARACTER.sub(" ", told))
    if not prompt:
        raise InvalidInput(FIELD, line.strip(), f"something to draw before the # in line {number}")
    caption = _tidy(NO_CHARACTER.sub(" ", caption)) if marked else prompt
    return Panel(prompt, caption, has_character)


def _tidy(text: str) -> str:
    return " ".join(text.split())
