"""Two ways to go downhill with the pixels kept in [0, 1]: L-BFGS and Adam.

Both take one step at a time, and can be stopped and resumed after any step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from styletools.descent.pairs import CurvaturePairs
from styletools.descent.spectrum import Spectrum

__all__ = ["LBFGS", "Adam", "Evaluation", "NotFinite", "Optimiser"]


@dataclass(frozen=True)
class Evaluation:
    """What is known about one picture.

    Attributes:
        image: x, (B, 3, H, W).
        losses: the named terms.
        total: f(x), their sum.
        gradient: ∂f/∂x, the shape of x.
    """

    image: Tensor
    losses: dict[str, float]
    total: float
    gradient: Tensor

    @cached_property
    def finite(self) -> bool:
        """Whether an optimiser can continue from here."""
        # A sum over the gradient is NaN or infinite as soon as one entry is.
        return abs(self.total) < float("inf") and bool(torch.isfinite(self.gradient.sum()))


class NotFinite(Exception):  # noqa: N818  # never leaves the package: `Synthesis` turns it into a SynthesisError
    """The function is NaN or infinite wherever the optimiser looked."""


class Optimiser(Protocol):
    """What a synthesis asks of an optimiser."""

    at: Evaluation

    def step(self) -> Evaluation:
        """Move to a new picture and return what is known about it."""

    def state(self) -> dict[str, Any]:
        """What it remembers of its path, besides `at`: tensors and numbers."""

    def restore(self, state: dict[str, Any]) -> None:
        """Resume a path from where `state` was called."""


class LBFGS:
    """Limited-memory BFGS with the bounds 0 ≤ x ≤ 1, one evaluation per step as a rule.

    Pixels at a bound whose gradient pushes outwards are held; the others move along the quasi-Newton direction,
    and a trial point is projected into the box *before* it is evaluated. So each curvature pair (s, y) belongs to
    two points of the box, which clamping after the fact would break. A trial is accepted when the loss has gone
    down enough (Armijo), else the step is shortened. The first step, which has no curvature yet, moves the fastest
    pixel by a fixed amount: the path does not depend on the scale of the loss.

    Args:
        evaluate: x → Evaluation.
        start: where to begin, values in [0, 1].
        pairs: how many curvature pairs are kept; more than twenty made no picture better.
        spectrum: what scales a gradient where the pairs say nothing; by default all pixels are scaled alike.
        compact: keep the pairs in float16, each in units of its largest number: half the memory.

    Reference:
        Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 7.5; Bertsekas 1982 for the projection.
    """

    FIRST_MOVE = 0.1  # of the range of a pixel
    # Assumes half the last step's curvature in directions that the stored pairs do not cover: steps go where the loss
    # is steep, so the usual guess, the whole of it, is too high.
    FLATTER = 2.0
    ARMIJO = 1e-4
    TRIALS = 20

    def __init__(
        self,
        evaluate: Callable[[Tensor], Evaluation],
        start: Tensor,
        pairs: int = 20,
        spectrum: Spectrum | None = None,
        *,
        compact: bool = False,
        at: Evaluation | None = None,
    ) -> None:
        """Evaluate the start, unless that is known already (`at`)."""
        self._evaluate = evaluate
        self._pairs = CurvaturePairs(pairs, compact)
        self._spectrum = spectrum
        self._flatness: Tensor | None = None  # the factor of the initial inverse Hessian, from the last pair
        self.at = evaluate(start) if at is None else at
        if not self.at.finite:
            raise NotFinite

    def step(self) -> Evaluation:
        """Take one step; stay put if no step leads downhill any more."""
        after = self._search(self._direction())  # which nothing else holds: it is as large as the picture
        if after is None and self._pairs:
            self._pairs.clear()  # the curvature misleads: once more, straight downhill
            after = self._search(self._direction())
        if after is not None:
            self._remember(after)
            self.at = after
        return self.at

    def state(self) -> dict[str, Any]:
        """The pairs, and what the spectrum has learnt. It is good until the next step."""
        spectrum = self._spectrum.state() if self._spectrum else None
        return {"pairs": self._pairs.state(), "flatness": self._flatness, "spectrum": spectrum}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Optimiser.restore`."""
        self._pairs.restore(state["pairs"])
        self._flatness = state["flatness"]
        if self._spectrum is not None:
            self._spectrum.restore(state["spectrum"])

    def _held(self) -> Tensor:
        """Pixels at a bound that would leave the box."""
        x, g = self.at.image, self.at.gradient
        return ((x <= 0) & (g > 0)) | ((x >= 1) & (g < 0))

    def _direction(self) -> Tensor:
        """−H g, zero where a pixel is held."""
        free = ~self._held()
        q = (self.at.gradient * free).contiguous()
        if not self._pairs:
            q = self._scaled(q) * free
            return -q * (self.FIRST_MOVE / float(q.abs().max().clamp_min(1e-30)))
        # All numbers in there stay where the pictures are: reading one would wait for a graphics card.
        direction = self._pairs.inverse_times(q, self._initial).neg_().mul_(free)
        if _dot(direction, self.at.gradient) < 0:
            return direction
        self._pairs.clear()  # not downhill: the free pixels have changed too much
        return self._direction()

    def _search(self, direction: Tensor) -> Evaluation | None:
        """Shorten the step until the loss goes down enough."""
        here, length, tried, finite = self.at, 1.0, 0, 0
        for _ in range(self.TRIALS):
            image = torch.add(here.image, direction, alpha=length).clamp_(0, 1)
            predicted = _dot(here.gradient, image - here.image)
            if predicted >= 0:
                break  # nothing left to gain in this direction
            trial = self._evaluate(image)
            tried, finite = tried + 1, finite + trial.finite
            if trial.finite and trial.total <= here.total + self.ARMIJO * predicted:
                return trial
            length *= _shorter(here.total, trial.total, predicted)
        if tried and not finite:
            raise NotFinite
        return None

    def _remember(self, after: Evaluation) -> None:
        s, y = after.image - self.at.image, after.gradient - self.at.gradient
        sy = _product(s, y)
        if sy > 1e-10 * s.norm() * y.norm():  # positive curvature only
            stiffness = _product(y, y) if self._spectrum is None else self._spectrum.learn(s, y)
            self._flatness = self.FLATTER * sy / stiffness
            self._pairs.add(s, y, sy)

    def _initial(self, r: Tensor) -> Tensor:
        """The initial inverse Hessian of L-BFGS."""
        assert self._flatness is not None  # there are pairs
        return self._scaled(r).mul_(self._flatness)

    def _scaled(self, gradient: Tensor) -> Tensor:
        return gradient if self._spectrum is None else self._spectrum.scale(gradient)


