"""What an operator decides about a service, apart from what is served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Terms:
    """See the settings of the same names.

    Attributes:
        worker: this server's name among those that share a database.
        deadline: from a request's submission until it is given up.
        max_attempts: how often a request is started if the server dies meanwhile.
        requests_per_minute: limit of accounts that have none of their own.
        keep: how long files are kept.
        prompts_in_pictures: whether pictures carry the texts that made them.
        public_url: where webhooks say that outputs are; None to name them by id only.
        reachable: private hosts that webhooks may be sent to.
        webhook_timeout: seconds for a webhook's answer.
        sweep_every: seconds between two looks for what has run out.
    """

    worker: str = "main"
    deadline: timedelta = timedelta(minutes=10)
    max_attempts: int = 2
    requests_per_minute: int | None = None
    keep: timedelta = timedelta(hours=72)
    prompts_in_pictures: bool = True
    public_url: str | None = None
    reachable: tuple[str, ...] = ()
    webhook_timeout: float = 10.0
    sweep_every: float = 15.0
