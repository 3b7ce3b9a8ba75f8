"""Whether requests can be served, and what keeps them."""

from __future__ import annotations

from vivant.base.errors import StoreUnavailable
from vivant.engine.engine import EngineState, Phase
from vivant.engine.models import Warmth
from vivant.ledger.database import Database
from vivant.output.store import Store
from vivant.service.views import Readiness


def readiness_of(
    database: Database, store: Store, engine: EngineState, *, preloads: bool
) -> Readiness:
    """Look at each part.

    A model that cannot be loaded is told, and keeps no other one from its work.

    Args:
        database: has to answer.
        store: has to take files.
        engine: has to be running.
        preloads: whether models are loaded at the start, so that they are waited for.
    """
    problems = {}
    try:
        database.ping()
    except StoreUnavailable as error:
        problems["database"] = str(error)
    try:
        store.ping()
    except OSError as error:
        problems["store"] = error.strerror or str(error)
    if engine.phase is not Phase.RUNNING:
        problems["engine"] = engine.phase.value
    well = not problems and (not preloads or _serves(engine))
    for model in engine.models:
        if model.error is not None:
            problems[model.name] = model.error
        elif preloads and model.warmth is not Warmth.READY:
            problems[model.name] = model.warmth.value
    return Readiness(well, problems)


def _serves(engine: EngineState) -> bool:
    """Whether some model is there, and none is being loaded, which would hold up the worker."""
    warmths = {model.warmth for model in engine.models}
    return Warmth.READY in warmths and Warmth.LOADING not in warmths
