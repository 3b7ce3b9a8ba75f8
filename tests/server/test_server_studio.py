"""The studio's server side: files, sessions, and what its pages ask the API for."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.shop import POSE, STORY, Gate, Shop, customer_client, open_shop
from vivant.pose.presets import preset_names
from vivant.web.pages import StudioFiles

LIMIT = 150_000
"""Bytes of all that the first load takes, compressed."""


@contextmanager
def browser(shop: Shop) -> Iterator[httpx.Client]:
    """A client without a key, that behaves as the studio's page does."""
    with customer_client(shop.url, "") as client:
        del client.headers["x-api-key"]
        client.headers["origin"] = shop.url
        yield client


def invited(shop: Shop) -> str:
    key = shop.service.desk.studio_key(shop.account.id)
    return shop.service.sessions.invite(key)


def let_in(client: httpx.Client, **fields: str) -> httpx.Response:
    """Enter, and keep the token as the page does; the client keeps the cookie."""
    answer = client.post("/session", json=fields)
    if answer.status_code == 200:
        client.headers["x-studio-token"] = answer.json()["token"]
    return answer


@pytest.fixture
def page(shop: Shop) -> Iterator[httpx.Client]:
    """A browser that was let in by the server's own link."""
    with browser(shop) as client:
        assert let_in(client, invitation=invited(shop)).status_code == 200
        yield client


def test_every_file_is_served_with_the_policy(shop: Shop) -> None:
    for name in ("", *(f"studio/{name}" for name in StudioFiles().names)):
        answer = httpx.get(f"{shop.url}/{name}")
        assert answer.status_code == 200, name
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        again = httpx.get(f"{shop.url}/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert not again.content


def test_the_first_load_is_small() -> None:
    files = StudioFiles()
    packed = [files.find(name) for name in files.names]
    assert sum(len(file.packed) for file in packed if file is not None) < LIMIT
    assert all(gzip.decompress(file.packed) == file.data for file in packed if file is not None)


def test_the_files_name_nothing_elsewhere_and_nothing_inline() -> None:
    files = StudioFiles()
    for name in files.names:
        file = files.find(name)
        assert file is not None
        text = file.data.decode()
        assert set(re.findall(r"https?://[^\s\"'`]+", text)) <= {"http://www.w3.org/2000/svg"}
        assert "innerHTML" not in text
        if name.endswith(".html"):
            assert not re.findall(r"<script(?![^>]*src)|<style|\son\w+=|\sstyle=", text)


def test_the_page_asks_for_every_module_at_once() -> None:
    files = StudioFiles()
    page = files.find("index.html")
    assert page is not None
    named = set(re.findall(r'(?:href|src)="/studio/([^"]+)"', page.data.decode()))
    assert named == set(files.names) - {"index.html"}


@pytest.mark.parametrize("name", ["nothing.js", "../app.py", "%2e%2e/app.py", "core", ""])
def test_there_is_nothing_else(shop: Shop, name: str) -> None:
    assert httpx.get(f"{shop.url}/studio/{name}").status_code == 404


def test_a_link_lets_one_browser_in_once(shop: Shop) -> None:
    link = invited(shop)
    with browser(shop) as client:
        answer = let_in(client, invitation=link)
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        me = client.get("/session").json()
        assert (me["account"], me["owner"]) == (shop.account.name, True)
    with browser(shop) as other:
        refused = let_in(other, invitation=link)
        assert refused.status_code == 401
        assert "used already" in refused.json()["error"]


def test_a_key_lets_in_too_but_makes_no_keys(shop: Shop) -> None:
    with browser(shop) as client:
        assert let_in(client, key="vivant_wrong").status_code == 401
        assert let_in(client, key=f" {shop.secret} ").status_code == 200
        assert client.get("/session").json()["owner"] is False
        assert client.get("/v1/keys").status_code == 200
        assert client.post("/v1/keys", json={"label": "more"}).status_code == 403


@pytest.mark.parametrize(
    "fields", [{}, {"invitation": ["x"]}, {"key": 1}, {"invitation": "x" * 999}]
)
def test_nobody_comes_in_by_anything_else(shop: Shop, fields: dict[str, Any]) -> None:
    with browser(shop) as client:
        answer = client.post("/session", json=fields)
        assert answer.status_code in {401, 422}
        assert answer.json()["error"]


def test_a_session_does_what_a_key_does(shop: Shop, page: httpx.Client) -> None:
    answer = page.post("/v2/sd3-med-pose", json=POSE)
    assert answer.status_code == 200
    shop.service.wait(answer.json()["request_id"])
    assert len(page.get("/v1/requests").json()["requests"]) == 1


def test_half_a_session_is_none(shop: Shop, page: httpx.Client) -> None:
    cookie = page.cookies["vivant_session"]
    token = page.headers["x-studio-token"]
    with browser(shop) as other:
        other.cookies.set("vivant_session", cookie)
        assert other.get("/v1/requests").status_code == 401
        other.headers["x-studio-token"] = "0" * 64
        assert other.get("/v1/requests").status_code == 401
    with browser(shop) as other:
        other.headers["x-studio-token"] = token
        assert other.get("/v1/requests").status_code == 401


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_changed_cookie_opens_nothing(shop: Shop, page: httpx.Client, place: int) -> None:
    cookie = list(page.cookies["vivant_session"])
    cookie[place] = "0" if cookie[place] != "0" else "1"
    page.cookies.clear()
    page.cookies.set("vivant_session", "".join(cookie))
    assert page.get("/session").status_code == 401
    assert shop.client.get("/v1/requests").status_code == 200


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"origin": "http://evil.example"}, "Origin"),
        ({"origin": "null"}, "Origin"),
        ({"origin": "http://127.0.0.1:1"}, "Origin"),
        ({"origin": ""}, "Origin"),
        ({"host": "evil.example"}, "Host"),
        ({"host": "localhost.evil.example:80"}, "Host"),
    ],
)
def test_pages_from_elsewhere_can_do_nothing(
    page: httpx.Client, headers: dict[str, str], words: str
) -> None:
    for method, path in (
        ("POST", "/v2/sd3-med-pose"),
        ("POST", "/session"),
        ("DELETE", "/session"),
    ):
        answer = page.request(method, path, json=POSE, headers=headers)
        assert answer.status_code == 403
        assert words in answer.json()["error"]


