"""Write a function: it is compared with the solution on random inputs."""

from __future__ import annotations

import copy
import dis
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self

import torch
from torch import Generator, Tensor

from styletools.exercises.calling import SHOWN, called
from styletools.exercises.comparing import described, difference, factor, no_tensor, plain, same, told_apart
from styletools.exercises.exercise import Exercise, Text, Verdict, wrapped
from styletools.exercises.patience import TookTooLong, patiently
from styletools.exercises.raised import told
from styletools.exercises.suspicions import suspicion

__all__ = ["Coding"]

TRIALS = 6
PATIENCE = 5.0  # seconds for a whole check; that of a right answer takes a few milliseconds
# What a function that does nothing consists of, in any version of Python.
_NOTHING = {"RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "NOP", "CACHE"}
_USES = (
    "Use torch functions on the tensors themselves; no float(), .item(), .detach(), .data, .numpy() or torch.no_grad()."
)


class Coding(Exercise):
    """Write a function.

    The answer is compared with the solution on several random inputs, in float64, the last time in float32. Where it
    matters, its gradient is compared as well.

    Args:
        title: number and name.
        solve: the solution; its source is what `solution()` shows.
        inputs: makes the arguments from a random generator, different ones for each trial.
        mistakes: a message → a function that makes the mistake. An answer that agrees with it on all inputs gets that
            message.
        gradient: the positions of the arguments through which the result must be differentiable.
        by_hand: whether autograd may not be used.
        probe: makes arguments that no answer has to be right for. They tell apart mistakes that look the same on
            all inputs.
        hints: see `Exercise`.
        why: see `Exercise`.
    """

    def __init__(
        self,
        title: str,
        solve: Callable[..., Any],
        inputs: Callable[[Generator], tuple[Any, ...]],
        *,
        mistakes: Mapping[str, Callable[..., Any]],
        hints: Sequence[str],
        why: str,
        gradient: Sequence[int] = (),
        by_hand: bool = False,
        probe: Callable[[Generator], tuple[Any, ...]] | None = None,
    ) -> None:
        """Nothing is computed yet."""
        super().__init__(title, hints=hints, why=why)
        self.solve = solve
        self.inputs = inputs
        self.mistakes = dict(mistakes)
        self.gradient = tuple(gradient)
        self.by_hand = by_hand
        self.probe = probe
        self.names = list(inspect.signature(solve).parameters)
        self.seed = 0

    @cached_property
    def trials(self) -> list[tuple[Any, ...]]:
        """The arguments of all trials."""
        seeds = range(self.seed * TRIALS, (self.seed + 1) * TRIALS)
        trials = [self.inputs(Generator().manual_seed(seed)) for seed in seeds]
        return [*trials[:-1], _single(trials[-1])]

    def fresh(self, seed: int = 0) -> Self:
        """The same exercise, not attempted yet, with the random inputs of another seed."""
        other = super().fresh(seed)
        other.seed = seed
        other.__dict__.pop("trials", None)
        return other

    def solution(self) -> Text:
        """Show a function that passes, and why."""
        return Text(f"{inspect.getsource(self.solve)}\n{wrapped(self.why)}")

    def _judge(self, answer: object) -> Verdict:
        if answer is None:
            return Verdict(self.title, "not attempted yet")
        if not callable(answer):
            kind = type(answer).__name__
            return self._no(f"Give the function itself, check(function), not what it returns (of type {kind}).")
        if self._is_stub(answer):
            return Verdict(self.title, "not attempted yet")
        try:
            problem = patiently(lambda: self._problem(answer), PATIENCE)
        except TookTooLong:
            return self._no(f"It was ended after {PATIENCE:g} seconds. Is there a loop that never ends?")
        return self._no(problem) if problem else Verdict(self.title, "right", self.why)

    def _is_stub(self, answer: Callable[..., Any]) -> bool:
        code = inspect.unwrap(answer).__code__ if inspect.isfunction(answer) else None
        if code is None or not {step.opname for step in dis.get_instructions(code)} <= _NOTHING:
            return False
        outcome = called(answer, self.trials[0])
        return outcome.value is None and outcome.error is None

    def _problem(self, answer: Callable[..., Any]) -> str:
        """What is wrong with the answer, or an empty text."""
        for i, arguments in enumerate(self.trials):
            problem = self._problem_with(answer, arguments, show=0 if i else SHOWN)
            if problem:
                return problem
        return self._autograd_problem(answer) if self.by_hand else ""

    def _problem_with(self, answer: Callable[..., Any], arguments: tuple[Any, ...], show: int) -> str:
        outcome = called(answer, arguments, show=show)
        if outcome.error is not None:
            return f"{told(outcome.error, self.names)} It was called with {self._shapes(arguments)}."
        changed = self._changed(arguments, outcome.given)
        if changed:
            return changed
        if outcome.value is None:
            return "It returns None: a `return` is missing, or what follows it is None."
        expected = self._solved(arguments)
        if not same(plain(outcome.value, expected), expected):
            return self._named(answer) or difference(outcome.value, expected)
        return no_tensor(outcome.value, expected) or self._gradient_problem(answer, arguments)

    def _solved(self, arguments: tuple[Any, ...]) -> Any:
        return self.solve(*copy.deepcopy(arguments))

    def _changed(self, arguments: tuple[Any, ...], given: tuple[Any, ...]) -> str:
        """Which argument the answer has changed, and what to do instead."""
        for name, before, after in zip(self.names, arguments, given, strict=True):
            if same(before, after):
                continue
            if isinstance(before, Mapping) and list(before) == list(after) and _has_tensors(after):
                name, before = f"{name}[…]", next(iter(before.values()))  # noqa: PLW2901  # a tensor within it
            if isinstance(before, list | Mapping):
                return f"It changes its argument {name}. Work on a copy, for instance {type(before).__name__}({name})."
            return f"It changes its argument {name}. Make a new tensor instead: no +=, no function ending in _."
        return ""

    def _named(self, answer: Callable[..., Any]) -> str:
        """The message of the mistake that the answer makes on all inputs."""
        expected = [self._solved(arguments) for arguments in self.trials]
        outcomes = [called(answer, arguments) for arguments in self.trials]
        values = [plain(outcome.value, right) for outcome, right in zip(outcomes, expected, strict=True)]
        failed = [outcome.error is not None for outcome in outcomes]
        alike = [
            message
            for message, mistaken in self.mistakes.items()
            if all(map(_agree, values, failed, self.trials, [mistaken] * TRIALS))
        ]
        if len(alike) > 1 and self.probe:
            alike = [message for message in alike if self._agrees_on_probe(answer, self.mistakes[message])] or alike
        if alike:
            return alike[0]
        return "" if any(failed) else suspicion(self.solve, self.names, self.trials, values)

    def _agrees_on_probe(self, answer: Callable[..., Any], mistaken: Callable[..., Any]) -> bool:
        assert self.probe is not None
        arguments = self.probe(Generator().manual_seed(0))
        outcome = called(answer, arguments)
        return _agree(outcome.value, outcome.error is not None, arguments, mistaken)

    def _gradient_problem(self, answer: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
        for i in self.gradient:
            name, words = self.names[i], "The value is right, but "
            mine, right = _gradient(answer, arguments, i), _gradient(self.solve, arguments, i)
            if isinstance(mine, str) or isinstance(right, str):
                return f"{words}with a gradient it fails: {mine}. {_USES}"
            if same(mine, right):
                continue
            if not mine.any():
                return (
                    f"{words}it is detached from the graph: it has lost its connection to {name}, so that no gradient "
                    f"comes back. {_USES}"
                )
            return f"{words}{_other_gradient(name, mine, right, _flat(arguments[i]))}"
        return ""

    def _autograd_problem(self, answer: Callable[..., Any]) -> str:
        """What is wrong if the answer uses autograd: without it, no tensor is saved for the way back."""
        # Where an answer runs in a process of its own, so does this.
        without = getattr(answer, "without_autograd", None) or without_autograd(answer)
        outcome = called(without, self.trials[0])
        if outcome.error is None and same(
            plain(outcome.value, self._solved(self.trials[0])), self._solved(self.trials[0])
        ):
            return ""
        return "The numbers are right, but autograd has found them. Write the equation itself, without autograd."

    def _shapes(self, arguments: tuple[Any, ...]) -> str:
        parts = zip(self.names, arguments, strict=True)
        return ", ".join(f"{name}: {described(value)}" for name, value in parts)


def without_autograd(answer: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, except that it fails as soon as autograd has to remember something."""

    def without(*arguments: Any) -> Any:
        with torch.autograd.graph.saved_tensors_hooks(_refuse, _refuse):
            return answer(*arguments)

    return without


def _refuse(_: Tensor) -> Any:
    raise RuntimeError("autograd is not asked for")


def _agree(value: Any, failed: bool, arguments: tuple[Any, ...], mistaken: Callable[..., Any]) -> bool:
    """Whether an answer and a function with a known mistake do the same with these arguments, errors included."""
    outcome = called(mistaken, arguments)
    return failed if outcome.error is not None else not failed and same(plain(value, outcome.value), outcome.value)


def _gradient(function: Callable[..., Any], arguments: tuple[Any, ...], position: int) -> Tensor | str:
    """Gradient of the sum of a result's squares by the tensors in one argument, or what goes wrong with it."""
    given = list(copy.deepcopy(arguments))
    leaves = [tensor.requires_grad_() for tensor in _tensors(given[position])]

    def differentiated(*_: Any) -> list[Tensor]:
        value = function(*given)
        if isinstance(value, Tensor) and value.requires_grad:
            torch.autograd.backward((value**2).sum())
        return [torch.zeros_like(x) if x.grad is None else x.grad for x in leaves]

    outcome = called(differentiated, ())
    if outcome.error is not None:
        return str(outcome.error).splitlines()[0].rstrip(".") if str(outcome.error) else type(outcome.error).__name__
    return _flat(outcome.value)


def _other_gradient(name: str, mine: Tensor, right: Tensor, x: Tensor) -> str:
    """How a gradient that is not 0 differs from the right one."""
    other = ~torch.isclose(mine, right, rtol=1e-5, atol=1e-6 * float(right.abs().max()))
    index = int((mine - right).abs().argmax())
    wanted, got = told_apart(float(right[index]), float(mine[index]))
    here = f"its gradient with respect to {name} is wrong: expected {wanted}, got {got}"
    if bool((x[other] == 0).all()):
        return (
            f"{here}, where {name} is 0. There relu, clamp, abs and the like have a slope of their own, which the "
            "equation does not have: leave them out."
        )
    times = factor(mine, right)
    much = f", {times:.4g} times as much everywhere" if times else ""
    return f"{here}{much}. Is a part of it detached? {_USES}"


def _tensors(value: Any) -> list[Tensor]:
    return list(value.values()) if isinstance(value, Mapping) else list(value) if isinstance(value, list) else [value]


def _flat(value: Any) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in _tensors(value)])


def _has_tensors(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(part, Tensor) for part in value.values())


def _single(value: Any) -> Any:
    """The same in float32."""
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, Mapping):
        return {key: _single(part) for key, part in value.items()}
    return tuple(map(_single, value)) if isinstance(value, tuple) else value
