"""Write a trained `DrawnPeople` as a `.tflite` file, for LiteRT.

The network is traced by torch.fx; batch norm is folded into the convolutions before it, and
weights are kept as float16, which LiteRT widens when it loads them.
"""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema  # type: ignore[import-untyped]
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.drawn_people import SIDE, Unit

_VERSION = 3
_TYPES = {
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int32): schema.TensorType.INT32,
}


class _Tracer(torch.fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, Unit) or super().is_leaf_module(module, name)


class Graph:
    """A graph in the format's own terms: tensors [1, h, w, channels], operators, buffers."""

    def __init__(self) -> None:
        self.buffers = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[int] = []

    def tensor(self, shape: tuple[int, ...], values: NDArray[Any] | None = None) -> int:
        """The number of a new tensor: float32, or a constant of the values' kind."""
        tensor = schema.TensorT()
        tensor.name = f"tensor_{len(self.tensors)}"
        tensor.shape = list(shape)
        tensor.type = schema.TensorType.FLOAT32
        tensor.buffer = 0
        if values is not None:
            tensor.type = _TYPES[values.dtype]
            tensor.buffer = len(self.buffers)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add(self, code: str, inputs: list[int], shape: tuple[int, ...], options: Any = None) -> int:
        """The number of what an operator gives for its inputs."""
        number = getattr(schema.BuiltinOperator, code)
        if number not in self.codes:
            self.codes.append(number)
        result = self.tensor(shape)
        step = schema.OperatorT()
        step.opcodeIndex = self.codes.index(number)
        step.inputs, step.outputs = inputs, [result]
        if options is not None:
            step.builtinOptions = options
            step.builtinOptionsType = getattr(
                schema.BuiltinOptions, type(options).__name__.removesuffix("T")
            )
        self.operators.append(step)
        return result

    def constant(self, values: NDArray[np.float32]) -> int:
        """Float32 values, kept as float16."""
        kept = self.tensor(values.shape, values.astype(np.float16))
        return self.add("DEQUANTIZE", [kept], values.shape)

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Of a tensor."""
        return tuple(self.tensors[tensor].shape)

    def file(self, entry: int, result: int) -> bytes:
        """The whole file."""
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs, graph.name = [entry], [result], "drawn_people"
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = _VERSION, [graph], self.buffers
        model.description = "Vivant: drawn people as points"
        model.operatorCodes = []
        for code in self.codes:
            entry_of_code = schema.OperatorCodeT()
            entry_of_code.builtinCode = code
            entry_of_code.deprecatedBuiltinCode = min(code, 127)
            entry_of_code.version = 1
            model.operatorCodes.append(entry_of_code)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _convolution(graph: Graph, x: int, conv: nn.Conv2d, *, bent: bool) -> int:
    if conv.bias is None:
        raise TypeError("a convolution without a bias has no counterpart")
    stride = conv.stride[0]
    options = schema.Conv2DOptionsT()
    options.padding = schema.Padding.SAME
    options.strideW = options.strideH = stride
    options.dilationWFactor = options.dilationHFactor = 1
    options.fusedActivationFunction = (
        schema.ActivationFunctionType.RELU if bent else schema.ActivationFunctionType.NONE
    )
    weight = graph.constant(conv.weight.detach().permute(0, 2, 3, 1).numpy())
    bias = graph.constant(conv.bias.detach().numpy())
    _, height, width, _ = graph.shape(x)
    shape = (1, height // stride, width // stride, conv.out_channels)
    return graph.add("CONV_2D", [x, weight, bias], shape, options)


def _module(graph: Graph, x: int, module: nn.Module) -> int:
    if isinstance(module, Unit):
        return _convolution(graph, x, fuse_conv_bn_eval(module.conv, module.norm), bent=module.bent)
    if isinstance(module, nn.Conv2d):
        return _convolution(graph, x, module, bent=False)
    if isinstance(module, nn.Upsample):
        _, height, width, channels = graph.shape(x)
        height, width = 2 * height, 2 * width
        size = graph.tensor((2,), np.array([height, width], np.int32))
        options = schema.ResizeNearestNeighborOptionsT()
        return graph.add(
            "RESIZE_NEAREST_NEIGHBOR", [x, size], (1, height, width, channels), options
        )
    raise TypeError(f"{type(module).__name__} has no counterpart")


def export(net: nn.Module, path: Path) -> None:
    """Write a network in evaluation mode.

    Raises:
        TypeError: it does what this does not know.
    """
    graph = Graph()
    entry = graph.tensor((1, SIDE, SIDE, 3))
    values: dict[Any, int] = {}
    for node in _Tracer().trace(net).nodes:
        inputs = [values[each] for each in node.all_input_nodes]
        if node.op == "placeholder":
            values[node] = entry
        elif node.op == "call_module":
            values[node] = _module(graph, inputs[0], net.get_submodule(str(node.target)))
        elif node.target in (operator.add, torch.add):
            values[node] = graph.add("ADD", inputs, graph.shape(inputs[0]), schema.AddOptionsT())
        elif node.target is torch.relu:
            values[node] = graph.add("RELU", inputs, graph.shape(inputs[0]))
        elif node.op == "output":
            path.write_bytes(graph.file(entry, inputs[0]))
        else:
            raise TypeError(f"{node.target} has no counterpart")
