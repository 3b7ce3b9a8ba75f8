"""Estimators by name: BlazePose, or a folder of downloaded networks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vivant.base.errors import InvalidInput, WeightsUnavailable
from vivant.pose.estimate import Estimator, LazyEstimator
from vivant.weights.catalog import find_entry
from vivant.weights.wheel_files import cache_folder, find

BLAZEPOSE = "blazepose"
THREADS = 2
"""That share the work of one photo."""


def estimator_by_name(name: str = BLAZEPOSE) -> Estimator:
    """An estimator that is loaded when the first photo comes.

    Args:
        name: "blazepose", or a folder with `detector.onnx` and `pose.onnx`.

    Raises:
        InvalidInput: it is neither.
    """
    if name == BLAZEPOSE:
        return LazyEstimator(partial(load_blazepose, cache_folder()))
    folder = Path(name).expanduser()
    if not folder.is_dir():
        allowed = f"{BLAZEPOSE}, or a folder with detector.onnx and pose.onnx"
        raise InvalidInput("estimator", name, allowed)
    return LazyEstimator(partial(load_whole_body, folder))


def load_blazepose(cache: Path) -> Estimator:
    """BlazePose from a cache of weights.

    Raises:
        WeightsUnavailable: it is not there.
    """
    from vivant.pose.blazepose.estimator import BlazePose  # noqa: PLC0415  # only for photos

    folder = find(find_entry(BLAZEPOSE), cache)
    if folder is None:
        raise WeightsUnavailable(
            "photos are read by blazepose, which is not on this machine yet: run "
            "`vivant weights pull blazepose` once; skeleton drawings and OpenPose JSON need nothing"
        )
    return BlazePose(folder, THREADS)


def load_whole_body(folder: Path) -> Estimator:
    """Downloaded networks from a folder; see `WholeBody`.

    Raises:
        WeightsUnavailable: they are not there, or ONNX Runtime is not installed.
    """
    from vivant.pose.whole_body import WholeBody  # noqa: PLC0415  # only for photos

    return WholeBody(folder, THREADS)
