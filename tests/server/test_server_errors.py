"""Every row of the error table, through real HTTP; every error is JSON with `error`."""

from __future__ import annotations

import base64
import io
import json
import socket
import zlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from tests.support.shop import POSE, STORY, Gate, Shop, open_shop
from vivant.base.clock import utc_now


def error_of(response: httpx.Response, status: int) -> str:
    """The text of an answer that is an error as all errors are."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert isinstance(error, str)
    assert error
    assert "\n" not in error
    assert response.headers["x-request-id"]
    return error


def bomb(side: int) -> bytes:
    """A picture file of a few bytes that says it has so many pixels a side (PNG, section 11)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return len(content).to_bytes(4, "big") + kind + content + check.to_bytes(4, "big")

    size = side.to_bytes(4, "big") * 2
    header = chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000)))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b'{"seed": NaN}', "application/json"),
        (b"[]", "application/json"),
        (b"a", "multipart/form-data; boundary=b"),
        (b"<a/>", "text/xml"),
    ],
)
def test_400_bodies_that_cannot_be_read(shop: Shop, content: bytes, kind: str) -> None:
    for path in ("/v1/sd3-med-pose", "/v2/storydiffusion", "/upload-asset", "/v1/pose/render"):
        response = shop.client.post(path, content=content, headers={"content-type": kind})
        assert error_of(response, 400)
    assert shop.spent() == 0


def test_401_no_key_or_one_that_opens_nothing(shop: Shop) -> None:
    keys = shop.house.keys
    gone = keys.create(shop.account.id, "gone")
    keys.revoke(gone.key.id)
    late = keys.create(shop.account.id, "late", utc_now() + timedelta(milliseconds=1))
    for secret, said in [
        ("", "no API key was given"),
        ("vivant_nonsense", "is unknown"),
        (gone.secret, "was revoked"),
        (late.secret, "expired at"),
    ]:
        for method, path in [
            ("POST", "/v1/sd3-med-pose"),
            ("POST", "/v2/storydiffusion"),
            ("GET", "/v1/get-user-credits"),
            ("GET", "/v1/requests"),
            ("GET", "/v2/requests/req_1"),
            ("DELETE", "/v2/requests/req_1"),
            ("POST", "/upload-asset"),
        ]:
            response = shop.client.request(method, path, headers={"x-api-key": secret})
            assert said in error_of(response, 401)
    for body in (b"{", b"{" + b" " * 100_000):
        response = shop.client.post("/v1/sd3-med-pose", content=body, headers={"x-api-key": "no"})
        assert "is unknown" in error_of(response, 401), "whatever is wrong with the body"


def test_404_no_such_endpoint_or_address(shop: Shop) -> None:
    assert "there are: sd3-med-pose, storydiffusion" in error_of(
        shop.client.post("/v1/sd4-med-pose", json={}), 404
    )
    assert "/docs" in error_of(shop.client.get("/nothing"), 404)


def test_404_another_accounts_request_is_as_unknown_as_none(shop: Shop) -> None:
    request_id = shop.client.post("/v2/sd3-med-pose", json=POSE).json()["request_id"]
    with shop.for_another() as stranger:
        for method, path in [("GET", ""), ("GET", "/status"), ("GET", "/events"), ("DELETE", "")]:
            for asked in (request_id, "req_unknown"):
                response = stranger.client.request(method, f"/v2/requests/{asked}{path}")
                assert "no request has the id" in error_of(response, 404)
        page = stranger.client.get("/v1/requests", params={"before": request_id})
        assert error_of(page, 404)


def test_404_links_that_are_not_ours(shop: Shop) -> None:
    link = shop.client.post("/v1/sd3-med-pose", json=POSE).headers["x-output-urls"]
    assert shop.client.get(link).status_code == 200
    assert "signature is wrong" in error_of(shop.client.get(link[:-1] + "x"), 404)
    assert "signature is wrong" in error_of(shop.client.get(link.partition("?")[0]), 404)


def test_405_names_the_right_method(shop: Shop) -> None:
    response = shop.client.get("/v1/sd3-med-pose")
    assert "expected POST" in error_of(response, 405)
    assert response.headers["allow"] == "POST"


