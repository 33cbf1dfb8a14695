"""The terms of a loss in a graph: each an equation at a layer, with its value and its gradient there.

The pure functions are those of `styletools/losses/`; the tests hold the graphs against them. A value is that of the
equation as printed; the gradient is multiplied by the term's factor (its weight, over its unit), which is an input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from browser.graph import Graph

CONSTANT = 1e-12  # under the root of a variance, as in styletools/losses/means.py


class Term(ABC):
    """An equation at a layer.

    Args:
        graph: what the nodes are added to.
        layer: where.
        filters: N_l.

    Attributes:
        name: as the package calls the term; also of its value.
        factor: of its factor, an input.
        targets: names of the inputs that it is compared with.
        statistics: names of the outputs that become the targets when the features are those of the other picture.
    """

    kind = "style"

    def __init__(self, graph: Graph, layer: str, filters: int) -> None:
        """Add the inputs."""
        self.graph, self.layer, self.filters = graph, layer, filters
        self.name = f"{self.kind} {layer}"
        self.factor = graph.input(f"factor of {self.name}")
        self.targets: list[str] = []
        self.statistics: list[str] = []
        self.prepare()

    @abstractmethod
    def prepare(self) -> None:
        """Name targets and statistics."""

    @abstractmethod
    def add_gradient(self, F: str, g: str | None) -> str:
        """Add the value and the gradient with respect to F; see `AddGradient`."""

    def _positions(self, F: str) -> str:
        """M_l, a scalar."""
        shape = self.graph.op("Shape", F, start=2, end=4)
        return self.graph.op("Cast", self.graph.op("ReduceProd", shape, keepdims=0), to=1)

    def _summed(self, x: str) -> str:
        """The sum of all entries, along the last axis first: one long sum of float32 loses three digits."""
        graph = self.graph
        rows = graph.op("ReduceSum", x, graph.whole(-1), keepdims=0)
        return graph.op("ReduceSum", rows, keepdims=0)

    def _value(self, total: str, constant: float) -> None:
        value = self.graph.op("Mul", total, self.graph.number(constant))
        self.graph.op("Reshape", value, self.graph.whole(1), name=self.name)

    def _added(self, g: str | None, more: str) -> str:
        return more if g is None else self.graph.op("Add", g, more)


class Content(Term):
    """½ Σ (F − P)²; Eq. 1 and 2."""

    kind = "content"

    def prepare(self) -> None:
        """P is F of the photograph."""
        self.targets = [self.graph.input(f"target of {self.name}", 1, self.filters, "rows", "columns")]
        self.statistics = [self.layer]

    def add_gradient(self, F: str, g: str | None) -> str:
        """F − P."""
        difference = self.graph.op("Sub", F, self.targets[0])
        self._value(self._summed(self.graph.op("Mul", difference, difference)), 0.5)
        return self._added(g, self.graph.op("Mul", difference, self.factor))


class Gram(Term):
    """1 / (4 N²) Σ (Ĝ − Â)² with Ĝ = F Fᵀ / M; Eq. 3, 4 and 6."""

    def prepare(self) -> None:
        """Â is Ĝ of the painting."""
        self.targets = [self.graph.input(f"target of {self.name}", self.filters, self.filters)]
        self.statistics = [f"gram {self.layer}"]

    def add_gradient(self, F: str, g: str | None) -> str:
        """(Ĝ − Â) F / (N² M): a product of matrices that takes what came from above as its third argument."""
        graph, N = self.graph, self.filters
        rows, shape = graph.whole(N, -1), graph.op("Shape", F)
        M = self._positions(F)
        matrix = graph.op("Reshape", F, rows)
        G = graph.op("Div", graph.op("Gemm", matrix, matrix, transB=1), M, name=self.statistics[0])
        difference = graph.op("Sub", G, self.targets[0])
        self._value(self._summed(graph.op("Mul", difference, difference)), 1 / (4 * N * N))
        scale = graph.op("Div", graph.op("Mul", self.factor, graph.number(1 / (N * N))), M)
        more = [] if g is None else [graph.op("Reshape", g, rows)]
        return graph.op("Reshape", graph.op("Gemm", graph.op("Mul", difference, scale), matrix, *more), shape)


class MeanDeviation(Term):
    """Σ (μ − μ^S)² + Σ (σ − σ^S)², over positions; see `styletools/losses/means.py`."""

    def prepare(self) -> None:
        """Mean and deviation of each filter."""
        self.statistics = [f"mean {self.layer}", f"deviation {self.layer}"]
        self.targets = [self.graph.input(f"target of {name}", self.filters, 1) for name in self.statistics]

    def add_gradient(self, F: str, g: str | None) -> str:
        """2 / M ((μ − μ^S) + (σ − σ^S) (F − μ) / σ)."""
        graph = self.graph
        M, shape = self._positions(F), graph.op("Shape", F)
        matrix = graph.op("Reshape", F, graph.whole(self.filters, -1))
        mean = graph.op("ReduceMean", matrix, axes=[1], name=self.statistics[0])
        around = graph.op("Sub", matrix, mean)
        variance = graph.op("ReduceMean", graph.op("Mul", around, around), axes=[1])
        sigma = graph.op("Sqrt", graph.op("Add", variance, graph.number(CONSTANT)), name=self.statistics[1])
        off = [graph.op("Sub", now, target) for now, target in zip((mean, sigma), self.targets, strict=True)]
        squares = [self._summed(graph.op("Mul", difference, difference)) for difference in off]
        self._value(graph.op("Add", *squares), 1)
        scale = graph.op("Div", graph.op("Mul", self.factor, graph.number(2)), M)
        slope = graph.op("Mul", around, graph.op("Div", off[1], sigma))
        gradient = graph.op("Mul", graph.op("Add", slope, off[0]), scale)
        return self._added(g, graph.op("Reshape", gradient, shape))


class Smoothness:
    """Mean squared difference of neighbouring pixels, down and to the right; `total_variation`."""

    name = "total variation"

    def __init__(self, graph: Graph) -> None:
        """Add the input."""
        self.graph = graph
        self.factor = graph.input(f"factor of {self.name}")

    def add_gradient(self, image: str, g: str) -> str:
        """Each difference pulls at both of its pixels."""
        graph, means = self.graph, []
        for axis in (2, 3):
            first, last, along = graph.whole(0), graph.whole(-1), graph.whole(axis)
            ahead = graph.op("Slice", image, graph.whole(1), graph.whole(2**31), along)
            difference = graph.op("Sub", ahead, graph.op("Slice", image, first, last, along))
            means.append(graph.op("ReduceMean", graph.op("Mul", difference, difference), keepdims=0))
            count = graph.op("Cast", graph.op("Size", difference), to=1)
            pull = graph.op("Mul", difference, graph.op("Div", graph.op("Mul", self.factor, graph.number(2)), count))
            for sign, pads in (("Add", [0] * 8), ("Sub", [0] * 8)):
                pads[axis if sign == "Add" else 4 + axis] = 1
                g = graph.op(sign, g, graph.op("Pad", pull, graph.whole(*pads)))
        graph.op("Reshape", graph.op("Add", *means), graph.whole(1), name=self.name)
        return g


STATISTICS: dict[str, type[Term]] = {"gram": Gram, "mean-deviation": MeanDeviation}
