"""The studio against the models of the package: the arm follows the wrist, the story is a book."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.support.shop import Shop, open_shop
from tests.support.studio import Studio, saved, studio_of
from vivant.endpoints.storydiffusion.request import COMIC_DESCRIPTION

AGES_MS = 300_000
"""How long a slow machine may draw."""


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


def drawn(studio: Studio, count: int) -> NDArray[np.float32]:
    """Draw, and return the newest of so many pictures as float32 [256, 256, 3]."""
    studio.draw("pose")
    expect(studio.page.locator("pose-page .go")).to_be_enabled(timeout=AGES_MS)
    past = studio.past()
    assert [each["status"] for each in past] == ["COMPLETED"] * count
    data = studio.shop.client.get(past[0]["outputs"][0]["url"]).content
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB").resize((256, 256)), np.float32)


def test_the_picture_s_arm_follows_the_wrist(studio: Studio) -> None:
    page = studio.page
    page.locator("pose-page .prompt").fill("a man in a red shirt")
    page.locator("pose-page seed-field input").fill("3")
    page.locator("pose-page .fold summary").click()
    page.locator('[data-name="num_inference_steps"] input.value').fill("8")
    before = drawn(studio, 1)
    start = studio.place_of("Left wrist")
    studio.joint("Left elbow").click()
    studio.drag("Left elbow", -10, 60)
    studio.drag("Left wrist", -20, 200)
    end = studio.place_of("Left wrist")
    after = drawn(studio, 2)
    change = np.abs(after - before).mean(axis=2)
    near = np.mean([around(change, place) for place in (start, end)])
    assert near > 2 * around(change, (60.0, 60.0))
    assert near > change.mean()


def around(change: NDArray[np.float32], place: tuple[float, float]) -> float:
    """How much a picture changes near a place of the 768 x 768 canvas."""
    column, row = (round(each / 3) for each in place)
    return float(change[max(row - 14, 0) : row + 14, max(column - 14, 0) : column + 14].mean())


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
