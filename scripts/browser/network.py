"""`VGG` forwards and back to the picture, as nodes of a graph: what `styletools/network/passes.py` computes.

The gradient with respect to the input of a convolution is a convolution with the filters turned by 180° and their two
kinds of channels exchanged; the session folds the turning, so that only one copy of the weights is stored. The border
is repeated (or zero) before each convolution, and the way back adds what fell beyond it to what was repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from browser.graph import Graph
from styletools.network.vgg import VGG

_DOUBLE = np.array([1, 1, 2, 2], np.float32)
_ALONG = {axis: np.array([-1 if i == axis else 1 for i in range(4)], np.int64) for axis in (2, 3)}

AddGradient = Callable[[str, str | None], str]
"""(F, g) → g plus the gradient of a term with respect to the features F; g is None where nothing is there yet."""


class Network:
    """A VGG in a graph, up to the deepest layer that is asked for.

    Args:
        graph: what the nodes are added to.
        vgg: what is built: its architecture, pooling, padding, mean and deviation.
    """

    def __init__(self, graph: Graph, vgg: VGG) -> None:
        """Nothing is added yet."""
        self.graph, self.vgg = graph, vgg
        self._before: dict[str, str] = {}  # what a step was given
        self._where: dict[str, str] = {}  # of the maxima
        self._passed: list[str] = []

    def forward(self, image: str, deepest: str) -> list[str]:
        """Add the network up to a layer; the values have the names of their layers, which are returned in order."""
        graph, vgg = self.graph, self.vgg
        mean, std = (graph.array(buffer.numpy()) for buffer in (vgg.mean, vgg.std))
        x = graph.op("Div", graph.op("Sub", image, mean), std)
        for step in vgg.operations[: vgg.operations.index(deepest) + 1]:
            self._before[step] = x
            x = self._pool(step, x) if step.startswith("pool") else self._convolution(step, x)
            self._passed.append(step)
        return list(self._passed)

    def backward(self, sources: Mapping[str, AddGradient]) -> str:
        """Add the way back from the gradients of the terms at their layers to that of the picture."""
        graph = self.graph
        g: str | None = None
        for step in reversed(self._passed):
            if step in sources:
                g = sources[step](step, g)
            if g is None:
                continue
            if step.startswith("pool"):
                g = self._pool_back(step, g)
            else:
                active = graph.op("Greater", step, graph.number(0))
                g = self._convolution_back(step, graph.op("Where", active, g, graph.number(0)))
        assert g is not None, "no gradients"
        return graph.op("Div", g, graph.array(self.vgg.std.numpy()))

    def _convolution(self, name: str, x: str) -> str:
        weight, bias = (self.graph.weight(f"{name}.{part}") for part in ("weight", "bias"))
        margin = 1
        if self.vgg.padding == "replicate":
            x, margin = self.graph.op("Pad", x, self.graph.whole(0, 0, 1, 1, 0, 0, 1, 1), mode="edge"), 0
        x = self.graph.op("Conv", x, weight, bias, kernel_shape=[3, 3], pads=[margin] * 4)
        return self.graph.op("Relu", x, name=name)

    def _convolution_back(self, name: str, g: str) -> str:
        graph = self.graph
        exchanged = graph.op("Transpose", graph.weight(f"{name}.weight"), perm=[1, 0, 2, 3])
        from_the_end = (graph.whole(2, 2), graph.whole(-9, -9), graph.whole(2, 3), graph.whole(-1, -1))
        turned = graph.op("Slice", exchanged, *from_the_end)
        if self.vgg.padding == "zeros":
            return graph.op("Conv", g, turned, kernel_shape=[3, 3], pads=[1] * 4)
        g = graph.op("Conv", g, turned, kernel_shape=[3, 3], pads=[2] * 4)  # with its border
        for axis in (2, 3):
            g = self._folded(g, axis)
        return graph.op("Slice", g, graph.whole(1, 1), graph.whole(-1, -1), graph.whole(2, 3))

    def _folded(self, g: str, axis: int) -> str:
        """Add what lies beyond both ends of an axis to what was repeated there, one position further in.

        Both may be the same position, in a layer with a single row: a scatter that adds takes care of it.
        """
        graph = self.graph
        beyond = graph.op("Gather", g, graph.whole(0, -1), axis=axis)
        inner = graph.array(_ALONG[axis])
        last = graph.op("Sub", graph.op("Gather", graph.op("Shape", g), graph.whole(axis)), graph.whole(2))
        places = graph.op("Concat", graph.whole(1), last, axis=0)
        places = graph.op("Expand", graph.op("Reshape", places, inner), graph.op("Shape", beyond))
        return graph.op("ScatterElements", g, places, beyond, axis=axis, reduction="add")

    def _pool(self, name: str, x: str) -> str:
        windows = {"kernel_shape": [2, 2], "strides": [2, 2]}
        if self.vgg.pooling == "avg":
            return self.graph.op("AveragePool", x, name=name, **windows)
        self._where[name] = f"{name}, where"
        self.graph.ops("MaxPool", x, outputs=[name, self._where[name]], **windows)
        return name

    def _pool_back(self, name: str, g: str) -> str:
        """Share the gradient among four positions, or give it to the (first) largest; odd rows and columns get none."""
        graph, before = self.graph, self._before[name]
        shape = graph.op("Shape", before)
        if self.vgg.pooling == "max":
            return graph.op("MaxUnpool", g, self._where[name], shape, kernel_shape=[2, 2], strides=[2, 2])
        quarter = graph.op("Mul", g, graph.number(0.25))
        options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        larger = graph.op("Resize", quarter, "", graph.array(_DOUBLE), **options)
        missing = graph.op("Sub", shape, graph.op("Shape", larger))
        return graph.op("Pad", larger, graph.op("Concat", graph.whole(0, 0, 0, 0), missing, axis=0))
