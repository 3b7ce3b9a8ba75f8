"""The studio against the models of the package: the arm follows the wrist, the story is a book."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.photos import photo
from tests.support.shop import Shop, open_shop
from tests.support.studio import Studio, saved, studio_of
from vivant.endpoints.storydiffusion.request import COMIC_DESCRIPTION

AGES_MS = 300_000
"""How long a slow machine may draw."""

SIDE = 512
"""Of the photo, and so of the canvas."""

STEP = re.compile(r"Step \d+ of \d+")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("real"), fake=False) as shop:
        yield shop


@pytest.fixture
def studio(browser: Browser, real: Shop) -> Iterator[Studio]:
    with real.for_another() as shop, studio_of(browser, shop) as studio:
        studio.enter()
        yield studio
        loading = "503"  # what the browser notes while the model wakes up
        assert [fault for fault in studio.faults if loading not in fault] == []


def test_a_photo_s_arm_is_moved_and_the_picture_s_arm_follows(
    studio: Studio, tmp_path: Path
) -> None:
    page = studio.page
    take_photo(page, tmp_path / "astronaut.jpg")
    ask(page, steps=100)
    cancel_in_the_middle(studio)
    ask(page, steps=8)
    studio.draw("pose")
    expect(page.locator(".progress .words").first).to_have_text(STEP, timeout=AGES_MS)
    page.reload()
    before = picture(studio, 1)
    elbow, wrist = (studio.place_of(f"Right {joint}") for joint in ("elbow", "wrist"))
    studio.drag("Right elbow", *studio.on_screen(0, -120))
    studio.drag("Right wrist", *studio.on_screen(10, -330))
    raised = studio.place_of("Right wrist")
    assert raised[1] < elbow[1] - 100
    studio.draw("pose")
    after = picture(studio, 2)
    change = np.abs(after - before).mean(axis=2)
    arm = np.mean([around(change, place) for place in (wrist, raised)])
    elsewhere = around(change, (SIDE - 60, 60))
    assert arm > 2 * elsewhere
    assert arm > change.mean()


def take_photo(page: Page, file: Path) -> None:
    """Open a photo of somebody whose hands are outside it, and give her one."""
    photo("astronaut").save(file, quality=90)
    page.locator('pose-editor input[type="file"]').set_input_files(file)
    expect(page.locator("pose-stage image")).to_have_count(1, timeout=AGES_MS)
    expect(page.locator(".figure")).to_have_count(1)
    page.get_by_label("Joint", exact=True).select_option("Right wrist")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".joint.held:not(.off)")).to_have_count(1)


def ask(page: Page, steps: int) -> None:
    """Set all that a drawing needs."""
    page.locator("pose-page .prompt").fill("a woman in an orange jacket on a beach")
    page.locator("pose-page seed-field input").fill("3")
    page.locator("pose-page .fold").evaluate("(fold) => { fold.open = true; }")
    page.locator('[data-name="num_inference_steps"] input.value').fill(str(steps))


def cancel_in_the_middle(studio: Studio) -> None:
    """Begin to draw, and think better of it."""
    page = studio.page
    spent = studio.shop.spent()
    studio.draw("pose")
    expect(page.locator(".progress .words").first).to_have_text(STEP, timeout=AGES_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("pose-page .go")).to_be_enabled()
    assert studio.past()[0]["status"] == "CANCELLED"
    assert studio.shop.spent() == spent


def picture(studio: Studio, count: int) -> NDArray[np.float32]:
    """The newest of so many pictures that were finished, as float32 [256, 256, 3]."""
    expect(studio.page.locator("pose-page .go")).to_be_enabled(timeout=AGES_MS)
    made = [each for each in studio.past() if each["status"] == "COMPLETED"]
    assert len(made) == count
    data = studio.shop.client.get(made[0]["outputs"][0]["url"]).content
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB").resize((256, 256)), np.float32)


def around(change: NDArray[np.float32], place: tuple[float, float]) -> float:
    """How much a picture changes near a place of the canvas."""
    column, row = (min(max(round(each * 256 / SIDE), 14), 242) for each in place)
    return float(change[row - 14 : row + 14, column - 14 : column + 14].mean())


def test_the_brief_s_story_becomes_a_book(studio: Studio) -> None:
    page = studio.go("story")
    page.get_by_label("Who it is about").fill("a man, wearing black suit")
    page.get_by_role("button", name="As a script").click()
    page.locator("textarea.script").fill(COMIC_DESCRIPTION)
    page.get_by_role("button", name="As a script").click()
    page.locator(".fold summary").click()
    page.locator('[data-name="num_steps"] input.value').fill("20")
    for side in ("image_width", "image_height"):
        page.locator(f'[data-name="{side}"] input.value').fill("256")
    studio.draw("story")
    expect(page.locator(".card .thumb img")).to_have_count(8, timeout=AGES_MS)
    expect(page.locator(".go")).to_be_enabled(timeout=AGES_MS)
    before = [image.get_attribute("src") for image in page.locator(".card .thumb img").all()]
    page.get_by_role("button", name="Draw this panel again").nth(4).click()
    expect(page.locator(".go")).to_be_disabled()
    expect(page.locator(".go")).to_be_enabled(timeout=AGES_MS)
    after = [image.get_attribute("src") for image in page.locator(".card .thumb img").all()]
    assert [old != new for old, new in zip(before, after, strict=True)].index(True) == 4
    with studio.page.expect_download() as download:
        page.get_by_role("button", name="PDF").click()
    assert saved(download.value).startswith(b"%PDF")