def test_406_names_price_and_balance(shop: Shop) -> None:
    with shop.for_another(balance=0.016) as poor:
        for version in ("v1", "v2"):
            error = error_of(poor.client.post(f"/{version}/sd3-med-pose", json=POSE), 406)
            assert error == "not enough credits: this costs 0.017, and 0.016 are left"


def test_408_a_body_that_does_not_come(tmp_path: Path) -> None:
    with open_shop(tmp_path, body_timeout=0.2) as shop:
        head = (
            "POST /v1/sd3-med-pose HTTP/1.1\r\nHost: vivant\r\nContent-Type: application/json\r\n"
            f"x-api-key: {shop.secret}\r\nContent-Length: 1000\r\n\r\n"
        )
        place = urlsplit(shop.url)
        with socket.create_connection((place.hostname or "", place.port or 0)) as connection:
            connection.sendall(head.encode() + b'{"prompt": ')
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'{"error":"the body did not come within 0.2 s"}' in answer


def test_409_one_idempotency_key_for_two_requests(shop: Shop) -> None:
    headers = {"Idempotency-Key": "one"}
    first = shop.client.post("/v1/sd3-med-pose", json=POSE, headers=headers)
    again = shop.client.post("/v1/sd3-med-pose", json=POSE, headers=headers)
    assert first.content == again.content
    assert first.headers["x-request-id"] == again.headers["x-request-id"]
    assert shop.spent() == 17_000
    other = shop.client.post("/v1/sd3-med-pose", json=POSE | {"seed": 1}, headers=headers)
    assert "expected a new key" in error_of(other, 409)


def test_409_nobody_cancels_what_is_done(shop: Shop) -> None:
    done = shop.client.post("/v1/sd3-med-pose", json=POSE).headers["x-request-id"]
    assert "is COMPLETED already" in error_of(shop.client.delete(f"/v2/requests/{done}"), 409)


def test_410_outputs_that_were_kept_long_enough(
    tmp_path: Path,
) -> None:
    with open_shop(tmp_path, keep_hours=1e-7) as shop:
        link = shop.client.post("/v1/sd3-med-pose", json=POSE).headers["x-output-urls"]
        assert error_of(shop.client.get(link), 410)


def test_413_bodies_and_pictures_have_a_limit(shop: Shop) -> None:
    large = "x" * (shop.settings.max_body_bytes + 1)
    assert "body is too large" in error_of(shop.client.post("/v1/pose", content=large), 413)
    pictures = [
        (bytes(shop.settings.max_picture_bytes + 1), "image: "),
        (bomb(9000), "more than the 64000000 allowed"),
        (bomb(20_000), "far more than the 64000000 pixels allowed"),
    ]
    for picture, said in pictures:
        files = {"image": ("large.png", picture)}
        response = shop.client.post("/v1/sd3-med-pose", data={"prompt": "a girl"}, files=files)
        assert said in error_of(response, 413)
    assert shop.spent() == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prompt": ""}, "prompt: '' is not allowed; expected some text"),
        ({"prompt": 5}, "prompt: 5 is not allowed; expected some text"),
        ({"num_inference_steps": "many"}, "num_inference_steps: 'many' is not allowed"),
        ({"num_inference_steps": 101}, "expected a whole number from 1 to 100"),
        ({"guidance_scale": 1e999}, "guidance_scale: inf is not allowed"),
        ({"seed": 10**400}, "seed: "),
        ({"strength": {"a": 1}}, "strength: {'a': 1} is not allowed; expected a number"),
        ({"sampler": "none"}, "sampler: 'none' is not allowed; expected one of: euler, "),
        ({"prompt": "\ud800"}, "prompt: "),
        ({"image": None}, "image: '' is not allowed"),
        ({"image": 5}, "image: 5 is not allowed; expected a file, a URL, base64 or a data URI"),
        ({"image": "?"}, "image: '?' is not allowed"),
        ({"image": "AAAA"}, "no picture in a known format"),
        ({"image": '{"people": []}'}, "holds no person"),
        ({"image": "preset:swimming"}, "swimming"),
        ({"image": "http://169.254.169.254/latest/meta-data/"}, "is not a public one"),
        ({"image": "http://localhost:1/"}, "is not a public one"),
        ({"image": "file:///etc/passwd"}, "image: 'file:///etc/passwd' is not allowed"),
        ({"webhook_url": "ftp://a.example/"}, "webhook_url: "),
        ({"embed_prompt": "perhaps"}, "embed_prompt: 'perhaps' is not allowed; expected true or"),
    ],
)
def test_422_fields_that_are_not_allowed(shop: Shop, change: dict[str, object], said: str) -> None:
    fields = {name: value for name, value in (POSE | change).items() if value is not None}
    content = json.dumps(fields).replace("Infinity", "1e999")
    headers = {"content-type": "application/json"}
    response = shop.client.post("/v1/sd3-med-pose", content=content, headers=headers)
    assert said in error_of(response, 422)
    assert shop.spent() == 0


