"""The server that `bench/serve.py` measures, in a process of its own."""

from __future__ import annotations

import logging
import socket
from multiprocessing import SimpleQueue
from pathlib import Path

import uvicorn

from vivant.base.credits import MICRO
from vivant.base.settings import Settings
from vivant.doors.wiring import open_house, set_aside
from vivant.web.app import create_app
from vivant.web.logs import configure_logs


def serve(folder: Path, told: SimpleQueue[tuple[int, str]]) -> None:
    """Serve until this process is ended.

    Args:
        folder: for the data.
        told: gets the port and a key that can pay for everything.
    """
    configure_logs(logging.WARNING)
    settings = Settings(_env_file=None, data=folder, fake=True)
    house = open_house(settings, loaded=set_aside)
    house.service.start()
    account = house.accounts.create("bench")
    house.ledger.topup(account.id, 1_000_000 * MICRO)
    secret = house.keys.create(account.id, "bench").secret
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        told.put((listening.getsockname()[1], secret))
        app = create_app(house.service, settings)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        uvicorn.Server(config).run([listening])
