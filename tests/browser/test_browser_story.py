"""Stories from a pasted script to a book, and one panel again."""

from __future__ import annotations

import io
import zipfile

from playwright.sync_api import Locator, expect

from tests.support.studio import Studio, saved
from vivant.endpoints.storydiffusion.request import COMIC_DESCRIPTION

SHORT = "at home #Once\non the road\n[NC] a tiger in the forest"


def write(studio: Studio, script: str) -> Locator:
    """Put a script onto the cards, as text."""
    page = studio.go("story")
    page.get_by_role("button", name="As a script").click()
    page.locator("textarea.script").fill(script)
    page.get_by_role("button", name="As a script").click()
    return page


def draw(studio: Studio, script: str = SHORT) -> Locator:
    page = write(studio, script)
    studio.draw("story")
    expect(page.locator("page-sheet .paper img")).to_be_visible()
    expect(page.locator(".go")).to_be_enabled()
    expect(page.locator(".card .thumb img")).to_have_count(len(script.splitlines()))
    return page


def thumbs(page: Locator) -> list[str | None]:
    return [image.get_attribute("src") for image in page.locator(".card .thumb img").all()]


def page_changes(page: Locator) -> None:
    """Remember the page that is shown, for `page_has_changed`."""
    page.locator(".paper img").evaluate("(image) => { window.shownBefore = image.src; }")


def page_has_changed(page: Locator) -> None:
    page.page.wait_for_function(
        "() => document.querySelector('.paper img')?.src !== window.shownBefore"
    )


def test_the_brief_s_story_from_paste_to_book(studio: Studio) -> None:
    page = studio.go("story")
    page.get_by_label("Who it is about").fill("a man, wearing black suit")
    for remove in page.get_by_role("button", name="Remove this panel").all()[1:]:
        remove.click()
    page.locator(".card .line").first.focus()
    studio.page.evaluate(
        "(text) => { const data = new DataTransfer(); data.setData('text/plain', text);"
        " document.activeElement.dispatchEvent(new ClipboardEvent('paste',"
        " { clipboardData: data, bubbles: true, cancelable: true })); }",
        COMIC_DESCRIPTION,
    )
    expect(page.locator(".card")).to_have_count(8)
    page.get_by_role("button", name="As a script").click()
    tidy = "\n".join(
        " ".join(line.replace("[NC]", "[NC] ").split()) for line in COMIC_DESCRIPTION.splitlines()
    )
    expect(page.locator("textarea.script")).to_have_value(tidy)
    page.get_by_role("button", name="As a script").click()
    expect(page.locator(".go .price")).to_have_text("0.166 credits")
    studio.draw("story")
    expect(page.locator(".card .thumb img")).to_have_count(8)
    expect(page.locator("page-sheet .paper img")).to_be_visible()
    expect(page.locator(".go")).to_be_enabled()
    assert studio.past()[0]["inputs"]["comic_description"] == tidy
    books = {}
    for name in ("PDF", "CBZ", "All panels"):
        with studio.page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        books[download.value.suggested_filename] = saved(download.value)
    assert books["story.pdf"].startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(books["panels.zip"])) as panels:
        assert len(panels.namelist()) == 8
    with zipfile.ZipFile(io.BytesIO(books["story.cbz"])) as book:
        assert "ComicInfo.xml" in book.namelist()


def test_one_panel_again_leaves_the_others(studio: Studio) -> None:
    page = draw(studio)
    before = thumbs(page)
    page_changes(page)
    page.get_by_role("button", name="Draw this panel again").nth(1).click()
    expect(page.locator(".card .thumb img").nth(1)).not_to_have_attribute("src", before[1] or "")
    page_has_changed(page)
    after = thumbs(page)
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    asked = studio.past()[0]["inputs"]
    assert asked["redo"] == 2
    assert asked["redo_seed"] != asked["seed"]


def test_a_changed_line_is_marked_and_drawn_by_itself(studio: Studio) -> None:
    page = draw(studio)
    page.locator(".card .line").nth(1).fill("on the bridge")
    expect(page.locator(".card").nth(1)).to_have_class("card changed")
    page.get_by_role("button", name="Draw the change").click()
    expect(page.locator(".card").nth(1)).to_have_class("card")
    assert studio.past()[0]["inputs"]["comic_description"].splitlines()[1] == "on the bridge"


def test_captions_order_and_layout_change_the_page_and_cost_nothing(studio: Studio) -> None:
    page = draw(studio)
    spent = studio.shop.spent()
    page_changes(page)
    page.locator(".card .caption").nth(1).fill("Off we go!")
    page_has_changed(page)
    page_changes(page)
    page.get_by_label("Page layout").select_option("Four panels a page")
    page_has_changed(page)
    page_changes(page)
    page.locator(".grip").first.focus()
    studio.page.keyboard.press("ArrowDown")
    expect(page.locator(".card .line").first).to_have_value("on the road")
    expect(page.locator(".grip").nth(1)).to_be_focused()
    page_has_changed(page)
    assert studio.shop.spent() == spent


def test_cards_are_dragged(studio: Studio) -> None:
    page = write(studio, SHORT)
    boxes = [page.locator(".grip").nth(place).bounding_box() for place in (0, 2)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    studio.page.mouse.move(boxes[0]["x"] + 8, boxes[0]["y"] + 8)
    studio.page.mouse.down()
    for share in (0.3, 0.6, 1.0, 1.2, 1.25):
        studio.page.mouse.move(
            boxes[0]["x"] + 8, boxes[0]["y"] + share * (boxes[1]["y"] - boxes[0]["y"] + 60)
        )
    studio.page.mouse.up()
    texts = [area.input_value() for area in page.locator(".card .line").all()]
    assert texts == ["on the road", "a tiger in the forest", "at home"]


def test_keys_alone_write_and_draw(studio: Studio) -> None:
    keys = studio.page.keyboard
    page = studio.go("story")
    page.locator(".card .line").first.focus()
    keys.type("at home")
    keys.press("Enter")
    keys.type("on the road")
    for _ in range(3):
        keys.press("Tab")
        if studio.page.evaluate("document.activeElement.type === 'checkbox'"):
            break
    keys.press("Space")
    expect(page.locator(".card").nth(1).get_by_label("No character")).to_be_checked()
    page.get_by_role("button", name="Remove this panel").nth(2).focus()
    keys.press("Enter")
    expect(page.locator(".card")).to_have_count(2)
    keys.press("Control+Enter")
    expect(page.locator("page-sheet .paper img")).to_be_visible()
    assert studio.past()[0]["inputs"]["comic_description"] == "at home\n[NC] on the road"


def test_a_story_is_still_there_after_a_reload(studio: Studio) -> None:
    page = draw(studio)
    before = thumbs(page)
    studio.page.reload()
    expect(page.locator(".card .thumb img")).to_have_count(3)
    assert thumbs(page) == before
    expect(page.locator("page-sheet .paper img")).to_be_visible()
    expect(page.get_by_role("button", name="Draw this panel again")).to_have_count(3)


def test_an_empty_panel_is_pointed_at(studio: Studio) -> None:
    page = studio.go("story")
    studio.draw("story")
    expect(studio.page.get_by_text("Panel 1 says nothing yet.")).to_be_visible()
    expect(page.locator(".card .line").first).to_be_focused()
    expect(page.locator(".card .line").first).to_have_accessible_description(
        "Say what this panel shows"
    )


def test_the_example_is_one_click_away(studio: Studio) -> None:
    page = studio.go("story")
    page.get_by_role("button", name="Write the example").click()
    expect(page.locator(".card")).to_have_count(8)
    assert studio.past() == []
