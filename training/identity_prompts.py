"""The prompts that an identity adapter learns from, each in three forms.

    python -m training.identity_prompts --data STORIES --first-seed 20000000 \
        --tokenizer RUN/story_tokenizer --out RUN/identity_prompts.npz

One form tells all of a character's looks: the teacher reads it. The others say "a man img" and
little or nothing more, as users do who give a reference picture. The student reads them without the
trigger word: once as they are, and once with the class word for each view of the picture, in whose
tokens it finds what they show. All go on with the same line in the same style, joined as the
product joins them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from transformers import CLIPTokenizer

from training.data import Rendered
from training.encode_story import WINDOWS, in_windows, window_ids
from training.make_story_data import PANELS
from training.models import TEXT_LENGTH
from training.story_cases import full_description
from training.world import vocabulary as words
from training.world.person import Person
from training.world.story import Panel, sample_story
from training.world.story_captions import (
    PLAIN,
    any_style,
    describe_character,
    line_of,
    with_article,
)
from vivant.comic.styles import styled
from vivant.diffusion.reference import find_trigger, for_pictures, without_trigger
from vivant.endpoints.storydiffusion.squares import PARTS

VERSIONS = 6
STYLED = 3
"""The last versions are in one of the product's styles."""

SAYS_MORE = 0.25
"""Share of versions in which the student reads some of the looks too."""

Rng = np.random.Generator


def told_in_full(person: Person) -> str:
    """A character with everything named that a prompt can name."""
    description = full_description(person)
    description += f" and {with_article(person.hat)} hat" if person.hat else ""
    return description.replace(" hair", " hair and glasses", 1) if person.glasses else description


def told_by_picture(rng: Rng, person: Person) -> str:
    """The same character for whoever sees a picture: "a gentleman img", seldom more."""
    left_open = 0.5 if rng.random() < SAYS_MORE else 1.0
    description = describe_character(rng, person, left_open)
    for phrase in sorted(set(words.WHO[person.who]), key=len, reverse=True):
        who = with_article(phrase)
        if description.startswith(who):
            return f"{who} img{description.removeprefix(who)}"
    raise ValueError(f"{description!r} does not begin with a {person.who}")


def prompts_of(rng: Rng, panels: tuple[Panel, ...], style: str) -> list[tuple[str, str]]:
    """For each panel what the teacher reads, and the student's prompt, trigger word included."""
    person = next(panel.person for panel in panels if panel.person is not None)
    told, shown = told_in_full(person), told_by_picture(rng, person)
    prompts = []
    for panel in panels:
        line = line_of(rng, panel)
        both = (line, line) if panel.person is None else (f"{told}, {line}", f"{shown}, {line}")
        prompts.append((styled(style, both[0], "")[0], styled(style, both[1], "")[0]))
    return prompts


class Places:
    """Where class words stand in prompts."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        self._tokenizer = tokenizer
        self._known = {"": 0}

    def __call__(self, prompt: str) -> int:
        """The class word's last token, the first mark counted; 0 where the first window lacks room.

        Few things ever stand before a class word, so that most places are known.
        """
        triggered = find_trigger(prompt)
        before = "" if triggered is None else triggered.before
        if before not in self._known:
            place = len(self._tokenizer(before, add_special_tokens=False).input_ids)
            self._known[before] = place if place + PARTS - 1 <= TEXT_LENGTH - 2 else 0
        return self._known[before]


def main() -> None:
    """Compose and tokenise, group by group, in the order of the set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--first-seed", type=int, default=20_000_000, help="of the set")
    parser.add_argument("--groups", type=int, help="of the set, the first ones; else all")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    tokenizer = CLIPTokenizer.from_pretrained(args.tokenizer)
    records = Rendered(args.data).records
    full, shown, stacked, places = [], [], [], []
    place_of = Places(tokenizer)
    empty = window_ids(tokenizer, [""])[0]
    for group in range(args.groups or len(records) // PANELS):
        seed = args.first_seed + group
        panels = sample_story(seed, PANELS)
        for i, panel in enumerate(panels):
            kept = records[group * PANELS + i]["people"]
            if [p["who"] for p in kept] != [a.person.who for a in panel.drawn.actors]:
                parser.error(f"group {group} is not of seed {seed}; set --first-seed")
        rng = np.random.default_rng((seed, 3))
        styles = [PLAIN] * (VERSIONS - STYLED) + [any_style(rng) for _ in range(STYLED)]
        versions = [prompts_of(rng, panels, style) for style in styles]
        pairs = [version[i] for i in range(PANELS) for version in versions]
        places.append([place_of(student) for _, student in pairs])
        for kind, texts in (
            (full, [teacher for teacher, _ in pairs]),
            (shown, [without_trigger(student) for _, student in pairs]),
            (stacked, [for_pictures(student, PARTS) for _, student in pairs]),
        ):
            kind.append(in_windows(window_ids(tokenizer, texts), empty, WINDOWS))
        if group % 500 == 0:
            print(f"{group} groups", flush=True)
    shape = (-1, VERSIONS, WINDOWS, TEXT_LENGTH)
    np.savez(
        args.out,
        full=np.concatenate(full).reshape(shape),
        shown=np.concatenate(shown).reshape(shape),
        stacked=np.concatenate(stacked).reshape(shape),
        places=np.array(places, np.int16).reshape(-1, VERSIONS),
    )


if __name__ == "__main__":
    main()
