"""Keep the model libraries' own progress bars and notes off the user's terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Let diffusers and transformers show errors only, and afterwards what they showed before."""
    libraries = (diffusers_logging, transformers_logging)
    shown = [library.is_progress_bar_enabled() for library in libraries]
    heard = [library.get_verbosity() for library in libraries]
    for library in libraries:
        library.disable_progress_bar()
        library.set_verbosity_error()
    try:
        yield
    finally:
        for library, was_shown, level in zip(libraries, shown, heard, strict=True):
            library.set_verbosity(level)
            if was_shown:
                library.enable_progress_bar()
