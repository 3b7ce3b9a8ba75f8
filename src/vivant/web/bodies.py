"""Bodies of requests as fields: JSON, multipart and urlencoded, within limits of size and time.

Every field may come as a string in any of the three. Files come as bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Never, TypeAlias
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from vivant.web.problems import BodyTooLarge, BodyTooSlow, MalformedBody, Overloaded

Fields: TypeAlias = Mapping[str, object]

MAX_FIELDS = 200
"""Fields of one form; no endpoint has nearly as many."""

MAX_VALUES = 400_000
"""Values within a JSON body; each takes some hundred bytes once read, however short its text."""

SMALL = 64_000
"""Bytes of a body that anybody may send, and that take no thread to be parsed."""

_EXPECTED = "expected a JSON object, multipart/form-data or application/x-www-form-urlencoded"


@dataclass(frozen=True)
class BodyLimits:
    """How much is read.

    Attributes:
        max_bytes: of one body.
        seconds: from a body's first byte to its last.
        max_bytes_together: of all bodies that are held at a time.
    """

    max_bytes: int = 40_000_000
    seconds: float = 60.0
    max_bytes_together: int = 400_000_000


class Bodies:
    """Reads bodies, and keeps count of what it holds. For one event loop.

    Args:
        limits: how much is read.
    """

    def __init__(self, limits: BodyLimits) -> None:
        self._limits = limits
        self._held = 0

    @contextmanager
    def holding(self, request: Request) -> Iterator[Holding]:
        """Room for one request's body, given back when the block ends."""
        holding = Holding(self, request)
        try:
            yield holding
        finally:
            self._held -= holding.size

    def take(self, size: int) -> None:
        """Count bytes that are now held.

        Raises:
            Overloaded: the server holds as much as it can.
        """
        if self._held + size > self._limits.max_bytes_together:
            raise Overloaded("the server is reading as many requests as it can; try again soon")
        self._held += size

    @property
    def limits(self) -> BodyLimits:
        """How much is read."""
        return self._limits


class Holding:
    """One request's body while it is held; made by `Bodies.holding`.

    Attributes:
        size: bytes counted so far.
    """

    def __init__(self, bodies: Bodies, request: Request) -> None:
        self._bodies = bodies
        self._request = request
        told = request.headers.get("content-length", "")
        self._told = int(told[:20]) if told.isdecimal() else None
        self.size = 0

    @property
    def is_small(self) -> bool:
        """Whether the body is short, by what its sender says, and uvicorn sees to it."""
        return self._told is not None and self._told <= SMALL

    async def fields(self) -> Fields:
        """Read the body and take it apart.

        Raises:
            MalformedBody: it is neither JSON nor form data, or is broken.
            BodyTooLarge: it is longer than allowed.
            BodyTooSlow: it took longer than allowed.
            Overloaded: the server holds as much as it can.
        """
        body = await self._read()
        kind = self._request.headers.get("content-type", "")
        media = kind.partition(";")[0].strip().lower()
        if media == "multipart/form-data":
            return await _multipart(self._request, body)
        # What curl -d sends as a form, and clients without a type send, is JSON if it looks so.
        json_like = media in {"", "application/x-www-form-urlencoded"} and _is_object(body)
        if json_like or media == "application/json" or media.endswith("+json"):
            small = len(body) <= SMALL
            return parse_json(body) if small else await asyncio.to_thread(parse_json, body)
        if media == "application/x-www-form-urlencoded":
            return _urlencoded(body)
        raise MalformedBody(f"the body's type {media!r:.80} is not read; {_EXPECTED}")

    async def _read(self) -> bytes:
        most = self._bodies.limits.max_bytes
        if self._told is not None and self._told > most:
            raise _too_large(most)
        body = bytearray()
        try:
            async with asyncio.timeout(self._bodies.limits.seconds):
                async for chunk in self._request.stream():
                    if len(body) + len(chunk) > most:
                        raise _too_large(most)
                    self._bodies.take(len(chunk))
                    self.size += len(chunk)
                    body += chunk
        except TimeoutError as error:
            limit = self._bodies.limits.seconds
            raise BodyTooSlow(f"the body did not come within {limit:g} s") from error
        except ClientDisconnect as error:
            raise MalformedBody("the connection was closed before the body's end") from error
        return bytes(body)


def parse_json(body: bytes) -> Fields:
    """A JSON object's fields.

    Raises:
        MalformedBody: it is no JSON object, or holds NaN, infinity, too many values or too deep
            ones.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise MalformedBody(f"the JSON body holds more than {MAX_VALUES} values")
    try:
        content = json.loads(body, parse_constant=_no_number)
    except RecursionError as error:
        raise MalformedBody("the JSON body is nested too deeply") from error
    except ValueError as error:  # broken JSON, broken UTF-8, or a number of thousands of digits
        raise MalformedBody(f"the body is not JSON: {error!s:.200}") from error
    if not isinstance(content, dict):
        raise MalformedBody(f"the JSON body is no object; {_EXPECTED}")
    return content


def _urlencoded(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise MalformedBody(f"the form data is broken: {error!s:.200}") from error
    return dict(pairs)


class _WholeForm(MultiPartParser):
    """A parser that knows whether the form's last boundary came."""

    whole = False

    def on_end(self) -> None:
        self.whole = True


async def _multipart(request: Request, body: bytes) -> Fields:
    parser = _WholeForm(
        request.headers,
        _once(body),
        max_files=MAX_FIELDS,
        max_fields=MAX_FIELDS,
        max_part_size=len(body) + 1,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise MalformedBody(f"the multipart body is broken: {error.message:.200}") from error
    try:
        if not parser.whole:
            raise MalformedBody("the multipart body is broken: its last boundary is missing")
        return {name: await _value(part) for name, part in form.multi_items()}
    finally:
        await form.close()


async def _value(part: UploadFile | str) -> str | bytes:
    """A text, or a file's bytes; a form's file field that was left empty is a blank."""
    if isinstance(part, str):
        return part
    return await part.read() or ""


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


def _is_object(body: bytes) -> bool:
    return body[:64].lstrip()[:1] == b"{"


def _no_number(text: str) -> Never:
    raise ValueError(f"{text} is no number")


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is too large; expected at most {most} bytes")
