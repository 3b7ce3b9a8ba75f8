"""History, account and code; every page on a phone, and as axe sees it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.shop import Shop
from tests.support.studio import PHONE, Studio, studio_of

AXE = Path(__file__).parents[1] / "server/node/node_modules/axe-core/axe.min.js"

PLACES = ("pose", "story", "history", "account")


def drawn(studio: Studio, prompt: str = "a girl in a red dress") -> None:
    studio.page.locator("pose-page .prompt").fill(prompt)
    studio.draw("pose")
    expect(studio.picture).to_be_visible()


def test_keys_are_shown_at_a_glance(studio: Studio) -> None:
    page = studio.page
    page.get_by_role("button", name="Keys").click()
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("Duplicate the figure")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.locator("pose-page .prompt").press_sequentially("who?")
    expect(sheet).to_have_count(0)


def test_settings_of_the_past_are_used_again(studio: Studio) -> None:
    page = studio.page
    studio.drag("Left wrist", 30, 50)
    wrist = studio.place_of("Left wrist")
    drawn(studio, "a boy in the rain")
    page.get_by_role("button", name="running").click()
    page.locator("pose-page .prompt").fill("something else")
    studio.go("history")
    page.get_by_role("button", name="a boy in the rain").click()
    page.get_by_role("button", name="Use these settings").click()
    expect(page.locator("pose-page .prompt")).to_have_value("a boy in the rain")
    assert studio.place_of("Left wrist") == pytest.approx(wrist, abs=0.11)
    expect(page.locator("pose-page seed-field input")).to_have_value(studio.past()[0]["seed"])


def test_the_past_is_deleted_after_a_question(studio: Studio) -> None:
    page = studio.page
    drawn(studio)
    shown = studio.go("history")
    shown.get_by_role("button", name="a girl in a red dress").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete this for good?").get_by_text("Keep it").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete this for good?").get_by_text(
        "Delete", exact=True
    ).click()
    expect(shown.locator(".wall li")).to_have_count(0)
    assert studio.past() == []


def test_the_account_tells_balance_and_usage_and_makes_keys(studio: Studio) -> None:
    page = studio.page
    drawn(studio)
    expect(page.locator(".purse .amount")).to_have_text("999.98")
    shown = studio.go("account")
    expect(shown.locator(".big")).to_have_text("999.98")
    expect(shown.locator("tbody tr").first).to_contain_text("\N{MINUS SIGN}0.017")
    shown.get_by_label("Label of a new key").fill("plotter")
    shown.get_by_role("button", name="Make a key").click()
    secret = shown.locator(".secret code").text_content() or ""
    assert secret.startswith("vivant_")
    headers = {"x-api-key": secret}
    assert studio.shop.client.get("/v1/get-user-credits", headers=headers).status_code == 200
    row = shown.locator(".plain li", has_text="plotter")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    assert studio.shop.client.get("/v1/get-user-credits", headers=headers).status_code == 401


def test_whoever_leaves_must_be_let_in_again(studio: Studio) -> None:
    page = studio.page
    page.locator("pose-page .prompt").fill("a secret")
    studio.go("account").get_by_role("button", name="Leave the studio").click()
    expect(page.get_by_role("heading", name="People in the pose")).to_be_visible()
    page.reload()
    page.get_by_label("Key", exact=True).fill("vivant_wrong")
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("The API key is unknown")).to_be_visible()
    page.get_by_label("Key", exact=True).fill(studio.shop.secret)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("pose-page .prompt")).to_have_value("")
    studio.go("account")
    expect(page.get_by_role("button", name="Make a key")).to_have_count(0)
    studio.faults.clear()  # the browser notes the 401


@pytest.fixture(scope="module")
def samples(browser: Browser, server: Shop) -> Iterator[tuple[Shop, dict[str, dict[str, str]]]]:
    """The code of both forms in each language, with values that are not the defaults."""
    with server.for_another() as shop, studio_of(browser, shop) as studio:
        studio.enter()
        page = studio.page
        page.locator("pose-page .prompt").fill('a sign that says "it\'s $HOME"')
        page.locator("pose-page seed-field input").fill("11")
        studio.drag("Left wrist", 20, 30)
        found = {"sd3-med-pose": code_of(page, "pose-page")}
        studio.go("story")
        page.get_by_role("button", name="Write the example").click()
        page.locator("story-page .card .line").first.fill("at home\\, reading")
        found["storydiffusion"] = code_of(page, "story-page")
        yield shop, found


def code_of(page: Page, place: str) -> dict[str, str]:
    page.locator(f"{place} .tab", has_text="Code").click()
    found = {}
    for chip in page.locator(f"{place} code-samples .chip").all():
        chip.click()
        code = page.locator(f"{place} code-samples code").last.text_content() or ""
        found[chip.get_attribute("data-language") or ""] = code
    return found


@pytest.mark.parametrize("slug", ["sd3-med-pose", "storydiffusion"])
@pytest.mark.parametrize("language", ["curl", "python", "javascript", "client"])
def test_each_sample_runs_and_asks_what_the_form_asks(
    samples: tuple[Shop, dict[str, dict[str, str]]], slug: str, language: str, tmp_path: Path
) -> None:
    shop, found = samples
    place = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program, file = {
        "curl": (["bash"], "sample.sh"),
        "python": ([sys.executable], "sample.py"),
        "client": ([sys.executable], "sample.py"),
        "javascript": ([shutil.which("node", path=place) or "node"], "sample.mjs"),
    }[language]
    (tmp_path / file).write_text(found[slug][language], encoding="utf-8")
    subprocess.run(  # noqa: S603
        [*program, file],
        cwd=tmp_path,
        check=True,
        timeout=120,
        env={**os.environ, "VIVANT_KEY": shop.secret},
    )
    [made] = [each for each in tmp_path.iterdir() if each.name != file]
    with Image.open(made) as image:
        image.load()
    past = shop.client.get("/v1/requests").json()["requests"][0]
    assert past["model"] == slug
    if slug == "sd3-med-pose":
        assert past["inputs"]["prompt"] == 'a sign that says "it\'s $HOME"'
        assert past["seed"] == "11"
        assert "asset" in past["inputs"]["image"]
    else:
        assert past["inputs"]["comic_description"].startswith("at home\\, reading #at home,")


def test_both_flows_fit_a_phone(browser: Browser, server: Shop) -> None:
    with (
        server.for_another() as shop,
        studio_of(browser, shop, viewport=PHONE, has_touch=True, is_mobile=True) as studio,
    ):
        studio.enter()
        page = studio.page
        drawn(studio)
        told(studio)
        for place in PLACES:
            studio.go(place)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], place
            small = page.evaluate(
                "[...document.querySelectorAll('button, a, select, input:not([type=file])')]"
                ".filter((each) => each.checkVisibility({ opacityProperty: true }) &&"
                " each.getBoundingClientRect().height < 16).map((each) => each.outerHTML)"
            )
            assert small == [], place
        assert studio.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, server: Shop, scheme: Literal["light", "dark"]
) -> None:
    with server.for_another() as shop, studio_of(browser, shop, color_scheme=scheme) as studio:
        page = studio.page
        page.goto(shop.url)
        expect(page.get_by_role("button", name="Come in")).to_be_visible()
        found = [("welcome", findings(page))]
        studio.enter()
        found.append(("pose, empty", findings(page)))
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        found.append(("keys", findings(page)))
        page.keyboard.press("Escape")
        studio.draw("pose")
        expect(page.locator("pose-page p.trouble", has_text="Say what")).to_be_visible()
        page.locator("pose-page .fold summary").click()
        found.append(("pose, without words", findings(page)))
        drawn(studio)
        found.append(("pose", findings(page)))
        page.get_by_role("button", name="Look at picture 1 in full").click()
        found.append(("a picture in full", findings(page)))
        page.keyboard.press("Escape")
        page.locator("pose-page .tab", has_text="Code").click()
        found.append(("code", findings(page)))
        studio.go("story")
        found.append(("story, empty", findings(page)))
        told(studio)
        found.append(("story", findings(page)))
        studio.go("history")
        expect(page.locator(".wall li")).to_have_count(2)
        found.append(("history", findings(page)))
        page.locator(".wall li button").first.click()
        found.append(("a past request", findings(page)))
        page.get_by_role("button", name="Close").click()
        studio.go("account")
        expect(page.locator(".balance")).to_be_visible()
        found.append(("account", findings(page)))
        assert [each for each in found if each[1]] == []


def told(studio: Studio) -> None:
    """Draw the example of a story."""
    page = studio.go("story")
    page.get_by_role("button", name="Write the example").click()
    studio.draw("story")
    expect(page.locator(".card .thumb img")).to_have_count(8)
    expect(page.locator(".go")).to_be_enabled()


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe finds serious or worse once all has come to rest: the rule and the elements."""
    assert AXE.is_file(), "`make setup` runs npm ci in tests/server/node"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "async () => {"
        " await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));"
        " return (await axe.run()).violations"
        ".filter(({ impact }) => impact === 'serious' || impact === 'critical')"
        ".map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 200)) })); }"
    )
    return found
