"""The straight line in: check, hold, record, queue."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from vivant.base.clock import Clock
from vivant.base.contract import Work
from vivant.base.errors import (
    DeadlinePassed,
    EngineStopped,
    Fault,
    InvalidInput,
    ModelLoading,
    NotEnoughCredits,
    VivantError,
)
from vivant.base.requests import EndpointRequest
from vivant.engine.engine import Engine
from vivant.engine.job import Job as EngineJob
from vivant.engine.models import RETRY_AFTER, Warmth
from vivant.ledger.job import Idempotency, Job, NewJob
from vivant.ledger.jobs import Jobs
from vivant.ledger.keys import Caller
from vivant.ledger.recovery import INTERRUPTED
from vivant.service.catalog import Catalog, Endpoint
from vivant.service.clerks import Clerks
from vivant.service.live import Live, Lives, feed_of, outlives_a_stop
from vivant.service.packing import as_bytes, pack, unpack
from vivant.service.present import view_of
from vivant.service.reader import Reader
from vivant.service.terms import Terms
from vivant.service.vault import Vault
from vivant.service.views import Submitted

_logger = logging.getLogger(__name__)

LONGEST_URL = 2000

LOADING_S = 5.0
"""Seconds after which a model that is being loaded is likely to be there."""

EMBED = "embed_prompt"
"""Stands beside a packed request's fields: whether its pictures may carry its texts."""

Version = Literal["v1", "v2"]


class Intake:
    """Takes requests in, and takes up again those that a stop left behind.

    Args:
        catalog: the endpoints.
        jobs: where they are recorded.
        reader: tells of those that came before.
        vault: where their pictures go.
        engine: where they wait and run.
        clerks: who deals with what comes of them.
        lives: those under way.
        terms: deadlines and such.
        clock: tells the time.
    """

    def __init__(
        self,
        catalog: Catalog,
        jobs: Jobs,
        reader: Reader,
        vault: Vault,
        engine: Engine,
        clerks: Clerks,
        lives: Lives,
        terms: Terms,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._reader = reader
        self._vault = vault
        self._engine = engine
        self._clerks = clerks
        self._lives = lives
        self._terms = terms
        self._clock = clock

    def submit(
        self,
        caller: Caller,
        slug: str,
        fields: Mapping[str, object],
        *,
        version: Version,
        idempotency: Idempotency | None,
        webhook_url: str | None,
        embed_prompt: bool,
    ) -> Submitted:
        """Check a request, hold its price, record it and queue it; see `Service.submit`."""
        endpoint = self._catalog.find(slug)
        request = endpoint.REQUEST.from_fields(as_bytes(endpoint, fields))
        work = self._catalog.check(endpoint, request)
        _check_webhook(webhook_url)
        self._check_model(endpoint, request)
        price = self._catalog.price(endpoint, work)
        if idempotency is None and price > caller.balance:
            # Told before anything is written; the ledger has the last word in any case.
            raise NotEnoughCredits(price, caller.balance)
        packed, inputs = pack(endpoint, request, self._vault.put)
        new = NewJob(
            account_id=caller.account_id,
            slug=slug,
            version=version,
            request={**packed, EMBED: embed_prompt},
            price=price,
            deadline=self._clock() + self._terms.deadline,
            worker=self._terms.worker,
            webhook_url=webhook_url,
            idempotency=idempotency,
            inputs=inputs,
        )
        try:
            submitted = self._jobs.submit(new)
        except VivantError:
            self._vault.drop(inputs)
            raise
        if not submitted.is_new:
            self._vault.drop(inputs)
            return Submitted(self._reader.view(submitted.job.request_id), is_new=False)
        self._queue(submitted.job, endpoint, work)
        return Submitted(view_of(submitted.job, endpoint, submitted.balance), is_new=True)

    def price(self, slug: str, fields: Mapping[str, object]) -> int:
        """What a request would cost; see `Service.quote`."""
        endpoint = self._catalog.find(slug)
        request = endpoint.REQUEST.from_fields(as_bytes(endpoint, fields))
        return self._catalog.price(endpoint, self._catalog.check(endpoint, request))

    def take_up(self, job: Job) -> None:
        """Queue a job again that a stop left behind, or fail it if that cannot be."""
        if self._lives.find(job.request_id) is not None:
            return  # submitted here, before the start
        if not outlives_a_stop(job):
            self._jobs.fail(job.request_id, EngineStopped(INTERRUPTED))
            return
        try:
            endpoint = self._catalog.find(job.slug)
            fields = unpack(endpoint, job.request, self._vault.read)
            work = self._catalog.check(endpoint, endpoint.REQUEST.from_fields(fields))
            self._queue(job, endpoint, work, again=True)
        except VivantError as error:
            self._jobs.fail(job.request_id, error)
        except Exception:
            _logger.exception("job %s cannot be taken up again", job.request_id)
            self._jobs.fail(job.request_id, Fault(job.request_id))

    def _queue(self, job: Job, endpoint: Endpoint, work: Work, *, again: bool = False) -> None:
        """Hand a job to the engine.

        Raises:
            LineFull: there is no place; a new job is refused then, as if it had never come.
            EngineStopped: the same, because the server is being stopped.
            DeadlinePassed: it is too late.
        """
        keep_texts = self._terms.prompts_in_pictures and job.request.get(EMBED) is not False
        live = Live(job, endpoint, work, keep_texts, feed_of(job))
        self._lives.begin(live)
        try:
            ticket = self._engine.submit(self._engine_job(job, endpoint, work), even_if_full=again)
        except Exception as error:
            self._lives.forget(live)
            reason = error if isinstance(error, VivantError) else Fault(job.request_id)
            self._jobs.refuse(job.request_id, reason)
            raise
        self._clerks.follow(live, ticket)

    def _engine_job(self, job: Job, endpoint: Endpoint, work: Work) -> EngineJob:
        left = (job.deadline - self._clock()).total_seconds()
        if left <= 0:
            raise DeadlinePassed((job.deadline - job.created_at).total_seconds())
        return EngineJob(
            id=job.request_id,
            account=job.account_id,
            endpoint=job.slug,
            model=self._catalog.model_name(endpoint, work.request),
            request=work,
            cost=float(endpoint.SECONDS * work.effort),
            steps=work.steps,
            time_limit=left,
        )

    def _check_model(self, endpoint: Endpoint, request: EndpointRequest) -> None:
        """Refuse what would wait for a model that is still to be loaded at the start."""
        if not self._catalog.preloads:
            return
        name = self._catalog.model_name(endpoint, request)
        state = next(model for model in self._engine.state().models if model.name == name)
        if state.warmth is Warmth.FAILED:
            raise ModelLoading(f"{name} cannot be loaded ({state.error})", RETRY_AFTER)
        # One that was loaded once and dropped to make room is loaded again for whoever needs it.
        if state.warmth is not Warmth.READY and state.load_seconds is None:
            raise ModelLoading(f"{name} is being loaded", LOADING_S)


def _check_webhook(url: str | None) -> None:
    if url is None:
        return
    parts = urlsplit(url)
    good = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not good or len(url) > LONGEST_URL:
        raise InvalidInput("webhook_url", url, "an http or https URL without a user name")