def test_422_a_picture_with_nobody_in_it(shop: Shop) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(plain, "PNG")
    picture = base64.b64encode(plain.getvalue()).decode()
    response = shop.client.post("/v1/sd3-med-pose", json=POSE | {"image": picture})
    assert "skeleton" in error_of(response, 422)


def test_422_fields_that_do_not_go_together(shop: Shop) -> None:
    response = shop.client.post("/v2/storydiffusion", json=STORY | {"num_ids": 4})
    assert "num_ids: 4 is not allowed; expected at most 3" in error_of(response, 422)


def test_422_parameters_of_the_address(shop: Shop) -> None:
    assert "limit: '0' is not allowed" in error_of(shop.client.get("/v1/requests?limit=0"), 422)
    assert "limit: 'x' is not allowed" in error_of(shop.client.get("/v1/requests?limit=x"), 422)


def test_422_nothing_to_upload(shop: Shop) -> None:
    for body in ({}, {"data_urls": []}, {"data_urls": [5]}, {"data_urls": ["x"]}):
        assert "data_urls: " in error_of(shop.client.post("/upload-asset", json=body), 422)
    text = {"data_urls": ["data:image/png;base64,AAAA"]}
    assert "no picture" in error_of(shop.client.post("/upload-asset", json=text), 422)


def test_429_tells_when_to_come_back(shop: Shop) -> None:
    with shop.for_another(requests_per_minute=1) as hasty:
        answers = [hasty.client.post("/v2/sd3-med-pose", json=POSE) for _ in range(3)]
    assert answers[0].headers["x-rate-limit-remaining"] == "0"
    assert answers[0].headers["x-rate-limit-reset-at-utc"].endswith("Z")
    refused = answers[-1]  # the second may fall into another minute
    assert "1 requests per minute" in error_of(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 60


def test_500_tells_an_id_and_charges_nothing(tmp_path: Path) -> None:
    broken = RuntimeError("/home/ada/secret")
    with open_shop(tmp_path, fail=lambda _: broken) as shop:
        for _ in range(2):
            response = shop.client.post("/v1/sd3-med-pose", json=POSE)
            error = error_of(response, 500)
            assert response.headers["x-request-id"] in error
            assert "secret" not in response.text
        assert shop.spent() == 0


def test_503_the_line_is_full(tmp_path: Path) -> None:
    gate = Gate()
    with open_shop(tmp_path, gate=gate, line=1) as shop:
        held = shop.client.post("/v2/sd3-med-pose", json=POSE).json()
        gate.reached.wait()
        waiting = shop.client.post("/v2/sd3-med-pose", json=POSE).json()
        response = shop.client.post("/v1/sd3-med-pose", json=POSE)
        assert "line is full" in error_of(response, 503)
        assert int(response.headers["retry-after"]) >= 1
        assert shop.spent() == 2 * 17_000, "what waits is held, what was refused is not"
        gate.open()
        for accepted in (held, waiting):
            shop.service.wait(accepted["request_id"])


def test_503_too_many_wait_for_their_answer(tmp_path: Path) -> None:
    gate = Gate()
    with open_shop(tmp_path, gate=gate, max_waiting=1) as shop:
        with shop.in_background("POST", "/v1/sd3-med-pose", json=POSE) as first:
            gate.reached.wait()
            response = shop.client.post("/v1/sd3-med-pose", json=POSE)
            assert "1 requests wait" in error_of(response, 503)
            gate.open()
        assert first.result().status_code == 200


def test_504_the_deadline_passes_and_nothing_is_charged(
    tmp_path: Path,
) -> None:
    with open_shop(tmp_path, seconds_per_step=0.2, deadline=0.1) as shop:
        assert "not done within 0." in error_of(
            shop.client.post("/v1/sd3-med-pose", json=POSE), 504
        )
        assert shop.spent() == 0
