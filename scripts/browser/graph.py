"""An ONNX graph in the making: a node a line, constants by value, weights by their place in the package's own file."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 9  # old enough for every onnxruntime of the last years, new enough for everything that is used here


def safetensors_header(path: Path) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file, and where the data begins: after eight bytes of length, and the header."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length


class Stored:
    """Where each tensor lies in a safetensors file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        """Read the header only."""
        self.name = path.name
        self._header, self._start = safetensors_header(path)

    def external(self, key: str) -> TensorProto:
        """A tensor that an ONNX graph reads from the file."""
        entry = self._header[key]
        assert entry["dtype"] == "F16", f"{key} is {entry['dtype']}"
        begin, end = entry["data_offsets"]
        tensor = TensorProto(name=key, data_type=TensorProto.FLOAT16, dims=entry["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for name, value in (("location", self.name), ("offset", self._start + begin), ("length", end - begin)):
            tensor.external_data.add(key=name, value=str(value))
        return tensor


class Graph:
    """Nodes in the order of the computation. Each method returns the name of a value.

    Args:
        stored: the weights.
    """

    def __init__(self, stored: Stored) -> None:
        """Nothing is in it yet."""
        self._stored = stored
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, TensorProto] = {}
        self._inputs: dict[str, onnx.ValueInfoProto] = {}

    def op(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Add a node with one output."""
        name = name or f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def ops(self, kind: str, *inputs: str, outputs: Sequence[str], **attributes: Any) -> None:  # noqa: ANN401
        """Add a node with several outputs."""
        self._nodes.append(helper.make_node(kind, inputs, list(outputs), **attributes))

    def number(self, value: float) -> str:
        """A constant scalar, float32."""
        return self.array(np.float32(value))

    def whole(self, *values: int) -> str:
        """A constant list of whole numbers."""
        return self.array(np.array(values, np.int64))

    def array(self, value: np.ndarray | np.generic) -> str:
        """A constant; one of the same value is reused."""
        value = np.asarray(value)
        name = f"{value.dtype}{list(value.shape)}{value.ravel().tolist()}"
        self._constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def weight(self, key: str) -> str:
        """A weight of the package's file, float16 there, float32 from here on: cast once, when a session is made."""
        name = f"{key}, float32"
        if key not in self._constants:
            self._constants[key] = self._stored.external(key)
            self.op("Cast", key, name=name, to=TensorProto.FLOAT)
        return name

    def input(self, name: str, *shape: int | str) -> str:
        """A float32 input; an axis with a name may have any size."""
        self._inputs[name] = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        return name

    def model(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """The checked model. Nodes that no output needs are left out, so that a part of a graph can be extracted."""
        needed, nodes = set(outputs), []
        for node in reversed(self._nodes):
            if needed & set(node.output):
                needed |= set(node.input)
                nodes.insert(0, node)
        graph = helper.make_graph(
            nodes,
            "styletools",
            [value for name, value in self._inputs.items() if name in needed],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [value for name, value in self._constants.items() if name in needed],
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="styletools"
        )


def bytes_needed(model: onnx.ModelProto) -> int:
    """How much of the weights' file a graph reads, from its beginning."""
    ends = [0]
    for tensor in model.graph.initializer:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        if entries:
            ends.append(int(entries["offset"]) + int(entries["length"]))
    return max(ends)
