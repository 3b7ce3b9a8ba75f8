"""Signatures of webhooks, as the Standard Webhooks specification has them (version 1).

Its libraries check them in many languages: https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def signed_headers(
    secret: bytes, message_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """The headers that prove who sent a webhook, and when.

    Args:
        secret: the account's.
        message_id: names the delivery, the same at each attempt.
        sent_at: of this attempt; receivers refuse old ones.
        body: exactly as it is sent.
    """
    timestamp = int(sent_at.timestamp())
    signed = f"{message_id}.{timestamp}.".encode() + body
    code = hmac.new(secret, signed, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(code).decode()}",
    }


def show_secret(secret: bytes) -> str:
    """A webhook secret as its receiver enters it, "whsec_" and base64."""
    return f"whsec_{base64.b64encode(secret).decode()}"
