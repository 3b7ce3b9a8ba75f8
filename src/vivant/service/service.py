"""Everything that Vivant does for people, in one class that knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from vivant.engine.tickets import Listener
from vivant.ledger.accounts import Room
from vivant.ledger.assets import Asset
from vivant.ledger.job import Idempotency
from vivant.ledger.keys import Caller
from vivant.ledger.paging import Page
from vivant.service.views import EndpointInfo, Figures, File, JobView, Readiness, Submitted


class Service:
    """What a server offers. Every method may be called on any thread; those that wait say so."""

    def endpoints(self) -> tuple[EndpointInfo, ...]:
        """What is served, by slug."""
        raise NotImplementedError

    def authenticate(self, secret: str | None) -> Caller:
        """Tell whose key this is.

        Raises:
            UnknownKey: none was given, or it is unknown, expired or revoked.
        """
        raise NotImplementedError

    def count_request(self, caller: Caller) -> Room | None:
        """Count a request against the caller's rate limit; None where there is no limit.

        Raises:
            RateLimited: there is no room now.
        """
        raise NotImplementedError

    def submit(
        self,
        caller: Caller,
        slug: str,
        fields: Mapping[str, object],
        *,
        version: Literal["v1", "v2"] = "v2",
        idempotency: Idempotency | None = None,
        webhook_url: str | None = None,
    ) -> Submitted:
        """Check a request, hold its price, and queue it.

        Args:
            caller: who pays.
            slug: the endpoint's name.
            fields: as they came; pictures as bytes (of a picture or of OpenPose JSON).
            version: of the API that it came by. A v1 request without an Idempotency-Key is given up
                and released when the server stops, since nobody could fetch its answer; all
                others are taken up again.
            idempotency: what its Idempotency-Key stands for.
            webhook_url: told when it has ended.

        Raises:
            NoSuchEndpoint: there is none of this slug.
            InvalidInput: a field is missing, of the wrong type, out of range or not allowed.
            UnreadablePicture: a picture is none.
            NobodyFound: it shows nobody.
            ModelLoading: the model is not there yet.
            NotEnoughCredits: the account cannot pay.
            IdempotencyConflict: the key came with another request before.
            LineFull: there is no place in the line.
            EngineStopped: the server is being stopped.
            StorageFull: there is no room for its pictures.
        """
        raise NotImplementedError

    def wait(self, request_id: str, timeout: float | None = None) -> JobView:
        """Wait until a job has ended; its view tells how.

        Raises:
            TimeoutError: it has not within so many seconds.
            NoSuchJob: there is none.
        """
        raise NotImplementedError

    def job(self, caller: Caller, request_id: str) -> JobView:
        """A job as it stands.

        Raises:
            NoSuchJob: there is none, or it is another account's.
        """
        raise NotImplementedError

    def events(
        self, caller: Caller, request_id: str, wake: Callable[[], None] = lambda: None
    ) -> Listener:
        """Listen to a job: `Started`, `Progress`, `Picture`, and `Finished` or `Failed` at last.

        The end comes after the job is settled or released and its files are stored, so `job` tells
        it then. A job that has ended tells its end at once.

        Args:
            caller: whose job it is.
            request_id: which.
            wake: called on some thread after each event; it must return at once. The event is then
                there for `Listener.take`.

        Raises:
            NoSuchJob: there is none, or it is another account's.
        """
        raise NotImplementedError

    def cancel(self, caller: Caller, request_id: str) -> JobView:
        """End a job before its next step, and release its hold; again, and nothing changes.

        Raises:
            JobClosed: it was completed or has failed.
            NoSuchJob: there is none, or it is another account's.
        """
        raise NotImplementedError

    def history(self, caller: Caller, before: str | None = None, limit: int = 50) -> Page[JobView]:
        """An account's jobs, newest first.

        Raises:
            InvalidInput: the limit is not 1 to 200.
            NoSuchJob: `before` is not the `next` of a page of theirs.
        """
        raise NotImplementedError

    def credits(self, caller: Caller) -> int:
        """Micro-credits that are neither spent nor held, now."""
        raise NotImplementedError

    def upload(self, caller: Caller, data: bytes) -> Asset:
        """Keep a picture, to be named in requests.

        Raises:
            UnreadablePicture: it is none.
            StorageFull: there is no room for it.
        """
        raise NotImplementedError

    def file(self, asset_id: str, proof: str) -> File:
        """A stored file, for whoever has a link to it.

        Raises:
            BadLink: the proof is not ours.
            OutputExpired: the file is no longer kept, or the link has run out.
            NoSuchAsset: there is no such file.
        """
        raise NotImplementedError

    def read(self, asset_id: str) -> bytes:
        """The bytes of an output that a view of the caller's own has just named.

        Raises:
            NoSuchAsset: they are gone.
        """
        raise NotImplementedError

    def link(self, asset_id: str, expires_at: datetime) -> str:
        """The proof that a link to a file carries until it runs out; see `file`."""
        raise NotImplementedError

    def readiness(self) -> Readiness:
        """Whether requests can be served now, and if not, why."""
        raise NotImplementedError

    def figures(self) -> Figures:
        """What to show as metrics."""
        raise NotImplementedError

    def start(self) -> None:
        """Take up what was left when the server last stopped, and begin to work."""
        raise NotImplementedError

    def stop(self, timeout: float = 0.0) -> None:
        """Stop; jobs under way get so many seconds, what is left then waits for the next start."""
        raise NotImplementedError
