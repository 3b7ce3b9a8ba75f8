"""Estimators by name: drawn people and BlazePose, or a folder of downloaded networks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vivant.base.errors import InvalidInput, WeightsUnavailable
from vivant.pose.estimate import Estimator, Everybody, LazyEstimator
from vivant.weights.catalog import find_entry
from vivant.weights.wheel_files import cache_folder, find

BLAZEPOSE = "blazepose"
DRAWINGS = "drawings"
THREADS = 2
"""That share the work of one photo."""


def estimator_by_name(name: str = BLAZEPOSE) -> Estimator:
    """An estimator that is loaded when the first photo comes.

    Args:
        name: "blazepose", which drawn people go with, or a folder with `detector.onnx` and
            `pose.onnx`.

    Raises:
        InvalidInput: it is neither.
    """
    if name == BLAZEPOSE:
        photos = LazyEstimator(partial(load_blazepose, cache_folder()))
        return Everybody(LazyEstimator(load_drawings), photos)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        allowed = f"{BLAZEPOSE}, or a folder with detector.onnx and pose.onnx"
        raise InvalidInput("estimator", name, allowed)
    return LazyEstimator(partial(load_whole_body, folder))


def load_drawings(threads: int = THREADS) -> Estimator:
    """The network of drawn people, which lies in the package.

    Args:
        threads: that share the work of one picture.

    Raises:
        WeightsUnavailable: this copy came without it.
    """
    from vivant.pose.drawings import Drawings  # noqa: PLC0415  # only for pictures of people

    entry = find_entry(DRAWINGS)
    (name,) = entry.files
    path = (entry.packaged or Path()) / name
    if not path.is_file():
        raise WeightsUnavailable(
            "this copy of Vivant came without the network that reads drawn people; reinstall it "
            "from a full checkout or wheel"
        )
    return Drawings(path, threads)


def load_blazepose(cache: Path, threads: int = THREADS) -> Estimator:
    """BlazePose from a cache of weights.

    Args:
        cache: see `cache_folder`.
        threads: that share the work of one photo.

    Raises:
        WeightsUnavailable: it is not there.
    """
    from vivant.pose.blazepose.estimator import BlazePose  # noqa: PLC0415  # only for photos

    folder = find(find_entry(BLAZEPOSE), cache)
    if folder is None:
        raise WeightsUnavailable(
            "photos are read by blazepose, which is not on this machine yet: run "
            "`vivant weights pull blazepose` once; drawn people, skeletons and OpenPose JSON need "
            "nothing"
        )
    return BlazePose(folder, threads)


def load_whole_body(folder: Path) -> Estimator:
    """Downloaded networks from a folder; see `WholeBody`.

    Raises:
        WeightsUnavailable: they are not there, or ONNX Runtime is not installed.
    """
    from vivant.pose.whole_body import WholeBody  # noqa: PLC0415  # only for photos

    return WholeBody(folder, THREADS)
