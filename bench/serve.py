"""How many requests a second the server answers, with everything real but the networks.

    python -m bench.serve [--seconds 10] [--connections 32] [--rate 100]

The server is a process of its own with the fake engine, SQLite and a folder of files. Each request
is a v1 POST: the key is looked up, the price held, the job entered, queued and run, a JPEG of about
50 KB encoded and stored, the hold settled, the picture sent. First as many as there is room for,
by connections that never wait; then a fixed rate, at which the time of each answer counts from the
moment when it was due.

"CPU ms" is what the server's process computed for each request. Unlike the other figures it hardly
depends on what else the machine does, so it tells versions of the code apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing import Process, SimpleQueue
from pathlib import Path

from bench.serve_server import serve

BODY = json.dumps({"prompt": "a girl in a red dress", "image": "preset:waving"}).encode()


@dataclass
class Counted:
    """What came of a run.

    Attributes:
        seconds: that it took.
        cpu: seconds that the server's process computed meanwhile.
        latencies: seconds from when each request was due to its last byte.
        sizes: bytes of each answer.
        refused: answers that were no pictures.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    refused: int = 0

    def line(self, name: str) -> str:
        """The table's line."""
        ordered = sorted(self.latencies)
        at = [1000 * ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.9, 0.99, 1)]
        size = statistics.mean(self.sizes) / 1000
        return (
            f"{name:22}{len(ordered) / self.seconds:9.1f}"
            + "".join(f"{value:9.1f}" for value in at)
            + f"{1000 * self.cpu / len(ordered):9.2f}{size:9.1f}{self.refused:9d}"
        )


class Connection:
    """One kept-alive connection; as little work as can be, since it shares the machine."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._request = (
            b"POST /v1/sd3-med-pose HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            + f"x-api-key: {secret}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
            + BODY
        )

    async def open(self) -> Connection:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self, counted: Counted, due: float) -> None:
        """Make one request."""
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        counted.latencies.append(time.perf_counter() - due)
        counted.sizes.append(length)
        counted.refused += b" 200 " not in head.partition(b"\r\n")[0]


async def cpu_seconds(port: int) -> float:
    """What the server's process has computed since it began, by its own metrics."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
    told = (await reader.read()).partition(b"\nprocess_cpu_seconds_total ")[2]
    writer.close()
    return float(told.partition(b"\n")[0])


async def as_many_as_possible(connections: list[Connection], seconds: float) -> Counted:
    """Every connection asks again as soon as it is answered."""
    counted = Counted()
    started = time.perf_counter()

    async def work(connection: Connection) -> None:
        while time.perf_counter() - started < seconds:
            await connection.ask(counted, time.perf_counter())

    await asyncio.gather(*map(work, connections))
    counted.seconds = time.perf_counter() - started
    return counted


async def at_a_rate(connections: list[Connection], rate: float, seconds: float) -> Counted:
    """Requests come evenly, whether or not those before have been answered."""
    counted = Counted()
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    started = time.perf_counter()

    async def one(due: float) -> None:
        connection = await free.get()
        await connection.ask(counted, due)
        free.put_nowait(connection)

    tasks = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    counted.seconds = time.perf_counter() - started
    return counted


async def measure(port: int, secret: str, options: argparse.Namespace) -> None:
    """Warm up, measure both ways, and print."""
    connections = [await Connection(port, secret).open() for _ in range(options.connections)]
    await as_many_as_possible(connections, 2)
    heads = ("1/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "CPU ms", "KB", "refused")
    print(" " * 22 + "".join(f"{head:>9}" for head in heads))
    begun = await cpu_seconds(port)
    most = await as_many_as_possible(connections, options.seconds)
    between = await cpu_seconds(port)
    most.cpu = between - begun
    print(most.line(f"{options.connections} connections"))
    steady = await at_a_rate(connections, options.rate, options.seconds)
    steady.cpu = await cpu_seconds(port) - between
    print(steady.line(f"{options.rate:g} a second"))


def main() -> None:
    """Start the server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rate", type=float, default=100.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told: SimpleQueue[tuple[int, str]] = SimpleQueue()
        server = Process(target=serve, args=(Path(folder), told), daemon=True)
        server.start()
        try:
            asyncio.run(measure(*told.get(), options))
        finally:
            server.terminate()
            server.join()


if __name__ == "__main__":
    main()
