"""A web server of the tests' own on loopback, from which pictures are fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    """What the server says at a path.

    Attributes:
        body: sent as it is, again and again if `endless`.
        status: of the answer.
        headers: besides the body's length, which an endless one has not.
        endless: whether the body never ends.
        silent: whether nothing is ever said.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    endless: bool = False
    silent: bool = False


@dataclass
class Origin:
    """A running server.

    Attributes:
        url: where it is, without a slash at the end.
        asked: the paths that it was asked for.
    """

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def origin(pages: Mapping[str, Page]) -> Iterator[Origin]:
    """A server of these pages, by path, until the block ends."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            page = pages.get(self.path, Page(status=404))
            if page.silent:
                stopped.wait()
                return
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if not page.endless:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self._send(page)

        def _send(self, page: Page) -> None:
            try:
                self.wfile.write(page.body)
                while page.endless and not stopped.is_set():
                    self.wfile.write(page.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Origin(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            stopped.set()
            server.shutdown()
            thread.join()
