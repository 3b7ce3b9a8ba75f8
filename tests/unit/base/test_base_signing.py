from __future__ import annotations

import hashlib
import hmac

from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.signing import is_signed, sign


def test_the_signature_is_hmac_sha256_of_length_and_bytes() -> None:
    data = b"what do ya want for nothing?"
    framed = len(data).to_bytes(8, "big") + data
    assert sign(b"Jefe", data) == hmac.new(b"Jefe", framed, hashlib.sha256).hexdigest()


@settings(deadline=None)
@given(st.binary(min_size=1), st.binary(), st.binary())
def test_only_the_secret_and_the_parts_make_it(secret: bytes, one: bytes, two: bytes) -> None:
    signature = sign(secret, one, two)
    assert is_signed(signature, secret, one, two)
    assert not is_signed(signature, secret + b"x", one, two)
    assert not is_signed(signature, secret, one, two + b"x")
    assert not is_signed(signature[:-1], secret, one, two)


def test_another_split_has_another_signature() -> None:
    assert sign(b"s", b"ab", b"c") != sign(b"s", b"a", b"bc")


@settings(deadline=None)
@given(st.text())
def test_nonsense_is_no_signature(nonsense: str) -> None:
    assert not is_signed(nonsense, b"secret", b"part")