def test_a_name_of_somebody_else_s_does_not_read_either(page: httpx.Client) -> None:
    assert page.get("/v1/requests", headers={"host": "evil.example"}).status_code == 403
    assert page.get("/session", headers={"host": "evil.example"}).status_code == 403


def test_the_server_s_own_address_is_the_only_one_once_it_is_told(tmp_path: Path) -> None:
    with (
        open_shop(tmp_path, public_url="https://pictures.example") as shop,
        browser(shop) as client,
    ):
        link = invited(shop)
        assert let_in(client, invitation=link).status_code == 403
        client.headers.update({"host": "pictures.example", "origin": "https://pictures.example"})
        answer = let_in(client, invitation=link)
        assert answer.status_code == 200
        assert "Secure" in answer.headers["set-cookie"]


def test_a_revoked_key_ends_its_sessions(shop: Shop, page: httpx.Client) -> None:
    with browser(shop) as guest:
        assert let_in(guest, key=shop.secret).status_code == 200
        name = guest.get("/session").json()["key"]
        assert page.delete(f"/v1/keys/{name}").status_code == 200
        refused = guest.get("/v1/requests")
        assert refused.status_code == 401
        assert "revoked" in refused.json()["error"]


def test_keys_are_made_listed_and_revoked(shop: Shop, page: httpx.Client) -> None:
    made = page.post("/v1/keys", json={"label": "for the plotter"}).json()
    assert made["label"] == "for the plotter"
    with customer_client(shop.url, made["secret"]) as client:
        assert client.get("/v1/get-user-credits").status_code == 200
        listed = client.get("/v1/keys").json()["keys"]
        assert [key["is_yours"] for key in listed if key["id"] == made["id"]] == [True]
        assert "secret" not in listed[-1]
        assert client.post("/v1/keys", json={}).status_code == 403
    with shop.for_another() as other:
        strange = other.service.desk.studio_key(other.account.id)
        assert page.delete(f"/v1/keys/{strange}").status_code == 404


def test_leaving_takes_the_cookie_away(page: httpx.Client) -> None:
    assert page.delete("/session").status_code == 200
    assert page.get("/session").status_code == 401


def test_a_price_is_told_before_anything_is_paid(shop: Shop) -> None:
    price = shop.client.post("/v1/sd3-med-pose/price", json=POSE | {"samples": 2}).json()
    assert price == {"price": 0.034, "credits": 1000.0}
    again = STORY | {"num_ids": 1, "redo": 2}
    whole = shop.client.post("/v1/storydiffusion/price", json=STORY).json()["price"]
    assert shop.client.post("/v1/storydiffusion/price", json=again).json()["price"] < whole
    assert shop.spent() == 0
    wrong = shop.client.post("/v1/sd3-med-pose/price", json=POSE | {"samples": 9})
    assert wrong.status_code == 422
    assert wrong.json()["error"].startswith("samples: ")


def test_all_presets_are_told(shop: Shop) -> None:
    told = httpx.get(f"{shop.url}/v1/pose/presets").json()["presets"]
    assert tuple(preset["name"] for preset in told) == preset_names()
    assert all(len(preset["pose"]["people"]) == 1 for preset in told)


