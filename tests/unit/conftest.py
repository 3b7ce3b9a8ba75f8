from __future__ import annotations

from collections.abc import Iterator

import pytest

from vivant.weights.devices import Machine


@pytest.fixture(scope="session", autouse=True)
def processor_without_bfloat16() -> Iterator[None]:
    """Networks run in float32, whatever this processor can do: formulas are compared with them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vivant.weights.load.this_machine", Machine)
        yield
