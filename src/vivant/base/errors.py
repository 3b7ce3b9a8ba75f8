"""What can go wrong, in the language of the domain and free of HTTP.

Every error a user can cause or meet is a `VivantError` whose text stands alone on one line.
Doors translate: the CLI to an exit code, the web to a status code.
"""

from __future__ import annotations

import math

from vivant.base.credits import show_credits


class VivantError(Exception):
    """Base of all errors that Vivant raises on purpose; `str(error)` is fit for a user's eyes."""


class InvalidInput(VivantError):
    """A field of a request is missing, of the wrong type, out of range or not an allowed value.

    Args:
        field: the request field's name, as the user wrote it.
        value: what was given (shortened in the message).
        allowed: what would have been accepted, in words ("0 to 1", "one of: a, b").
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field = field
        self.value = value
        self.allowed = allowed
        shown = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value)
        if len(shown) > 80:
            shown = f"{shown[:77]}..."
        super().__init__(f"{field}: {shown} is not allowed; expected {allowed}")


class UnreadablePicture(VivantError):
    """The bytes given as a picture cannot be decoded, or break a size limit."""


class NobodyFound(VivantError):
    """No person (or skeleton) was found in a picture that must show one."""


class WeightsUnavailable(VivantError):
    """Weights are not where they were looked for; the message says how to get them."""


class WeightsCorrupt(VivantError):
    """A weights file is present but is not what the catalogue or the configuration says."""


class FontsMissing(VivantError):
    """There is not one font to letter a caption with."""


class NotEnoughCredits(VivantError):
    """An account cannot pay a price.

    Args:
        price: in micro-credits.
        balance: what is left, in micro-credits.
    """

    def __init__(self, price: int, balance: int) -> None:
        self.price = price
        self.balance = balance
        super().__init__(
            f"not enough credits: this costs {show_credits(price)}, "
            f"and {show_credits(balance)} are left"
        )


class UnknownKey(VivantError):
    """No API key was given, or it is unknown, expired or revoked; the message says which."""


class RateLimited(VivantError):
    """An account has made as many requests as it may for now.

    Args:
        limit: requests per minute.
        retry_after: seconds until there is room again.
    """

    def __init__(self, limit: int, retry_after: float) -> None:
        self.limit = limit
        self.retry_after = retry_after
        super().__init__(
            f"rate limit: {limit} requests per minute; try again in {math.ceil(retry_after)} s"
        )


class IdempotencyConflict(VivantError):
    """An Idempotency-Key was used before with another request."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"Idempotency-Key: {key!r} was used with another request; expected a new key"
        )


class NotFound(VivantError):
    """There is no such thing, or it is not the asker's."""


class NoSuchAccount(NotFound):
    """No account of this name or id."""


class NoSuchKey(NotFound):
    """No API key of this id."""


class NoSuchHold(NotFound):
    """No hold of this id."""


class NoSuchJob(NotFound):
    """No job of this request id, or it is another account's."""


class NoSuchAsset(NotFound):
    """No stored file of this id, or it is another account's."""


class NoSuchEndpoint(NotFound):
    """No endpoint of this name."""


class OutputExpired(VivantError):
    """A stored file was there and has been deleted since, or its link has run out."""


class BadLink(VivantError):
    """A link's signature is not ours: it was cut short or changed."""


class HoldClosed(VivantError):
    """A hold was settled, was released or has expired, and can be neither any more."""


class JobClosed(VivantError):
    """A job cannot go on as asked, because it already is in another state.

    Args:
        request_id: the job's.
        status: where it stands.
    """

    def __init__(self, request_id: str, status: str) -> None:
        self.request_id = request_id
        self.status = status
        super().__init__(f"request {request_id} is {status} already")


class StorageFull(VivantError):
    """There is no room to store another file."""


class StoreUnavailable(VivantError):
    """The database cannot be reached or is not one that Vivant can use; the message says why."""


class LineFull(VivantError):
    """There is no place left in the waiting line, or none for this account.

    Args:
        retry_after: seconds until a place is expected to come free.
    """

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"the waiting line is full; try again in {math.ceil(retry_after)} s")


class ModelLoading(VivantError):
    """A model is not there yet: it is being loaded, or could not be; the message says which.

    Args:
        problem: what keeps it.
        retry_after: seconds until it may be there.
    """

    def __init__(self, problem: str, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"{problem}; try again in {math.ceil(retry_after)} s")


class EngineStopped(VivantError):
    """The engine takes no jobs at present, or stopped before a job was done."""


class Cancelled(VivantError):
    """A job was stopped because its owner asked for it."""


class DeadlinePassed(VivantError):
    """A job was not done within the time that it was given.

    Args:
        limit: that time, in seconds.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        super().__init__(f"not done within {limit:g} s")


class Unfetchable(VivantError):
    """What a URL names cannot be fetched, or must not be; the message says why."""


class PictureTooLarge(UnreadablePicture):
    """A picture has more bytes or pixels than are read."""


class Fault(VivantError):
    """Our own fault; what exactly is in the log, under the id that is to be quoted.

    Args:
        quote: an id by which the log tells what happened.
    """

    def __init__(self, quote: str) -> None:
        super().__init__(
            f"something went wrong on our side and nothing was charged; please quote {quote}"
        )
