"""The studio's files as answers: read once, compressed once, and never from anywhere else."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType

from fastapi.responses import Response

PAGE = "index.html"

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
        "webmanifest": "application/manifest+json",
    }
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may load and do (Content Security Policy 3): its own files, and nothing inline."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-cache",  # asked for each time, and answered with 304
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
)


@dataclass(frozen=True)
class StudioFile:
    """One file.

    Attributes:
        content_type: its MIME type.
        data: its bytes.
        packed: the same, by gzip.
        tag: changes with them (RFC 9110, section 8.8.3).
    """

    content_type: str
    data: bytes
    packed: bytes
    tag: str

    def answer(self, asked: Mapping[str, str]) -> Response:
        """The file for a request with these headers."""
        headers = {**HEADERS, "ETag": self.tag}
        if self.tag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        data = self.data
        if "gzip" in asked.get("accept-encoding", ""):
            data, headers["Content-Encoding"] = self.packed, "gzip"
        return Response(data, media_type=self.content_type, headers=headers)


class StudioFiles:
    """All files of the studio, by their path below its folder."""

    def __init__(self) -> None:
        folder = resources.files("vivant.web") / "studio"
        self._files = {name: _read(name, file) for name, file in _below(folder, "")}

    def find(self, name: str) -> StudioFile | None:
        """The file of this path; None where there is none."""
        return self._files.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All paths, sorted."""
        return tuple(sorted(self._files))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            yield f"{path}{entry.name}", entry


def _read(name: str, file: Traversable) -> StudioFile:
    data = file.read_bytes()
    return StudioFile(
        content_type=TYPES[name.rpartition(".")[2]],
        data=data,
        packed=gzip.compress(data, 9, mtime=0),
        tag=f'"{hashlib.sha256(data).hexdigest()[:20]}"',
    )