def drawn(shop: Shop, **fields: object) -> list[dict[str, Any]]:
    answer = shop.client.post(
        "/v1/storydiffusion", json=STORY | fields, headers={"accept": "application/json"}
    )
    images: list[dict[str, Any]] = answer.json()["images"]
    return images


def panels_of(shop: Shop) -> list[str]:
    return [image["url"] for image in drawn(shop) if "width" in image][1:]


def test_one_panel_is_made_again(shop: Shop) -> None:
    [image] = drawn(shop, num_ids=1, redo=2, redo_seed=77)
    assert image["seed"] == 77
    refused = shop.client.post("/v1/storydiffusion", json=STORY | {"redo": 9})
    assert "1 to 3" in refused.json()["error"]


def test_pages_follow_captions_and_layout_without_being_drawn_again(shop: Shop) -> None:
    panels, spent = panels_of(shop), shop.spent()
    asked = {"panels": panels, "comic_description": "a #One\nb #Two\nc", "seed": 3}
    classic = shop.client.post("/v1/story/pages", json=asked).json()
    four = shop.client.post("/v1/story/pages", json=asked | {"comic_style": "Four Pannel"}).json()
    assert len(classic["pages"]) == len(four["pages"]) == 1
    assert classic["pages"][0]["image"] != four["pages"][0]["image"]
    with Image.open(io.BytesIO(base64.b64decode(classic["pages"][0]["image"]))) as image:
        assert image.format == "WEBP"
        assert image.size == (classic["pages"][0]["width"], classic["pages"][0]["height"])
    assert shop.spent() == spent


def test_books_and_all_panels(shop: Shop) -> None:
    asked = {"panels": panels_of(shop), "comic_description": "a\nb\nc"}
    answers = {
        form: shop.client.post("/v1/story/pages", json=asked | {"output_format": form})
        for form in ("pdf", "cbz", "zip")
    }
    assert answers["pdf"].content.startswith(b"%PDF")
    assert answers["pdf"].headers["content-type"] == "application/pdf"
    with zipfile.ZipFile(io.BytesIO(answers["cbz"].content)) as book:
        assert book.namelist() == ["page-001.jpg", "ComicInfo.xml"]
    with zipfile.ZipFile(io.BytesIO(answers["zip"].content)) as panels:
        assert panels.namelist() == ["panel-01.webp", "panel-02.webp", "panel-03.webp"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"panels": []}, "panels: '0 pictures'"),
        ({"panels": "x"}, "panels: 'x'"),
        ({"panels": ["aGk="] * 25}, "1 to 24"),
        ({"panels": ["aGk="]}, "3 pictures"),
        ({"panels": [None, None, None]}, "panels[0]"),
        ({"comic_description": " "}, "comic_description"),
        ({"comic_style": "Manga"}, "Four Pannel"),
        ({"output_format": "gif"}, "pdf"),
    ],
)
def test_what_cannot_be_laid_out_is_told(shop: Shop, change: dict[str, Any], words: str) -> None:
    asked = {"panels": ["aGk="] * 3, "comic_description": "a\nb\nc"} | change
    answer = shop.client.post("/v1/story/pages", json=asked)
    assert answer.status_code == 422
    assert words in answer.json()["error"]


def test_a_forgotten_request_is_gone_with_its_files(shop: Shop) -> None:
    pose = {"people": [{"pose_keypoints_2d": [100.0, 100.0, 1.0] * 18}], "canvas_width": 200}
    shop.client.post("/v1/sd3-med-pose", json=POSE | {"image": pose | {"canvas_height": 200}})
    [past] = shop.client.get("/v1/requests").json()["requests"]
    given, made = past["inputs"]["image"]["url"], past["outputs"][0]["url"]
    assert shop.client.get(given).json()["canvas_width"] == 200
    assert shop.client.get(made).status_code == 200
    with shop.for_another() as other:
        assert other.client.delete(f"/v1/requests/{past['request_id']}").status_code == 404
    assert shop.client.delete(f"/v1/requests/{past['request_id']}").status_code == 200
    assert shop.client.get("/v1/requests").json()["requests"] == []
    assert shop.client.get(given).status_code == 410
    assert shop.client.get(made).status_code == 410
    told = shop.client.get("/v1/movements").json()["movements"]
    assert [each["kind"] for each in told] == ["settle", "hold", "topup"]
    assert told[1]["amount"] == -0.017


def test_what_is_under_way_cannot_be_forgotten(tmp_path: Path) -> None:
    gate = Gate()
    with open_shop(tmp_path, gate=gate) as shop:
        request_id = shop.client.post("/v2/sd3-med-pose", json=POSE).json()["request_id"]
        gate.reached.wait()
        assert shop.client.delete(f"/v1/requests/{request_id}").status_code == 409
        gate.open()
        shop.service.wait(request_id)
        assert shop.client.delete(f"/v1/requests/{request_id}").status_code == 200