class Adam:
    """Adam with every step projected into 0 ≤ x ≤ 1.

    What it remembers changes only after the new picture has been evaluated: an interrupted step leaves no trace.

    Args:
        evaluate: x → Evaluation.
        start: where to begin, values in [0, 1].
        learning_rate: how far a pixel moves per step at first, in units of its range.

    Reference:
        Kingma and Ba 2015, algorithm 1.
    """

    BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(
        self,
        evaluate: Callable[[Tensor], Evaluation],
        start: Tensor,
        learning_rate: float = 0.03,
        *,
        at: Evaluation | None = None,
    ) -> None:
        """Evaluate the start, unless that is known already (`at`)."""
        self._evaluate = evaluate
        self._rate = learning_rate
        self.at = evaluate(start) if at is None else at
        if not self.at.finite:
            raise NotFinite
        self._count = 0
        self._mean = torch.zeros_like(start)
        self._square = torch.zeros_like(start)

    def step(self) -> Evaluation:
        """Take one step, downhill or not."""
        g, count = self.at.gradient, self._count + 1
        mean = self._mean.lerp(g, 1 - self.BETA_1)
        square = self._square.lerp(g * g, 1 - self.BETA_2)
        size = (square / (1 - self.BETA_2**count)).sqrt() + self.EPSILON
        image = self.at.image - self._rate * (mean / (1 - self.BETA_1**count)) / size
        after = self._evaluate(image.clamp_(0, 1))
        if not after.finite:
            raise NotFinite
        self.at, self._count, self._mean, self._square = after, count, mean, square
        return after

    def state(self) -> dict[str, Any]:
        """The two moments, and the number of steps."""
        return {"count": self._count, "mean": self._mean, "square": self._square}

    def restore(self, state: dict[str, Any]) -> None:
        """See `Optimiser.restore`."""
        self._count, self._mean, self._square = state["count"], state["mean"], state["square"]


def _dot(a: Tensor, b: Tensor) -> float:
    return float(_product(a, b))


def _product(a: Tensor, b: Tensor) -> Tensor:
    return torch.dot(a.flatten(), b.flatten())


def _shorter(before: float, after: float, predicted: float) -> float:
    """Factor for the next trial: the lowest point of the parabola through what is known, within bounds."""
    excess = after - before - predicted
    if not 0 < excess < float("inf"):
        return 0.1
    return min(0.5, max(0.1, -predicted / (2 * excess)))
