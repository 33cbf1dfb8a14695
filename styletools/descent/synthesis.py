"""Optimise the pixels of a picture: a stream of steps that can be stopped, watched and resumed.

Knows neither networks nor styles: it minimises the sum of whatever named terms a callable returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from styletools.descent.loss import Loss, ObjectiveFunction, as_loss
from styletools.descent.optimisers import LBFGS, Adam, Evaluation, NotFinite, Optimiser
from styletools.descent.spectrum import Spectrum
from styletools.door import explained
from styletools.errors import InputError, SynthesisError, check_whole, shown
from styletools.pictures.images import check_image, resize
from styletools.surroundings import undisturbed

__all__ = ["OptimiserName", "Stage", "Step", "Synthesis", "check_optimiser", "check_steps", "synthesise"]

_COLUMNS = ("step", "height", "evaluations", "seconds", "total")
OptimiserName: TypeAlias = Literal["lbfgs", "adam"]
"""Which optimiser: `"lbfgs"`, with bounds, or `"adam"`."""


@dataclass(frozen=True)
class Stage:
    """One size of a coarse-to-fine synthesis: what is minimised there, and for how many steps."""

    objective: Loss | ObjectiveFunction
    height: int
    width: int
    steps: int


@dataclass(frozen=True)
class Step:
    """The result of one step.

    Attributes:
        number: of the step, counted from 1 over all stages. A step is one iteration of the optimiser.
        evaluations: of the loss and its gradient so far; L-BFGS takes more than one in some steps.
        losses: the named terms and their sum `total`.
        seconds: of computing so far; time between steps does not count.
        progress: share of the work that is done, 0 … 1; a step counts by its number of pixels.
        image: the picture now, (B, 3, H, W) in [0, 1], at the size of its stage. It is not changed later.
    """

    number: int
    evaluations: int
    losses: dict[str, float]
    seconds: float
    progress: float
    image: Tensor = field(repr=False)


class Synthesis:
    """A picture in the making.

    Iterate over it to make steps. Leave the loop at any step, and iterate again later to go on from the same
    state. ^C during a step ends the loop quietly: `interrupted` is then True.

    With several stages the picture grows: each stage starts from the last one's best picture, made larger. A
    start from white noise needs this, because the loss hardly sees the finest noise and would leave it there.

    Args:
        stages: from small to large; one is enough.
        start: (B, 3, H, W) in [0, 1]; it is copied, and resized to the first stage.
        optimiser: `"lbfgs"` or `"adam"`; both keep the pixels in [0, 1].
        learning_rate: for Adam, in units of a pixel's range.
        pairs: for L-BFGS, the number of curvature pairs that are kept.
        compact: for L-BFGS, whether they are kept in float16, in half the memory.
        shown: what is done to a picture, of any stage's size, before it is given out; the optimiser itself goes on
            from the original. By default nothing.

    Attributes:
        history: a column of numbers for each of `step`, `height`, `evaluations`, `seconds`, `total` and each term.
        interrupted: whether the last loop was ended by ^C.

    Raises:
        InputError: no stage, an unknown optimiser, or a start that is not a picture.
        SynthesisError: (while iterating) the loss became NaN or infinite.

    Example:
        >>> import torch
        >>> grey = torch.full((1, 3, 2, 2), 0.5)
        >>> synthesis = synthesise(lambda x: {"red": ((x[:, 0] - 0.9) ** 2).sum()}, grey, steps=20)
        >>> for step in synthesis:
        ...     if step.losses["total"] < 0.1:
        ...         break
        >>> for step in synthesis:  # goes on
        ...     pass
        >>> synthesis.image[0, :, 0, 0]
        tensor([0.9000, 0.5000, 0.5000])
    """

    @explained
    @undisturbed
    def __init__(
        self,
        stages: Sequence[Stage],
        start: Tensor,
        *,
        optimiser: OptimiserName = "lbfgs",
        learning_rate: float = 0.03,
        pairs: int = 20,
        compact: bool = False,
        shown: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """Copy the start; nothing is computed yet."""
        if not stages:
            raise InputError("stages: expected at least one, got none")
        for stage in stages:
            check_steps(stage.steps)
        check_optimiser(optimiser)
        _check_rate(learning_rate)
        check_whole("pairs", pairs, 1)
        check_image(start, "start")
        if start.dtype not in (torch.float32, torch.float64):
            raise InputError(f"start: expected float32 or float64, got {start.dtype}; use start.float()")
        self.stages = list(stages)
        self._losses = [as_loss(stage.objective) for stage in self.stages]
        self.history: dict[str, list[float]] = {}
        self.interrupted = False
        self._shown = shown or (lambda image: image)
        self._make: Callable[[Tensor, Evaluation | None], Optimiser] = (
            (lambda x, at: Adam(self._evaluate, x, learning_rate, at=at))
            if optimiser == "adam"
            else (lambda x, at: LBFGS(self._evaluate, x, pairs, Spectrum(x), compact=compact, at=at))
        )
        self._stage = 0
        self._done = [0] * len(self.stages)
        self._optimiser: Optimiser | None = None
        self._best = self._sized(start.detach().clone(), self.stages[0])
        self._best_total = float("inf")
        self._evaluations = 0
        self._seconds = 0.0
        self._last: dict[str, float] = {}

    @property
    @undisturbed
    def image(self) -> Tensor:
        """The best picture so far, (B, 3, H, W) in [0, 1], at the size of the last stage."""
        return self._shown(self._sized(self._best, self.stages[-1])).clone()

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return all(done >= stage.steps for done, stage in zip(self._done, self.stages, strict=True))

    @explained
    def extend(self, steps: int) -> None:
        """Append steps to the last stage, to continue a finished picture.

        Raises:
            InputError: a number that is not whole or is negative.
        """
        check_steps(steps)
        self.stages[-1] = replace(self.stages[-1], steps=self.stages[-1].steps + steps)

    def __iter__(self) -> Iterator[Step]:
        """Make the steps that are left, one by one."""
        self.interrupted = False
        while not self.finished:
            if self._done[self._stage] >= self.stages[self._stage].steps:
                self._next_stage()
                continue
            try:
                step = self._advance()
            except KeyboardInterrupt:
                self.interrupted = True
                return
            yield step
        self._release()

    def state(self) -> dict[str, Any]:
        """All that is needed to go on from here in another process, as tensors and plain values.

        The tensors are not copied: they may be saved, but not changed, and the next step changes them.
        """
        at = None if self._optimiser is None else self._optimiser.at
        return {
            "stage": self._stage,
            "done": list(self._done),
            "sizes": [(stage.height, stage.width) for stage in self.stages],
            "steps": [stage.steps for stage in self.stages],
            "best": self._best,
            "best_total": self._best_total,
            "evaluations": self._evaluations,
            "seconds": self._seconds,
            "history": self.history,
            "at": None if at is None else (at.image, at.losses, at.total, at.gradient),
            "optimiser": None if self._optimiser is None else self._optimiser.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state` of a synthesis with the same stages and the same optimiser: the next step is the same.

        Raises:
            InputError: the stages have other sizes.

        Example:
            >>> import torch
            >>> halves = [synthesise(lambda x: {"light": x.mean()}, torch.full((1, 3, 4, 4), 0.9), 2) for _ in range(2)]
            >>> first = next(iter(halves[0]))
            >>> halves[1].restore(halves[0].state())
            >>> [step.number for step in halves[1]]
            [2]
        """
        if state["sizes"] != [(stage.height, stage.width) for stage in self.stages]:
            raise InputError("state: it is of a synthesis with other sizes")
        self._stage, self._done = state["stage"], list(state["done"])
        pairs = zip(self.stages, state["steps"], strict=True)
        self.stages = [replace(stage, steps=steps) for stage, steps in pairs]  # it may have been extended
        self._best, self._best_total = state["best"], state["best_total"]
        self._evaluations, self._seconds = state["evaluations"], state["seconds"]
        self.history = {name: list(column) for name, column in state["history"].items()}
        self._optimiser = None
        if state["at"] is not None:
            self._optimiser = self._make(state["at"][0], Evaluation(*state["at"]))
            self._optimiser.restore(state["optimiser"])

    @undisturbed
    def _next_stage(self) -> None:
        self._release()
        self._stage += 1
        self._best = self._sized(self._best, self.stages[self._stage])
        self._best_total = float("inf")

    def _release(self) -> None:
        """Release what takes a lot of memory and is not needed to resume."""
        self._optimiser = None  # its memory of the path is forty pictures large
        self._losses[self._stage].release()

    @undisturbed
    def _advance(self) -> Step:
        began = time.perf_counter()
        number = len(self.history.get("step", ())) + 1
        try:
            if self._optimiser is None:
                self._optimiser = self._make(self._best, None)
                self._keep(self._optimiser.at)
            before = self._optimiser.at.image
            after = self._optimiser.step()
        except NotFinite:
            raise self._not_finite(number) from None
        self._keep(after)
        # An optimiser that stays where it is has converged: the steps left in this stage would change nothing.
        steps = self.stages[self._stage].steps
        self._done[self._stage] = steps if after.image is before else self._done[self._stage] + 1
        self._seconds += time.perf_counter() - began
        return self._record(number, after)

    def _evaluate(self, image: Tensor) -> Evaluation:
        terms, gradient = self._losses[self._stage].value_and_gradient(image)
        for name in terms:
            if name in _COLUMNS:
                raise InputError(
                    f"objective: a term cannot be called {shown(name)}; the history has a column of that name"
                )
        self._evaluations += 1
        # All numbers in one tensor, so that a graphics card is waited for only once.
        total = sum(terms.values(), start=image.new_zeros(()))
        *values, whole = torch.stack([term.to(total).reshape(()) for term in (*terms.values(), total)]).tolist()
        self._last = dict(zip(terms, values, strict=True))
        return Evaluation(image.detach(), self._last, whole, gradient.contiguous())

    def _keep(self, now: Evaluation) -> None:
        if now.total < self._best_total:
            self._best, self._best_total = now.image, now.total

    def _record(self, number: int, now: Evaluation) -> Step:
        losses = {**now.losses, "total": now.total}
        row = {
            "step": number,
            "height": now.image.shape[2],
            "evaluations": self._evaluations,
            "seconds": self._seconds,
            **losses,
        }
        if self.history and self.history.keys() != row.keys():
            raise InputError(f"objective: its terms changed their names to {', '.join(now.losses)}")
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        return Step(number, self._evaluations, losses, self._seconds, self._progress(), self._shown(now.image))

    def _progress(self) -> float:
        work = [stage.height * stage.width for stage in self.stages]
        done = sum(pixels * steps for pixels, steps in zip(work, self._done, strict=True))
        return done / sum(pixels * stage.steps for pixels, stage in zip(work, self.stages, strict=True))

    def _not_finite(self, number: int) -> SynthesisError:
        bad = [name for name, value in self._last.items() if not abs(value) < float("inf")]
        what, stage = bad[0] if bad else "the gradient", self.stages[self._stage]
        if self._optimiser is None:  # at the start of a stage: it is not the step that went wrong
            advice = f"Is it defined for a picture of {stage.height} × {stage.width} pixels, and where features are 0?"
        else:
            advice = "Try smaller weights, a smaller learning rate, or float32"
        return SynthesisError(
            f"step {number}: {what} became NaN or infinite; the best picture so far is kept (.image of this error). "
            f"{advice}",
            self.image,
            number,
        )

    @staticmethod
    def _sized(image: Tensor, stage: Stage) -> Tensor:
        return resize(image, stage.height, stage.width)


