"""Everything that Vivant does for people, in one class that knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import VivantError
from vivant.engine.engine import Engine
from vivant.engine.tickets import Failed, Finished, Listener
from vivant.ledger.accounts import Accounts, Room
from vivant.ledger.assets import Asset
from vivant.ledger.database import Database
from vivant.ledger.forgetting import Forgetting
from vivant.ledger.job import Idempotency
from vivant.ledger.jobs import Jobs
from vivant.ledger.keys import Caller, Keys
from vivant.ledger.ledger import Ledger
from vivant.ledger.paging import Page
from vivant.ledger.recovery import Recovery
from vivant.ledger.server_secret import server_secret
from vivant.ledger.webhooks import Webhooks
from vivant.output.store import Store
from vivant.pose.estimate import Estimator
from vivant.pose.inputs import open_picture
from vivant.service.catalog import Catalog
from vivant.service.clerks import Clerks, Office
from vivant.service.courier import Courier
from vivant.service.desk import Desk
from vivant.service.intake import Intake
from vivant.service.live import Lives
from vivant.service.packing import content_type_of
from vivant.service.reader import Reader
from vivant.service.readiness import readiness_of
from vivant.service.sessions import Sessions
from vivant.service.tally import Tally
from vivant.service.terms import Terms
from vivant.service.upkeep import Chore, Upkeep
from vivant.service.vault import Vault
from vivant.service.views import EndpointInfo, Figures, File, JobView, Readiness, Submitted

POLL_S = 1.0
"""Seconds between two looks at webhooks that are due, and at jobs that run elsewhere."""

CHECKPOINT_S = 1.0
"""Seconds between two copies of the database's log, each of which is short then."""

STRAYS_S = 3600.0
"""Seconds between two looks for files that no row knows of."""


