"""Webhooks: claimed from the ledger, signed, sent, and what came of it recorded."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import httpcore

from vivant.base.clock import Clock
from vivant.base.credits import credits_of
from vivant.base.errors import Unfetchable
from vivant.base.network import GuardedBackend, Reachable
from vivant.base.version import __version__
from vivant.ledger.accounts import Accounts
from vivant.ledger.signature import signed_headers
from vivant.ledger.webhooks import Delivery, Webhooks
from vivant.service.reader import Reader
from vivant.service.tally import Tally
from vivant.service.terms import Terms
from vivant.service.vault import Vault
from vivant.service.views import JobView, Output

_logger = logging.getLogger(__name__)

_HEADERS = (("content-type", "application/json"), ("user-agent", f"Vivant/{__version__}"))

THREADS = 4
"""Webhooks under way at once; a receiver that is slow holds up one of them."""


class Courier:
    """Delivers what is due.

    Args:
        webhooks: the deliveries.
        accounts: whose secrets sign them.
        reader: tells of the jobs.
        vault: signs the links to their files.
        tally: counts.
        terms: who may be reached, and for how long.
        clock: tells the time.
    """

    def __init__(
        self,
        webhooks: Webhooks,
        accounts: Accounts,
        reader: Reader,
        vault: Vault,
        tally: Tally,
        terms: Terms,
        clock: Clock,
    ) -> None:
        self._webhooks = webhooks
        self._accounts = accounts
        self._reader = reader
        self._vault = vault
        self._tally = tally
        self._terms = terms
        self._clock = clock
        self._reachable = Reachable(terms.reachable)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="vivant-courier")
        self._free = threading.Semaphore(THREADS)

    def deliver_due(self) -> None:
        """Begin to send what is due, as far as there are hands free."""
        while self._free.acquire(blocking=False):
            due = self._webhooks.claim(1)
            if not due:
                self._free.release()
                return
            self._pool.submit(self._deliver, due[0])

    def stop(self) -> None:
        """Let what is under way end; what is due is sent after the next start."""
        self._pool.shutdown(wait=True)

    def _deliver(self, delivery: Delivery) -> None:
        try:
            status, problem = self._send(delivery)
            self._webhooks.record(delivery, status_code=status, error=problem)
            self._tally.note_delivery(arrived=status is not None and 200 <= status < 300)
        except Exception:
            _logger.exception("webhook %s could not be sent; it is due again", delivery.id)
        finally:
            self._free.release()

    def _send(self, delivery: Delivery) -> tuple[int | None, str | None]:
        """Send once; tells the receiver's status, or why there was none."""
        body = self._body(self._reader.view(delivery.request_id))
        secret = self._accounts.get(delivery.account_id).webhook_secret
        signed = signed_headers(secret, delivery.id, self._clock(), body)
        headers = [*_HEADERS, *signed.items()]
        backend = GuardedBackend(self._reachable, self._terms.webhook_timeout)
        try:
            with (
                httpcore.ConnectionPool(network_backend=backend) as pool,
                # The answer's body is of no interest and is not read.
                pool.stream("POST", delivery.url, headers=headers, content=body) as response,
            ):
                return response.status, None
        except Unfetchable as error:
            return None, str(error)
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
            ValueError,
        ) as error:
            return None, f"{type(error).__name__}: {error}"[:300]

    def _body(self, view: JobView) -> bytes:
        """What a receiver is told of a job that has ended."""
        told = {
            "type": f"request.{view.status.lower()}",
            "timestamp": self._clock().isoformat(),
            "data": {
                "request_id": view.request_id,
                "endpoint": view.slug,
                "status": view.status,
                "error": view.error,
                "seed": None if view.seed is None else str(view.seed),
                "images": [self._image(output) for output in view.outputs],
                "metrics": {
                    "cost": credits_of(view.charged),
                    "inference_time": view.inference_seconds,
                    "queue_time": view.queue_seconds,
                    "total_time": view.total_seconds,
                    "retry_count": view.retry_count,
                },
            },
        }
        return json.dumps(told, ensure_ascii=False).encode()

    def _image(self, output: Output) -> dict[str, object]:
        image: dict[str, object] = {
            "id": output.asset_id,
            "file_name": output.file_name,
            "content_type": output.content_type,
            "file_size": output.size,
        }
        if self._terms.public_url is not None:
            proof = self._vault.link(output.asset_id, output.expires_at)
            image["url"] = f"{self._terms.public_url}/assets/{output.asset_id}?sig={proof}"
        return image
