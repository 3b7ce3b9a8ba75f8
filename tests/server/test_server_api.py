"""The API as a user of the hosted service knows it, and what is there besides."""

from __future__ import annotations

import base64
import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from PIL import Image

from tests.support.origin import Page, origin
from tests.support.shop import POSE, STORY, Gate, Shop, open_shop, skeleton
from vivant.output.encode import read_settings


def picture(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def test_v1_answers_with_the_picture_and_its_headers(shop: Shop) -> None:
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"seed": 7})
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert response.headers["x-cost"] == "0.017"
    assert response.headers["x-remaining-credits"] == "999.983"
    assert response.headers["x-seed-value"] == "7"
    assert float(response.headers["x-generation-time"]) >= 0
    assert response.headers["x-request-id"].startswith("req_")
    assert shop.client.get(response.headers["x-output-urls"]).content == response.content


@pytest.mark.parametrize(("form", "kind"), [("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
def test_the_format_is_the_one_asked_for(shop: Shop, form: str, kind: str) -> None:
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"output_format": form})
    assert picture(response.content).format == kind
    assert response.headers["content-type"] == f"image/{kind.lower()}"


def test_all_kinds_of_bodies_ask_for_the_same(shop: Shop) -> None:
    fields = {"prompt": "a man", "image": base64.b64encode(skeleton()).decode(), "seed": 3}
    text = {name: str(value) for name, value in fields.items()}
    form = {"content-type": "application/x-www-form-urlencoded"}
    no_image = {name: value for name, value in text.items() if name != "image"}
    uri = f"data:image/png;base64,{fields['image']}"
    ways: list[dict[str, Any]] = [
        {"json": fields},
        {"json": text},
        {"json": fields | {"image": uri}},
        {"data": text},
        {"content": urlencode(text).replace("%2B", "+"), "headers": form},
        {"files": {name: (None, value) for name, value in text.items()}},
        {"data": no_image, "files": {"image": ("pose.png", skeleton(), "image/png")}},
        {"content": json.dumps(fields), "headers": form},
    ]
    answers = [shop.client.post("/v1/sd3-med-pose", **way) for way in ways]
    assert {answer.status_code for answer in answers} == {200}
    assert len({picture(answer.content).tobytes() for answer in answers}) == 1


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({"base64": True}, {}), ({"base64": "true"}, {}), ({}, {"accept": "application/json"})],
)
def test_json_with_base64_where_it_is_wanted(
    shop: Shop, fields: dict[str, Any], headers: dict[str, str]
) -> None:
    told = shop.client.post("/v1/sd3-med-pose", json=POSE | fields, headers=headers).json()
    assert picture(base64.b64decode(told["image"])).size == (64, 64)
    assert told["request_id"].startswith("req_")
    assert told["seed"] == 698845
    assert told["inference_time"] >= 0
    image = told["images"][0]
    assert (image["width"], image["height"], image["content_type"]) == (64, 64, "image/jpeg")
    assert image["seed"] == 698845
    assert shop.client.get(image["url"]).content == base64.b64decode(told["image"])


def test_several_samples_come_on_one_sheet_and_singly(shop: Shop) -> None:
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"samples": 3})
    sheet = picture(response.content)
    assert sheet.size == (2 * (64 + 16) + 16, 2 * (64 + 16) + 16)
    links = response.headers["x-output-urls"].split(", ")
    assert len(links) == 3
    single = [shop.client.get(link).content for link in links]
    assert len(set(single)) == 3
    assert response.headers["x-cost"] == "0.051"
    assert read_settings(response.content) == read_settings(single[0])


def test_an_archive_holds_all_samples(shop: Shop) -> None:
    headers = {"accept": "application/zip"}
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"samples": 2}, headers=headers)
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2


def test_v2_tells_where_to_come_back(shop: Shop) -> None:
    accepted = shop.client.post("/v2/storydiffusion", json=STORY).json()
    for name in ("status_url", "response_url", "poll_url"):
        assert accepted[name].startswith(f"{shop.url}/v2/requests/{accepted['request_id']}")
    shop.service.wait(accepted["request_id"])
    assert shop.client.get(accepted["status_url"]).json()["status"] == "COMPLETED"
    result = shop.client.get(accepted["response_url"]).json()
    assert result["output"] == result["images"][0]["url"]
    assert result["seed"] == "42"
    data = shop.client.get(result["output"]).content
    assert len(data) == result["images"][0]["file_size"]


def test_a_story_gives_its_page_and_then_its_panels(shop: Shop) -> None:
    accepted = shop.client.post("/v2/storydiffusion", json=STORY).json()
    shop.service.wait(accepted["request_id"])
    images = shop.client.get(accepted["response_url"]).json()["images"]
    assert [image["file_name"].partition("-")[0] for image in images] == ["page", *["panel"] * 3]
    assert [(image["width"], image["height"]) for image in images[1:]] == [(256, 256)] * 3
    assert images[0]["height"] > 512


