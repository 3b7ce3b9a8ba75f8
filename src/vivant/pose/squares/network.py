"""One network in LiteRT, for any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Shape: TypeAlias = tuple[int, ...]


class Network:
    """A `.tflite` file that takes one picture.

    Args:
        path: of the file.
        threads: that share the work of one call.

    Attributes:
        size: side of the square picture that it takes, pixels.

    Raises:
        ValueError: the file is no such network.
    """

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import (  # type: ignore[import-untyped]  # noqa: PLC0415  # only for photos
            Interpreter,
        )

        self._net: Any = Interpreter(model_path=str(path), num_threads=threads)
        self._net.allocate_tensors()
        entry = self._net.get_input_details()[0]
        self.size = int(entry["shape"][1])
        self._input = int(entry["index"])
        self._outputs = [int(each["index"]) for each in self._net.get_output_details()]
        self._lock = threading.Lock()

    def __call__(self, picture: NDArray[np.float32]) -> Mapping[Shape, NDArray[np.float32]]:
        """The outputs for a picture [size, size, 3], by their shape."""
        return {output.shape: output for output in self.in_order(picture)}

    def in_order(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for a picture [size, size, 3], in the file's order."""
        with self._lock:  # an interpreter keeps its tensors between calls
            self._net.set_tensor(self._input, picture[None])
            self._net.invoke()
            return [self._net.get_tensor(at)[0] for at in self._outputs]
