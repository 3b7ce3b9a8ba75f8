"""Bodies as fields, in all three forms, whole or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from fastapi import Request

from vivant.web.bodies import Bodies, BodyLimits, Fields
from vivant.web.problems import BodyTooLarge, BodyTooSlow, MalformedBody, Overloaded

FORM = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"


def part(disposition: str, content: str) -> str:
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n"


def request(chunks: Iterable[bytes], kind: str, length: int | None = None) -> Request:
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    headers = [(b"content-type", kind.encode())] if kind else []
    if length is not None:
        headers.append((b"content-length", str(length).encode()))

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def fields(body: bytes | str, kind: str, limits: BodyLimits | None = None) -> Fields:
    data = body.encode() if isinstance(body, str) else body
    bodies = Bodies(limits or BodyLimits())

    async def read() -> Fields:
        with bodies.holding(request([data[:7], data[7:]], kind)) as holding:
            return await holding.fields()

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"a": "1", "b": ""}', "application/json"),
        ('{"a": "1", "b": ""}', "application/json; charset=utf-8"),
        ('{"a": "1", "b": ""}', "application/vnd.api+json"),
        (' {"a": "1", "b": ""}', URLENCODED),
        ('{"a": "1", "b": ""}', ""),
        ("a=1&b=", URLENCODED),
        (part('name="a"', "1") + part('name="b"', "") + "--b--\r\n", FORM),
        (part('name="a"', "1") + part('name="b"; filename=""', "") + "--b--", FORM),
    ],
)
def test_all_forms_give_the_same_fields(body: str, kind: str) -> None:
    assert fields(body, kind) == {"a": "1", "b": ""}


def test_files_come_as_bytes() -> None:
    body = part('name="image"; filename="a.png"', "\x89PNG") + "--b--\r\n"
    assert fields(body.encode("latin-1"), FORM) == {"image": b"\x89PNG"}


def test_json_keeps_its_types() -> None:
    body = '{"n": 1, "x": 0.5, "yes": true, "none": null, "list": [1]}'
    told = fields(body, "application/json")
    assert told == {"n": 1, "x": 0.5, "yes": True, "none": None, "list": [1]}


BROKEN = {
    "nothing": ("", "application/json", "not JSON"),
    "half": ('{"a": ', "application/json", "not JSON"),
    "list": ("[1]", "application/json", "no object"),
    "NaN": ('{"a": NaN}', "application/json", "NaN is no number"),
    "infinity": ('{"a": -Infinity}', "application/json", "-Infinity is no number"),
    "digits": ('{"a": ' + "9" * 5000 + "}", "application/json", "not JSON"),
    "deep": ('{"a": ' + "[" * 100_000, "application/json", "too deeply|not JSON"),
    "many": ('{"a": [' + "0," * 400_001 + "0]}", "application/json", "more than 400000 values"),
    "UTF-8": (b'{"a": "\xff"}', "application/json", "not JSON"),
    "type": ("<a/>", "text/xml", "'text/xml' is not read; expected a JSON object"),
    "no type": ("a=1", "", "'' is not read"),
    "form UTF-8": ("a=%ff", URLENCODED, "form data is broken"),
    "form fields": ("&".join(f"a{n}=1" for n in range(201)), URLENCODED, "form data is broken"),
    "boundary": ("--b--", "multipart/form-data", "multipart body is broken"),
    "cut": (part('name="a"', "1"), FORM, "last boundary is missing"),
    "no part": ("a=1", FORM, "multipart body is broken"),
    "no name": (part('x="a"', "1") + "--b--", FORM, "multipart body is broken"),
    "parts": (part('name="a"', "1") * 201 + "--b--", FORM, "Too many fields"),
}


@pytest.mark.parametrize(("body", "kind", "problem"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_bodies_are_refused(body: bytes | str, kind: str, problem: str) -> None:
    with pytest.raises(MalformedBody, match=problem):
        fields(body, kind)


def test_a_body_that_is_told_to_be_too_large_is_not_read() -> None:
    unread = request([b"x"], "application/json", length=10**30)
    with Bodies(BodyLimits()).holding(unread) as holding, pytest.raises(BodyTooLarge):
        asyncio.run(holding.fields())


def test_a_body_that_turns_out_too_large_is_read_no_further() -> None:
    with pytest.raises(BodyTooLarge, match="expected at most 20 bytes"):
        fields("x" * 21, "application/json", BodyLimits(max_bytes=20))


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    slow = Request({"type": "http", "method": "POST", "headers": []}, never)
    late = pytest.raises(BodyTooSlow, match=r"within 0\.01 s")
    with Bodies(BodyLimits(seconds=0.01)).holding(slow) as holding, late:
        asyncio.run(holding.fields())


def test_a_connection_that_closes_is_no_fault_of_ours() -> None:
    async def gone() -> dict[str, object]:
        return {"type": "http.disconnect"}

    closed = Request({"type": "http", "method": "POST", "headers": []}, gone)
    refused = pytest.raises(MalformedBody, match="closed before")
    with Bodies(BodyLimits()).holding(closed) as holding, refused:
        asyncio.run(holding.fields())


def test_all_bodies_together_have_a_limit_and_give_their_room_back() -> None:
    bodies = Bodies(BodyLimits(max_bytes_together=30))
    body = b'{"a": "0123456789"}'

    async def read(others: int) -> None:
        with bodies.holding(request([body], "application/json")) as holding:
            await holding.fields()
            if others:
                await read(others - 1)

    with pytest.raises(Overloaded):
        asyncio.run(read(others=1))
    asyncio.run(read(others=0))