def test_a_random_seed_is_told(shop: Shop) -> None:
    answers = [
        shop.client.post("/v1/storydiffusion", json=STORY | {"seed": seed}) for seed in ("", None)
    ]
    seeds = [answer.headers["x-seed-value"] for answer in answers]
    assert seeds[0] != seeds[1]
    assert "42" not in seeds


def test_urls_name_the_public_address_where_there_is_one(tmp_path: Path) -> None:
    with open_shop(tmp_path, public_url="https://pictures.example/api/") as shop:
        response = shop.client.post("/v1/sd3-med-pose", json=POSE)
        link = response.headers["x-output-urls"]
        assert link.startswith("https://pictures.example/api/assets/")
        ours = link.replace("https://pictures.example/api", shop.url)
        assert shop.client.get(ours).content == response.content


def test_events_tell_of_the_line_the_steps_and_the_end(tmp_path: Path) -> None:
    gate = Gate()
    with open_shop(tmp_path, gate=gate) as shop:
        accepted = shop.client.post("/v2/sd3-med-pose", json=POSE).json()
        gate.reached.wait()
        second = shop.client.post("/v2/sd3-med-pose", json=POSE | {"seed": 2}).json()
        with shop.client.stream("GET", second["events_url"]) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: queued"
            assert json.loads(next(lines).removeprefix("data: "))["position"] == 0
            gate.open()
            rest = list(lines)
        names = [line.removeprefix("event: ") for line in rest if line.startswith("event: ")]
        assert names[-1] == "completed"
        assert {"started", "progress", "picture"} <= set(names)
        last = json.loads([line for line in rest if line.startswith("data: ")][-1][6:])
        assert last["status"] == "COMPLETED"
        assert shop.client.get(last["output"]).status_code == 200
        shop.service.wait(accepted["request_id"])
        with shop.client.stream("GET", accepted["events_url"]) as stream:
            assert "event: completed" in list(stream.iter_lines()), "an end is told again"


def test_cancelling_stops_and_charges_nothing(tmp_path: Path) -> None:
    gate = Gate()
    with open_shop(tmp_path, gate=gate) as shop:
        accepted = shop.client.post("/v2/sd3-med-pose", json=POSE).json()
        gate.reached.wait()
        assert shop.spent() == 17_000
        cancelled = shop.client.delete(accepted["response_url"])
        assert cancelled.json()["status"] == "CANCELLED"
        assert shop.spent() == 0
        gate.open()
        told = shop.client.get(accepted["status_url"])
        assert (told.status_code, told.json()["status"]) == (422, "FAILED")
        assert "cancelled" in told.json()["error"]


def test_who_hangs_up_pays_nothing(tmp_path: Path) -> None:
    with held_request(tmp_path, {}) as (shop, gate, request_id):
        wait_for(lambda: status_of(shop, request_id) == "FAILED")
        gate.open()
        assert shop.spent() == 0


def test_who_hangs_up_and_can_come_back_gets_the_picture(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "again"}
    with held_request(tmp_path, key) as (shop, gate, request_id):
        gone = 'vivant_http_requests_total{method="POST",route="/v1/sd3-med-pose",status="499"}'
        wait_for(lambda: gone in shop.client.get("/metrics").text)
        assert status_of(shop, request_id) == "PROCESSING"
        gate.open()
        response = shop.client.post("/v1/sd3-med-pose", json=POSE, headers=key)
        assert response.status_code == 200
        assert response.headers["x-request-id"] == request_id
        assert shop.spent() == 17_000


@contextmanager
def held_request(folder: Path, headers: dict[str, str]) -> Iterator[tuple[Shop, Gate, str]]:
    """A v1 request that is under way, and whose caller has hung up."""
    gate = Gate()
    with open_shop(folder, gate=gate) as shop:
        body = json.dumps(POSE)
        head = {"Host": "vivant", "x-api-key": shop.secret, "Content-Type": "application/json"}
        lines = [f"{name}: {value}" for name, value in (head | headers).items()]
        lines = ["POST /v1/sd3-med-pose HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", body]
        place = httpx.URL(shop.url)
        with socket.create_connection((place.host, place.port or 0)) as connection:
            connection.sendall("\r\n".join(lines).encode())
            gate.reached.wait()
        newest = shop.client.get("/v1/requests", params={"limit": 1}).json()["requests"][0]
        yield shop, gate, newest["request_id"]


def status_of(shop: Shop, request_id: str) -> str:
    return str(shop.client.get(f"/v2/requests/{request_id}/status").json()["status"])


def wait_for(happened: Callable[[], bool]) -> None:
    """Ask again and again; each question takes its time on the way to the server."""
    assert any(happened() for _ in range(2000))


