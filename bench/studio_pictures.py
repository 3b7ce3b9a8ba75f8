"""Photograph every page of the studio, with what the package's own models draw.

    python -m bench.studio_pictures out              # each page: desktop, phone, light, dark
    python -m bench.studio_pictures docs/pictures readme     # the README's two

It needs Chromium, as the browser tests do, and takes as long as four pictures and a story do.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.support.shop import open_shop
from tests.support.studio import PHONE, Studio, launch, studio_of

Light: TypeAlias = Literal["light", "dark"]

LIGHTS: tuple[Light, Light] = ("light", "dark")
WINDOW: ViewportSize = {"width": 1440, "height": 900}
SIZES: Mapping[str, ViewportSize] = MappingProxyType({"desktop": WINDOW, "phone": PHONE})
README: Mapping[str, Light] = MappingProxyType({"pose": "dark", "story": "light"})

PROMPT = "a girl in a red dress, at the sea, at sunset"
CHARACTER = "a girl with red hair, in a green coat"
WAIT_MS = 1_200_000
SIDE = 1280
QUALITY = 84


def main(folder: Path, *, for_readme: bool) -> None:
    """Write NAME-SIZE-LIGHT.webp for each page, or studio-pose.webp and studio-story.webp."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        open_shop(Path(data), fake=False) as shop,
        sync_playwright() as playwright,
        studio_of(launch(playwright), shop, viewport=WINDOW, device_scale_factor=2) as studio,
    ):
        expect.set_options(timeout=WAIT_MS)
        if for_readme:
            studio.enter()
            pose(studio)
            write(studio.page, folder / "studio-pose.webp", README["pose"])
            story(studio)
            write(studio.page, folder / "studio-story.webp", README["story"])
        else:
            every_page(studio, folder)


def every_page(studio: Studio, folder: Path) -> None:
    """Walk through the studio as a first visitor does."""
    page = studio.page
    page.goto(studio.shop.url)
    expect(page.locator(".frieze svg").first).to_be_visible()
    take(page, folder, "welcome")
    studio.enter()
    take(page, folder, "pose-empty")
    studio.go("story")
    take(page, folder, "story-empty")
    studio.go("history")
    take(page, folder, "history-empty")
    studio.go("pose")
    pose(studio)
    take(page, folder, "pose")
    page.locator("pose-page .tab", has_text="Code").click()
    take(page, folder, "code")
    story(studio)
    take(page, folder, "story")
    studio.go("history")
    expect(page.locator(".wall img")).to_have_count(2)
    take(page, folder, "history")
    page.locator(".wall button").last.click()
    take(page, folder, "past")
    page.get_by_role("button", name="Close").click()
    studio.go("account")
    expect(page.locator(".balance")).to_be_visible()
    take(page, folder, "account")


def pose(studio: Studio) -> None:
    """Draw four pictures of somebody who dances."""
    page = studio.page
    page.get_by_role("button", name="dancing").click()
    page.locator("pose-page .prompt").fill(PROMPT)
    page.locator("pose-page seed-field input").fill("7")
    page.locator('[data-name="samples"] label', has_text="4").click()
    studio.draw("pose")
    expect(page.locator("take-viewer .shot .zoom img")).to_have_count(4)
    expect(page.locator("pose-page .go")).to_be_enabled()


def story(studio: Studio) -> None:
    """Draw the brief's story about somebody else."""
    page = studio.go("story")
    page.get_by_role("button", name="Write the example").click()
    page.get_by_label("Who it is about").fill(CHARACTER)
    studio.draw("story")
    expect(page.locator(".card .thumb img")).to_have_count(8)
    expect(page.locator(".go")).to_be_enabled()
    expect(page.locator(".note")).to_have_count(0)


def take(page: Page, folder: Path, name: str) -> None:
    """Pictures of the page as it is: on a desk and on a phone, in both lights."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for light in LIGHTS:
            write(page, folder / f"{name}-{size}-{light}.webp", light, whole=size == "phone")
    page.set_viewport_size(WINDOW)


def write(page: Page, file: Path, light: Light, *, whole: bool = False) -> None:
    """A picture of the window, or of the whole page, with as many pixels as are of use."""
    page.emulate_media(color_scheme=light)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    with Image.open(io.BytesIO(page.screenshot(full_page=whole))) as shot:
        width = shot.width if whole else SIDE
        small = shot.convert("RGB").resize((width, width * shot.height // shot.width))
    small.save(file, quality=QUALITY, method=6)
    print(file)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"), for_readme="readme" in sys.argv[2:])
