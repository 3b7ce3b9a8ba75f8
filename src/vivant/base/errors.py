"""What can go wrong, in the language of the domain and free of HTTP.

Every error a user can cause or meet is a `VivantError` whose text stands alone on one line.
Doors translate: the CLI to an exit code, the web to a status code.
"""

from __future__ import annotations


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
