"""Story tools: panels on pages, and pages in books."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from vivant.base.errors import InvalidInput
from vivant.comic.script import MAX_PANELS
from vivant.output.encode import Format, content_type, encode
from vivant.service.binding import BOOK_TYPES, Binding, bound, lay_out
from vivant.web.auth import Counted
from vivant.web.bodies import Fields
from vivant.web.described import BODY, DOT, form_body, problems
from vivant.web.shapes import PagePicture, Pages
from vivant.web.site import Site, site_of

story = APIRouter(prefix="/v1/story", tags=["story"])

_FILES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in BOOK_TYPES.values()}

_EXAMPLE = {
    "panels": [DOT],
    "comic_description": "at home #Once upon a time",
    "output_format": "png",
}


@story.post(
    "/pages",
    response_model=Pages,
    responses={
        200: {"model": Pages, "description": "The pages, or the book", "content": _FILES},
        **problems(*BODY, 401, 422, 429, 503),
    },
    openapi_extra={"requestBody": form_body(Binding.model_json_schema(), [], example=_EXAMPLE)},
)
async def pages(request: Request, caller: Counted) -> Response:  # noqa: ARG001  # it lets them in
    """Panels laid out on pages with their captions: the pages as pictures, or one book."""
    site = site_of(request)
    with site.bodies.holding(request) as holding:
        fields = await holding.fields()
        binding = Binding.from_fields(fields)
        named = _named(binding.panels)
        fetched = await site.fetched(request, named, tuple(named))
        return await site.draw(partial(_answer, site, binding, fetched))


def _named(panels: object) -> dict[str, object]:
    """Each panel under a name that errors can tell."""
    if not isinstance(panels, list) or not 0 < len(panels) <= MAX_PANELS:
        given = f"{len(panels)} pictures" if isinstance(panels, list) else panels
        raise InvalidInput("panels", given, f"a list of 1 to {MAX_PANELS} pictures")
    return {f"panels[{place}]": panel for place, panel in enumerate(panels)}


def _answer(site: Site, binding: Binding, fields: Fields) -> Response:
    read = site.inputs.read(fields, tuple(fields))
    files = [_there(name, file) for name, file in read.items()]
    match binding.output_format:
        case "pdf" | "cbz" | "zip" as kind:
            return Response(bound(binding, files), media_type=BOOK_TYPES[kind])
        case picture:
            return JSONResponse(_told(binding, files, picture).model_dump())


def _there(name: str, file: object) -> bytes:
    if not isinstance(file, bytes) or not file:
        raise InvalidInput(name, file, "a URL, base64 or a data URI")
    return file


def _told(binding: Binding, files: Sequence[bytes], form: Format) -> Pages:
    book = lay_out(binding, files)
    return Pages(
        pages=[
            PagePicture(
                image=base64.b64encode(encode(page, form, quality=binding.output_quality)).decode(),
                content_type=content_type(form),
                width=page.width,
                height=page.height,
            )
            for page in book.pages
        ],
        warnings=list(book.warnings),
    )
