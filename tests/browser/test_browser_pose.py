"""Posing and drawing, by mouse and by keys, when all goes well and when it does not."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.support.shop import POSE, Gate, Shop, open_shop, skeleton
from tests.support.studio import Studio, saved, studio_of
from vivant.pose.presets import preset_names
from vivant.web.pages import StudioFiles

LIMIT = 150_000
"""Bytes that the first load may take over the wire."""


def ask(studio: Studio, prompt: str = "a girl in a red dress") -> None:
    studio.page.locator("pose-page .prompt").fill(prompt)


def test_the_first_load_is_light_and_asks_for_everything_at_once(studio: Studio) -> None:
    loaded: list[dict[str, Any]] = studio.page.evaluate(
        "performance.getEntries().filter((each) => 'transferSize' in each).map("
        "({ name, transferSize, initiatorType }) =>"
        " ({ path: new URL(name).pathname, size: transferSize, by: initiatorType }))"
    )
    assert 0 < sum(each["size"] for each in loaded) < LIMIT
    files = [each for each in loaded if each["path"].startswith("/studio/")]
    assert len(files) == len(StudioFiles().names) - 1  # all but the page itself, each once
    # No module is found only once another was read: what is preloaded has another initiator.
    assert [each["path"] for each in files if each["by"] == "script"] == ["/studio/app.js"]
    asked = [each["path"] for each in loaded if each["by"] == "fetch"]
    assert sorted(asked) == [
        *("/session", "/session"),
        *("/v1/models", "/v1/pose/presets", "/v1/sd3-med-pose/price"),
    ]
    assert "#" not in studio.page.url.removesuffix("#/pose")


def test_every_preset_is_a_thumbnail_and_can_be_taken(studio: Studio) -> None:
    assert studio.page.locator(".pose:not(.blank)").count() == len(preset_names())
    before = studio.place_of("Left wrist")
    studio.page.get_by_role("button", name="cheering").click()
    assert studio.place_of("Left wrist") != before
    expect(studio.page.locator(".figure")).to_have_count(1)


def test_a_wrist_is_dragged_and_the_request_follows(studio: Studio) -> None:
    ask(studio)
    x, y = studio.place_of("Left wrist")
    studio.drag("Left wrist", 40, 60)
    moved = studio.place_of("Left wrist")
    assert moved[0] > x + 30
    assert moved[1] > y + 30
    studio.draw("pose")
    expect(studio.picture).to_be_visible()
    [past] = studio.past()
    asked = studio.shop.client.get(past["inputs"]["image"]["url"]).json()
    wrist = asked["people"][0]["pose_keypoints_2d"][21:24]
    assert wrist == pytest.approx([*moved, 1], abs=0.11)


def test_figures_are_copied_mirrored_moved_and_all_of_it_undone(studio: Studio) -> None:
    page = studio.page
    start = studio.place_of("Left wrist")
    page.locator('[data-tool="mirror"]').click()
    assert studio.place_of("Right wrist")[1] == pytest.approx(start[1], abs=0.1)
    page.locator('[data-tool="copy"]').click()
    expect(page.locator(".figure")).to_have_count(2)
    page.locator("pose-stage svg").press("Shift+ArrowUp")
    page.locator('[data-tool="trash"]').click()
    expect(page.locator(".figure")).to_have_count(1)
    for _ in range(4):
        page.locator('[data-tool="undo"]').click()
    assert studio.place_of("Left wrist") == start
    expect(page.locator('[data-tool="undo"]')).to_be_disabled()
    page.locator('[data-tool="redo"]').click()
    assert studio.place_of("Left wrist") != start


def test_a_joint_is_hidden_and_shown_again(studio: Studio) -> None:
    page = studio.page
    page.get_by_label("Joint", exact=True).select_option("Left knee")
    page.get_by_role("button", name="Hide").click()
    expect(studio.joint("Left knee")).to_have_class("joint off held")
    with page.expect_download() as download:
        page.get_by_label("Save the pose").click()
        page.get_by_role("button", name="OpenPose JSON").click()
    person = json.loads(saved(download.value))["people"][0]
    assert person["pose_keypoints_2d"][36:39] == [0, 0, 0]
    page.get_by_role("button", name="Show").click()
    expect(studio.joint("Left knee")).to_have_class("joint held")


def test_json_and_drawings_go_out_and_come_back(studio: Studio, tmp_path: Path) -> None:
    page = studio.page
    studio.drag("Right wrist", -20, -80)
    place = studio.place_of("Right wrist")
    files = {}
    for name, ending in (("OpenPose JSON", "json"), ("Skeleton drawing, PNG", "png")):
        with page.expect_download() as download:
            page.get_by_label("Save the pose").click()
            page.get_by_role("button", name=name).click()
        files[ending] = tmp_path / f"pose.{ending}"
        files[ending].write_bytes(saved(download.value))
    with Image.open(files["png"]) as drawing:
        assert drawing.size == (768, 768)
    for file, exact in ((files["json"], 0.11), (files["png"], 3.0)):
        page.get_by_role("button", name="running").click()
        page.locator('pose-editor input[type="file"]').set_input_files(file)
        expect(page.locator("pose-editor")).not_to_have_class("busy")
        page.wait_for_function(
            "([x]) => Math.abs(document.querySelectorAll('.joint')[4].cx.baseVal.value - x) < 4",
            arg=list(place),
        )
        assert studio.place_of("Right wrist") == pytest.approx(place, abs=exact)
    expect(page.locator("pose-stage image")).to_have_count(0)


def test_a_picture_of_nobody_becomes_a_guide(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "wall.png"
    Image.new("RGB", (300, 200), (180, 150, 120)).save(file)
    studio.page.locator('pose-editor input[type="file"]').set_input_files(file)
    told = studio.page.locator(".problem")
    expect(told).to_contain_text(re.compile("Nobody was found|Photos cannot be read here"))
    expect(studio.page.locator("pose-stage image")).to_have_count(1)
    told.get_by_role("button", name="Stand somebody there").click()
    expect(studio.page.locator(".figure")).to_have_count(1)
    expect(studio.page.locator("pose-stage image")).to_have_count(1)
    expect(told).to_have_count(0)
    studio.faults.clear()  # the browser notes each refusal


def test_a_drawing_is_dropped_anywhere(studio: Studio) -> None:
    studio.page.get_by_role("button", name="empty canvas").click()
    expect(studio.page.locator(".figure")).to_have_count(0)
    data = list(skeleton())
    transfer = studio.page.evaluate_handle(
        "(bytes) => { const transfer = new DataTransfer();"
        " transfer.items.add(new File([new Uint8Array(bytes)], 'a.png', { type: 'image/png' }));"
        " return transfer; }",
        data,
    )
    anywhere = studio.page.locator("#bar")
    anywhere.dispatch_event("dragover", {"dataTransfer": transfer})
    expect(studio.page.locator("pose-editor")).to_have_class("over")
    anywhere.dispatch_event("drop", {"dataTransfer": transfer})
    expect(studio.page.locator("pose-editor")).not_to_have_class("over")
    expect(studio.page.locator(".figure")).to_have_count(1)


def test_samples_stand_side_by_side_with_the_skeleton_over_them(studio: Studio) -> None:
    page = studio.page
    ask(studio)
    page.locator('[data-name="samples"] label', has_text="4").click()
    expect(page.locator("pose-page .go .price")).to_have_text("0.068 credits")
    studio.draw("pose")
    expect(page.locator("take-viewer .shot .zoom img")).to_have_count(4)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("take-viewer .overlay")).to_have_count(4)
    seeds = [int(image["seed"]) for image in studio.past()[0]["outputs"]]
    assert seeds == [seeds[0] + j for j in range(4)]
    page.get_by_role("button", name=f"Keep seed {seeds[2]}").click()
    expect(page.locator("pose-page seed-field input")).to_have_value(str(seeds[2]))
    page.get_by_role("button", name="Look at picture 4 in full").click()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".lightbox .counter")).to_have_text("1 of 4")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("take-viewer .shot .zoom img")).to_have_count(4)


def test_a_kept_seed_stays_and_varying_takes_another(studio: Studio) -> None:
    page = studio.page
    ask(studio)
    page.locator("pose-page seed-field input").fill("7")
    studio.draw("pose")
    expect(studio.picture).to_be_visible()
    studio.draw("pose")
    expect(page.locator("take-viewer .strip li")).to_have_count(2)
    page.get_by_role("button", name="Vary").click()
    expect(page.locator("take-viewer .strip li")).to_have_count(3)
    last, *earlier = [past["seed"] for past in studio.past()]
    assert earlier == ["7", "7"]
    assert last != "7"


def test_keys_alone_pose_and_draw(studio: Studio) -> None:
    page = studio.page
    page.locator("pose-stage svg").focus()
    start = studio.place_of("Right elbow")
    for _ in range(4):
        page.keyboard.press("n")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert studio.place_of("Right elbow") == pytest.approx((start[0] - 4, start[1] - 20))
    expect(page.locator("#announcer")).to_contain_text("right elbow")
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.prompt')"):
            break
    page.keyboard.type("a boy in the rain")
    page.keyboard.press("Control+Enter")
    expect(studio.picture).to_be_visible()
    assert studio.past()[0]["inputs"]["prompt"] == "a boy in the rain"


def test_nothing_is_asked_without_words(studio: Studio) -> None:
    studio.draw("pose")
    expect(studio.page.get_by_text("Say what to show first.")).to_be_visible()
    expect(studio.page.locator("pose-page .prompt")).to_be_focused()
    expect(studio.page.locator("pose-page .prompt")).to_have_accessible_description(
        "Say what to show first."
    )
    assert studio.past() == []


def test_a_refusal_stands_beside_its_field(studio: Studio) -> None:
    page = studio.page
    body = json.dumps({"error": "sampler: 'x' is not allowed; expected another"})
    page.route("**/price", lambda route: route.fulfill(status=422, body=body))
    ask(studio)
    told = page.locator('[data-name="sampler"] .trouble')
    expect(told).to_have_text("'x' is not allowed; expected another")
    expect(told).to_be_visible()
    page.unroute("**/price")
    ask(studio, "a boy in the rain")
    expect(told).to_have_count(0)
    studio.faults.clear()  # the browser notes the 422


def test_the_example_is_one_click_away(studio: Studio) -> None:
    studio.page.get_by_role("button", name="Draw the example").click()
    expect(studio.picture).to_be_visible()
    assert studio.past()[0]["inputs"]["prompt"].startswith("Anime style illustration")


def test_not_enough_credits_is_said_with_price_and_balance(browser: Browser, server: Shop) -> None:
    with server.for_another(balance=0.01) as shop, studio_of(browser, shop) as studio:
        studio.enter()
        ask(studio)
        studio.draw("pose")
        card = studio.page.locator(".problem")
        expect(card).to_contain_text("Not enough credits")
        expect(card).to_contain_text("0.017")
        expect(card).to_contain_text("0.01 are left")


def test_a_model_that_is_waking_up_is_waited_for(studio: Studio) -> None:
    ask(studio)
    asked = []

    def loading(route: Route) -> None:
        asked.append(route.request.headers["idempotency-key"])
        if len(asked) > 1:
            route.continue_()
            return
        body = json.dumps({"error": "the model is being loaded; try again in 1 s"})
        route.fulfill(status=503, headers={"Retry-After": "1"}, body=body)

    studio.page.route("**/v2/sd3-med-pose", loading)
    studio.draw("pose")
    expect(studio.page.get_by_text("The model is waking up")).to_be_visible()
    expect(studio.picture).to_be_visible()
    assert len(asked) == 2
    assert len(set(asked)) == 1
    studio.faults.clear()  # the browser notes the 503


def test_a_lost_connection_is_told_and_the_picture_still_comes(studio: Studio) -> None:
    ask(studio)
    broken = []

    def cut(route: Route) -> None:
        if len(broken) < 2:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    studio.page.route("**/events", cut)
    studio.draw("pose")
    expect(studio.page.get_by_text("Connection lost")).to_be_visible()
    expect(studio.picture).to_be_visible()
    assert len(studio.past()) == 1
    studio.faults.clear()  # the browser notes what was cut


def test_waiting_cancelling_and_reloading_in_the_middle(browser: Browser, tmp_path: Path) -> None:
    gate = Gate()
    with (
        open_shop(tmp_path, gate=gate, side=64) as shop,
        studio_of(browser, shop) as studio,
    ):
        shop.client.post("/v2/sd3-med-pose", json=POSE)
        gate.reached.wait()
        spent = shop.spent()
        studio.enter()
        page = studio.page
        ask(studio)
        studio.draw("pose")
        expect(page.locator("pose-page .progress .words")).to_have_text("Next in line")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator("pose-page .go")).to_be_enabled()
        assert shop.spent() == spent
        assert studio.past()[0]["status"] == "CANCELLED"
        studio.draw("pose")
        expect(page.locator("pose-page .progress .words")).to_have_text("Next in line")
        page.reload()
        expect(page.locator("pose-page .progress .words")).to_have_text("Next in line")
        gate.open()
        expect(studio.picture).to_be_visible()
        assert [past["status"] for past in studio.past()] == ["COMPLETED", "CANCELLED", "COMPLETED"]
        assert studio.faults == []


def test_pictures_are_taken_home(studio: Studio) -> None:
    ask(studio)
    studio.draw("pose")
    expect(studio.picture).to_be_visible()
    with studio.page.expect_download() as download:
        studio.page.get_by_role("button", name="Download").click()
    with Image.open(io.BytesIO(saved(download.value))) as image:
        assert image.format == "JPEG"
    assert download.value.suggested_filename == "picture-1.jpg"