def check_optimiser(optimiser: OptimiserName) -> None:
    """Check that `optimiser` is a known name.

    Raises:
        InputError: an unknown name.
    """
    if optimiser not in get_args(OptimiserName):
        raise InputError(f"optimiser: expected 'lbfgs' or 'adam', got {shown(optimiser)}")


def _check_rate(rate: float) -> None:
    if not isinstance(rate, Real) or not 0 < rate < float("inf"):
        raise InputError(f"learning_rate: expected a number > 0, got {shown(rate)}")


def check_steps(steps: int) -> None:
    """Check a number of steps.

    Raises:
        InputError: a number that is not whole or is negative.
    """
    check_whole("steps", steps)


@explained
def synthesise(
    objective: Loss | ObjectiveFunction,
    start: Tensor,
    steps: int = 200,
    *,
    optimiser: OptimiserName = "lbfgs",
    learning_rate: float = 0.03,
    pairs: int = 20,
) -> Synthesis:
    """Set up a synthesis at one size; see `Synthesis`, which it returns.

    Example:
        >>> import torch
        >>> dark = synthesise(lambda x: {"light": x.mean()}, torch.rand(1, 3, 4, 4), steps=20)
        >>> max(step.losses["total"] for step in dark) < 1, dark.image.max().item()
        (True, 0.0)
    """
    check_image(start, "start")
    stage = Stage(objective, start.shape[2], start.shape[3], steps)
    return Synthesis([stage], start, optimiser=optimiser, learning_rate=learning_rate, pairs=pairs)