class Service:
    """What a server offers. Every method may be called on any thread; those that wait say so.

    Args:
        database: with all tables.
        store: where files go.
        engine: with the catalog's models and runners; the service starts and stops it.
        catalog: what is served.
        terms: deadlines, limits and such.
        clock: tells the time.

    Attributes:
        desk: where an account's owner finds its keys and its book.
        sessions: let browsers in.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        engine: Engine,
        catalog: Catalog,
        terms: Terms | None = None,
        clock: Clock = utc_now,
    ) -> None:
        terms = terms or Terms()
        self._database = database
        self._engine = engine
        self._catalog = catalog
        self._terms = terms
        self._accounts = Accounts(database, clock)
        self._keys = Keys(database, clock)
        self._ledger = Ledger(database, clock)
        self._jobs = Jobs(database, clock)
        self._recovery = Recovery(database, clock)
        self._vault = Vault(database, store, terms.keep, clock)
        self._lives = Lives()
        self._tally = Tally()
        self._forgetting = Forgetting(database, clock)
        self.desk = Desk(self._accounts, self._keys, self._ledger)
        self.sessions = Sessions(server_secret(database, "sessions"), self._keys, clock)
        self._reader = Reader(catalog, self._jobs, self._ledger, self._vault, self._lives, engine)
        self._clerks = Clerks(
            Office(engine, self._jobs, self._reader, self._vault, self._lives, self._tally)
        )
        self._intake = Intake(
            catalog,
            self._jobs,
            self._reader,
            self._vault,
            engine,
            self._clerks,
            self._lives,
            terms,
            clock,
        )
        self._courier = Courier(
            Webhooks(database, clock),
            self._accounts,
            self._reader,
            self._vault,
            self._tally,
            terms,
            clock,
        )
        self._upkeep = Upkeep(
            [
                Chore("deliver webhooks", POLL_S, self.deliver_webhooks),
                Chore("copy the database's log", CHECKPOINT_S, database.checkpoint),
                Chore("look at jobs elsewhere", POLL_S, self._reader.check_elsewhere),
                Chore("release what has expired", terms.sweep_every, self.sweep),
                Chore("delete stray files", STRAYS_S, self._vault.sweep_strays),
            ]
        )

    @property
    def estimator(self) -> Estimator:
        """Reads the poses in photos; shared by all who have any."""
        return self._catalog.estimator

    def endpoints(self) -> tuple[EndpointInfo, ...]:
        """What is served, by slug."""
        warmth = {model.name: model.warmth for model in self._engine.state().models}
        return tuple(
            EndpointInfo(
                slug=endpoint.SLUG,
                summary=endpoint.SUMMARY,
                schema=endpoint.REQUEST.model_json_schema(),
                price=self._catalog.default_price(endpoint),
                warmth=warmth[self._catalog.model_name(endpoint)],
                picture_fields=endpoint.PICTURE_FIELDS,
            )
            for endpoint in self._catalog
        )

    def authenticate(self, secret: str | None) -> Caller:
        """Tell whose key this is.

        Raises:
            UnknownKey: none was given, or it is unknown, expired or revoked.
        """
        return self._keys.authenticate(secret)

    def count_request(self, caller: Caller) -> Room | None:
        """Count a request against the caller's rate limit; None where there is no limit.

        Raises:
            RateLimited: there is no room now.
        """
        limit = caller.requests_per_minute or self._terms.requests_per_minute
        return None if limit is None else self._accounts.count_request(caller.account_id, limit)

    def submit(
        self,
        caller: Caller,
        slug: str,
        fields: Mapping[str, object],
        *,
        version: Literal["v1", "v2"] = "v2",
        idempotency: Idempotency | None = None,
        webhook_url: str | None = None,
        embed_prompt: bool = True,
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
            embed_prompt: whether its pictures may carry the texts that made them.

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
        try:
            return self._intake.submit(
                caller,
                slug,
                fields,
                version=version,
                idempotency=idempotency,
                webhook_url=webhook_url,
                embed_prompt=embed_prompt,
            )
        except VivantError as error:
            self._tally.note_refusal(error)
            raise

    def quote(self, slug: str, fields: Mapping[str, object]) -> int:
        """What a request would cost, in micro-credits.

        Raises:
            VivantError: it would be refused, for what stands in it; see `submit`.
        """
        return self._intake.price(slug, fields)

    def wait(self, request_id: str, timeout: float | None = None) -> JobView:
        """Wait until a job has ended; its view tells how.

        Raises:
            TimeoutError: nothing has happened for so many seconds.
            EngineStopped: the server stopped; the job goes on after the next start.
            NoSuchJob: there is none.
        """
        listener = self._reader.listen(request_id, None, lambda: None)
        try:
            while True:
                for event in listener.wait(timeout):
                    if isinstance(event, Finished | Failed):
                        return self._ended(request_id, event)
        finally:
            listener.close()

    def job(self, caller: Caller, request_id: str) -> JobView:
        """A job as it stands.

        Raises:
            NoSuchJob: there is none, or it is another account's.
        """
        return self._reader.view(request_id, caller.account_id)

    def is_at_hand(self, request_id: str) -> bool:
        """Whether `job`, and `read` of what it made, return at once.

        That is so right after the end of a job that made one small file, or none.
        """
        return self._reader.is_at_hand(request_id)

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
        return self._reader.listen(request_id, caller.account_id, wake)

    def cancel(self, caller: Caller, request_id: str) -> JobView:
        """End a job before its next step, and release its hold; again, and nothing changes.

        Raises:
            JobClosed: it was completed or has failed.
            NoSuchJob: there is none, or it is another account's.
        """
        self._jobs.cancel(request_id, caller.account_id)
        self._engine.cancel(request_id)
        return self._reader.view(request_id, caller.account_id)

    def history(self, caller: Caller, before: str | None = None, limit: int = 50) -> Page[JobView]:
        """An account's jobs, newest first.

        Raises:
            InvalidInput: the limit is not 1 to 200.
            NoSuchJob: `before` is not the `next` of a page of theirs.
        """
        return self._reader.history(caller.account_id, before, limit)

    def forget(self, caller: Caller, request_id: str) -> None:
        """Delete what a job was asked and what it made; what it cost stays in the book.

        Raises:
            JobClosed: it is still under way.
            NoSuchJob: there is none, or it is another account's.
        """
        self._vault.erase(self._forgetting.forget(request_id, caller.account_id))

    def credits(self, caller: Caller) -> int:
        """Micro-credits that are neither spent nor held, now."""
        return self._ledger.balance(caller.account_id)

    def upload(self, caller: Caller, data: bytes) -> Asset:
        """Keep a picture, to be named in requests.

        Raises:
            UnreadablePicture: it is none.
            StorageFull: there is no room for it.
        """
        image = open_picture(data)
        file = self._vault.put(data, content_type_of(data), size=image.size)
        return self._vault.add(caller.account_id, file)

    def file(self, asset_id: str, proof: str) -> File:
        """A stored file, for whoever has a link to it.

        Raises:
            BadLink: the proof is not ours.
            OutputExpired: the file is no longer kept, or the link has run out.
            NoSuchAsset: there is no such file.
        """
        return self._vault.follow(asset_id, proof)

    def read(self, asset_id: str) -> bytes:
        """The bytes of an output that a view of the caller's own has just named.

        Raises:
            NoSuchAsset: they are gone.
        """
        return self._vault.read(asset_id)

    def link(self, asset_id: str, expires_at: datetime) -> str:
        """The proof that a link to a file carries until it runs out; see `file`."""
        return self._vault.link(asset_id, expires_at)

    def readiness(self) -> Readiness:
        """Whether requests can be served now, and if not, why."""
        return readiness_of(
            self._database,
            self._vault.store,
            self._engine.state(),
            preloads=self._catalog.preloads,
        )

    def figures(self) -> Figures:
        """What to show as metrics."""
        return self._tally.figures(self._engine.state())

    def start(self) -> None:
        """Take up what was left when the server last stopped, and begin to work."""
        for job in self._recovery.recover(self._terms.worker, self._terms.max_attempts):
            self._intake.take_up(job)
        self._engine.start()
        self._upkeep.start()

    def stop(self, timeout: float = 0.0) -> None:
        """Stop; jobs under way get so many seconds, what is left then waits for the next start."""
        self._engine.stop(drain=timeout > 0, timeout=timeout)
        self._clerks.stop()
        self._upkeep.stop()
        self._courier.stop()

    def deliver_webhooks(self) -> None:
        """Begin to send what is due. It is done on a timer, too."""
        self._courier.deliver_due()

    def sweep(self) -> None:
        """Fail what is overdue, release what has expired, delete what is no longer kept.

        It is done on a timer, too.
        """
        for request_id in self._recovery.sweep().jobs:
            self._engine.cancel(request_id)
        self._vault.sweep()

    def _ended(self, request_id: str, last: Finished | Failed) -> JobView:
        view = self._reader.view(request_id)
        if not view.ended and isinstance(last, Failed):
            raise last.error
        return view
