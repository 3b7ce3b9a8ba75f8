"""Files: pictures that are uploaded to be used later, and links to those that were made."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from vivant.base.errors import InvalidInput, PictureTooLarge
from vivant.ledger.assets import Asset
from vivant.web.auth import Counted
from vivant.web.bodies import Fields
from vivant.web.described import BODY, DOT, PICTURES, problems
from vivant.web.inputs import from_data_uri
from vivant.web.shapes import Uploaded
from vivant.web.site import site_of

files = APIRouter(tags=["files"])

MAX_UPLOADS = 20
"""Files of one upload."""

_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["data_urls"],
                "properties": {
                    "data_urls": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "maxItems": MAX_UPLOADS,
                        "description": "Data URIs: data:image/png;base64,...",
                    }
                },
            },
            "example": {"data_urls": [DOT]},
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
            }
        },
    },
}


@files.post(
    "/upload-asset",
    response_model=Uploaded,
    responses=problems(*BODY, 401, 422, 429, 503),
    openapi_extra={"requestBody": _BODY},
)
async def upload(request: Request, caller: Counted) -> Uploaded:
    """Keep pictures, to be named as `image` or `ref_image` later."""
    site = site_of(request)
    with site.bodies.holding(request) as holding:
        pictures = _pictures(await holding.fields(), site.settings.max_picture_bytes)

        def keep() -> list[Asset]:
            return [site.service.upload(caller, picture) for picture in pictures]

        assets = await site.call(keep)
    urls = [site.asset_url(request, asset.id, asset.expires_at) for asset in assets]
    return Uploaded(file_urls=urls, urls=urls, message=f"{len(urls)} files are kept")


@files.get(
    "/assets/{asset_id}",
    response_class=Response,
    responses={
        200: {
            "description": "The file",
            "content": dict(PICTURES),
        },
        **problems(404, 410, 422),
    },
)
async def asset(
    request: Request,
    asset_id: str,
    sig: Annotated[str, Query(description="The link's proof")] = "",
) -> Response:
    """A stored file, for whoever has its link."""
    site = site_of(request)
    file = await site.call(partial(site.service.file, asset_id, sig))
    return Response(
        file.data,
        media_type=file.content_type,
        headers={
            "Cache-Control": "private, max-age=3600, immutable",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _pictures(fields: Fields, max_bytes: int) -> list[bytes]:
    """What an upload holds: data URIs in a list, or files of a form under any name."""
    given = fields.get("data_urls")
    uris = given if isinstance(given, list) else [] if given is None else [given]
    pictures = [*_from_uris(uris), *(file for file in fields.values() if isinstance(file, bytes))]
    if not 0 < len(pictures) <= MAX_UPLOADS:
        raise InvalidInput("data_urls", len(pictures), f"1 to {MAX_UPLOADS} data URIs, or files")
    largest = max(map(len, pictures))
    if largest > max_bytes:
        raise PictureTooLarge(f"data_urls: {largest} bytes; expected at most {max_bytes}")
    return pictures


def _from_uris(uris: Iterable[object]) -> Iterable[bytes]:
    for uri in uris:
        if not isinstance(uri, str):
            raise InvalidInput("data_urls", uri, "a list of data URIs")
        yield from_data_uri("data_urls", uri)