def test_pictures_are_fetched_from_listed_hosts_only(tmp_path: Path, shop: Shop) -> None:
    with origin({"/pose.png": Page(skeleton())}) as site:
        asked = POSE | {"image": f"{site.url}/pose.png"}
        assert shop.client.post("/v1/sd3-med-pose", json=asked).status_code == 422
        assert site.asked == []
        with open_shop(tmp_path, reachable=("127.0.0.0/8",)) as open_to_us:
            assert open_to_us.client.post("/v1/sd3-med-pose", json=asked).status_code == 200
        assert site.asked == ["/pose.png"]


def test_uploads_come_as_forms_too(shop: Shop) -> None:
    files = [("file", ("pose.png", skeleton(), "image/png"))]
    uploaded = shop.client.post("/upload-asset", files=files).json()
    link = uploaded["urls"][0]
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"image": link})
    assert response.status_code == 200
    broken = shop.client.post("/v1/sd3-med-pose", json=POSE | {"image": link[:-1] + "x"})
    assert broken.status_code == 422
    assert "signature is wrong" in broken.json()["error"]


def test_credits_models_and_history(shop: Shop) -> None:
    for seed in (1, 2, 3):
        shop.client.post("/v1/sd3-med-pose", json=POSE | {"seed": seed})
    told = shop.client.get("/v1/get-user-credits").json()
    assert told == {"credits": 999.949, "free-credits": 0.0}
    models = {model["slug"]: model for model in shop.client.get("/v1/models").json()["models"]}
    assert models["sd3-med-pose"]["price"] == 0.017
    assert models["storydiffusion"]["price"] == 0.166
    assert models["sd3-med-pose"]["warm"] is True
    assert models["sd3-med-pose"]["schema"]["properties"]["seed"]["default"] == 698845
    first = shop.client.get("/v1/requests", params={"limit": 2}).json()
    rest = shop.client.get("/v1/requests", params={"before": first["next"]}).json()
    assert [past["seed"] for past in first["requests"] + rest["requests"]] == ["3", "2", "1"]
    assert rest["next"] is None
    past = first["requests"][0]
    assert (past["model"], past["status"], past["cost"]) == ("sd3-med-pose", "COMPLETED", 0.017)
    assert past["inputs"]["prompt"] == POSE["prompt"]
    assert shop.client.get(past["outputs"][0]["url"]).status_code == 200


def test_poses_are_drawn_and_read(shop: Shop) -> None:
    read = shop.client.post("/v1/pose", files={"image": ("pose.png", skeleton())}).json()
    assert read["people"] == 1
    drawn = shop.client.post("/v1/pose/render", json=read["pose"])
    assert drawn.headers["content-type"] == "image/png"
    assert picture(drawn.content).size == (256, 256)
    larger = shop.client.post("/v1/pose/render", json={"pose": read["pose"], "width": "512"})
    assert picture(larger.content).size == (512, 256)


def test_the_server_tells_how_it_is(shop: Shop) -> None:
    assert shop.client.get("/healthz").json() == {"status": "ok"}
    assert shop.client.get("/readyz").json() == {"ready": True}
    shop.client.post("/v1/sd3-med-pose", json=POSE)
    text = shop.client.get("/metrics").text
    assert 'vivant_jobs_total{model="sd3-med-pose",status="COMPLETED"}' in text
    assert 'route="/v1/sd3-med-pose"' in text


def test_a_server_that_cannot_serve_says_why(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        shop.service.stop()
        response = shop.client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["ready"] is False
        assert "engine" in response.json()["error"]
        assert shop.client.post("/v1/sd3-med-pose", json=POSE).status_code == 503
        assert shop.spent() == 0


def test_other_origins_may_call_where_they_are_listed(tmp_path: Path) -> None:
    with open_shop(tmp_path, cors_origins=("https://a.example",)) as shop:
        asks = {"origin": "https://a.example", "access-control-request-method": "POST"}
        allowed = shop.client.options("/v1/sd3-med-pose", headers=asks)
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        asks["origin"] = "https://b.example"
        assert shop.client.options("/v1/sd3-med-pose", headers=asks).status_code == 400


def test_the_log_has_ids_and_neither_keys_nor_prompts(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "vivant.web")
    response = shop.client.post("/v1/sd3-med-pose", json=POSE)
    shop.client.get(response.headers["x-output-urls"])
    told = [record for record in caplog.records if record.message == "request"]
    assert vars(told[0])["job"] == response.headers["x-request-id"]
    assert vars(told[0])["route"] == "/v1/sd3-med-pose"
    text = repr([vars(record) for record in caplog.records])
    for secret in (shop.secret, POSE["prompt"], "sig="):
        assert secret not in text


def test_every_example_of_a_body_is_a_request_that_works(shop: Shop) -> None:
    studio_only = {"/v1/keys"}
    for path, methods in shop.client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None and path not in studio_only:
                response = shop.client.request(method, path, json=body["example"])
                assert response.status_code == 200, (path, response.text)


def test_the_docs_load_nothing_from_elsewhere(shop: Shop) -> None:
    page = shop.client.get("/docs").text
    assert "http" not in page.replace('lang="en"', "")
    assert shop.client.get("/openapi.json").json()["info"]["title"] == "Vivant"
