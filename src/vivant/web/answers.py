"""What v1 answers: one picture as it is, JSON with base64, or all pictures in an archive."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Sequence

from fastapi.responses import JSONResponse, Response

from vivant.base.credits import show_credits
from vivant.base.errors import NoSuchAsset, OutputExpired
from vivant.ledger.rules import JobStatus
from vivant.output.encode import Format, encode, read_settings
from vivant.output.sheet import contact_sheet
from vivant.pose.inputs import open_picture
from vivant.service.service import Service
from vivant.service.views import JobView, Output
from vivant.web.accepting import wanted
from vivant.web.problems import problem, status_of_kind

Link = Callable[[Output], str]
"""The URL of an output."""

CANCELLED = "the request was cancelled; nothing was charged"

EXPOSED = (
    "x-remaining-credits",
    "x-cost",
    "x-request-id",
    "x-generation-time",
    "x-seed-value",
    "x-output-urls",
    "x-rate-limit-remaining",
    "x-rate-limit-reset-at-utc",
    "retry-after",
)
"""Headers that web pages of other origins may read."""


def v1_answer(service: Service, view: JobView, accept: str, link: Link) -> Response:
    """The answer to a request that has ended.

    Args:
        service: keeps the outputs; they are read here, on the calling thread.
        view: the request's job at its end.
        accept: the request's Accept header.
        link: gives the outputs' URLs.

    Raises:
        OutputExpired: the request was answered before, and its pictures are gone.
    """
    if view.status is not JobStatus.COMPLETED:
        answer = refusal(view)
    elif view.request.get("base64"):
        answer = _as_json(service, view, link)
    else:
        form = wanted(accept, view.outputs[0].content_type)
        make = {"picture": _as_picture, "json": _as_json, "zip": _as_archive}[form]
        answer = make(service, view, link)
    answer.headers.update(_headers(view, link))
    return answer


def refusal(view: JobView) -> Response:
    """The answer to a request that has failed, or was cancelled by its owner meanwhile."""
    if view.status is JobStatus.CANCELLED:
        return problem(409, CANCELLED)
    return problem(status_of_kind(view.error_kind), view.error or "")


def _as_picture(service: Service, view: JobView, _: Link) -> Response:
    main, *others = view.outputs
    if main.kind != "picture" or not others:
        return Response(read(service, main), media_type=main.content_type)
    return Response(_sheet(service, view.outputs, view), media_type=main.content_type)


def _as_json(service: Service, view: JobView, link: Link) -> Response:
    main = view.outputs[0]
    return JSONResponse(
        {
            "image": base64.b64encode(read(service, main)).decode(),
            "images": [
                {
                    "url": link(output),
                    "content_type": output.content_type,
                    "width": output.width,
                    "height": output.height,
                    "seed": output.seed,
                }
                for output in view.outputs
            ],
            "seed": view.seed,
            "inference_time": view.inference_seconds,
            "request_id": view.request_id,
            "warnings": list(view.warnings),
        }
    )


def _as_archive(service: Service, view: JobView, _: Link) -> Response:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for output in view.outputs:
            archive.writestr(output.file_name, read(service, output))
    return Response(buffer.getvalue(), media_type="application/zip")


def _sheet(service: Service, outputs: Sequence[Output], view: JobView) -> bytes:
    files = [read(service, output) for output in outputs]
    sheet = contact_sheet([open_picture(file) for file in files])
    return encode(
        sheet, _format(outputs[0]), quality=_quality(view), settings=read_settings(files[0])
    )


def _format(output: Output) -> Format:
    formats: dict[str, Format] = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg"}
    return formats[output.content_type]


def _quality(view: JobView) -> int:
    quality = view.request.get("output_quality")
    return quality if isinstance(quality, int) else 95


def read(service: Service, output: Output) -> bytes:
    """An output's bytes.

    Raises:
        OutputExpired: they are gone.
    """
    try:
        return service.read(output.asset_id)
    except NoSuchAsset as error:
        raise OutputExpired(f"the file {output.asset_id} is no longer kept") from error


def _headers(view: JobView, link: Link) -> dict[str, str]:
    headers = {
        "x-request-id": view.request_id,
        "x-remaining-credits": show_credits(view.balance),
        "x-cost": show_credits(view.charged),
        "Cache-Control": "no-store",
    }
    if view.status is JobStatus.COMPLETED:
        headers["x-generation-time"] = f"{view.inference_seconds or 0:.3f}"
        headers["x-seed-value"] = str(view.seed)
        headers["x-output-urls"] = ", ".join(link(output) for output in view.outputs)
    return headers
