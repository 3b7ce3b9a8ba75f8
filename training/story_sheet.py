"""A sheet to look at: stories as the world draws them, or as a model does.

    python -m training.story_sheet --out stories.png
    python -m training.story_sheet --model RUN/story --vae RUN/vae --out sheet.png

Of the world: twelve groups. Of a model: the endpoint's own story, and open ones at two seeds, their
rows with the attention off below those with it on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image
from rich.progress import track

from training.story_generate import Telling, draw_story, load_with_vae
from training.world.render import paint
from training.world.story import sample_story
from vivant.comic.script import parse_script
from vivant.endpoints.storydiffusion.request import CHARACTER_DESCRIPTION, COMIC_DESCRIPTION

FIRST_SEED = 42
GROUPS = 12
GAP = 6

LINES = (
    "at home, wake up in the bed",
    "at home, having breakfast",
    "walking, in the city",
    "sitting, in the park, reading a book",
    "running, on the beach, at sunset",
    "laughing, in the forest, at night",
)
"""The open stories; `WHO` tells each of them."""

WHO = ("a man", "a girl", "a woman", "a boy")


def brief_prompts() -> list[str]:
    """The endpoint's own story."""
    panels = parse_script(COMIC_DESCRIPTION)
    who = f"{CHARACTER_DESCRIPTION}, "
    return [who + p.prompt if p.has_character else p.prompt for p in panels]


def stack(rows: Sequence[Sequence[Image.Image]]) -> Image.Image:
    """Rows of pictures on white; shorter rows stay empty at the end."""
    width, height = rows[0][0].size
    across, down = width + GAP, height + GAP
    columns = max(map(len, rows))
    sheet = Image.new("RGB", (columns * across + GAP, len(rows) * down + GAP), "white")
    for y, row in enumerate(rows):
        for x, image in enumerate(row):
            sheet.paste(image, (GAP + x * across, GAP + y * down))
    return sheet


def world_rows(groups: int, first_seed: int) -> list[list[Image.Image]]:
    """Groups as they are trained on, two beside each other."""
    drawn = [
        [Image.fromarray(paint(panel.drawn)) for panel in sample_story(first_seed + i)]
        for i in range(groups)
    ]
    return [a + b for a, b in zip(drawn[::2], drawn[1::2], strict=True)]


def main() -> None:
    """Draw and save the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a folder in the published layout; the world without it")
    parser.add_argument("--vae", type=Path, help="autoencoder, if not the package's")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    args = parser.parse_args()
    if args.model is None:
        rows = world_rows(GROUPS, args.seed)
    else:
        model = load_with_vae(args.model, args.vae)
        asked = [(brief_prompts(), Telling())]
        for who in WHO:
            prompts = [f"{who}, {line}" for line in LINES]
            asked += [(prompts, Telling()), (prompts, replace(Telling(), share=0.0))]
        rows = [draw_story(model, p, args.seed, t) for p, t in track(asked, "stories")]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    stack(rows).save(args.out)


if __name__ == "__main__":
    main()
