"""Take the README's pictures of the studio, with what the package's own models draw.

    python -m bench.studio_pictures docs/pictures

It needs Chromium, as the browser tests do, and takes as long as a picture and a story do.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.shop import open_shop
from tests.support.studio import Studio, launch, studio_of

Light: TypeAlias = Literal["light", "dark"]

PROMPT = "a girl in a red dress, at the sea, at sunset"
CHARACTER = "a girl with red hair, in a green coat"
WAIT_MS = 1_200_000
SIDE = 1440


def main(folder: Path) -> None:
    """Write studio-pose-LIGHT.webp and studio-story-LIGHT.webp for both lights."""
    with (
        tempfile.TemporaryDirectory() as data,
        open_shop(Path(data), fake=False) as shop,
        sync_playwright() as playwright,
        studio_of(launch(playwright), shop, device_scale_factor=1.5) as studio,
    ):
        expect.set_options(timeout=WAIT_MS)
        studio.enter()
        pose(studio)
        take(studio.page, folder, "pose")
        story(studio)
        take(studio.page, folder, "story")


def pose(studio: Studio) -> None:
    """Draw four pictures of somebody who dances."""
    page = studio.page
    page.get_by_role("button", name="dancing").click()
    page.locator("pose-page .prompt").fill(PROMPT)
    page.locator("pose-page seed-field input").fill("7")
    page.locator('[data-name="samples"] label', has_text="4").click()
    studio.draw("pose")
    expect(page.locator("take-viewer .shot .zoom img")).to_have_count(4)


def story(studio: Studio) -> None:
    """Draw the brief's story about somebody else."""
    page = studio.go("story")
    page.get_by_role("button", name="Write the example").click()
    page.get_by_label("Who it is about").fill(CHARACTER)
    studio.draw("story")
    expect(page.locator(".card .thumb img")).to_have_count(8)
    expect(page.locator(".go")).to_be_enabled()


def take(page: Page, folder: Path, name: str) -> None:
    """A picture of the window as it is, in both lights."""
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    lights: tuple[Light, Light] = ("light", "dark")
    for light in lights:
        page.emulate_media(color_scheme=light)
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            small = shot.convert("RGB").resize((SIDE, SIDE * shot.height // shot.width))
        small.save(folder / f"studio-{name}-{light}.webp", quality=82, method=6)
        print(folder / f"studio-{name}-{light}.webp")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
