"""The two kinds of exercises: write a function, or predict and then measure."""

from __future__ import annotations

import copy
import dis
import inspect
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, TypeAlias

import torch
from torch import Generator, Tensor

from styletools.exercises.comparing import agree, described, difference, factor, materialised, plain, same

__all__ = ["Coding", "Exercise", "Prediction", "Text", "Verdict", "report"]

State: TypeAlias = Literal["not attempted yet", "not yet", "right"]
Value: TypeAlias = str | float | tuple[Any, ...] | frozenset[str]
TRIALS = 5
_MARK: dict[State, str] = {"not attempted yet": "…", "not yet": "✘", "right": "✔"}
# What a function that does nothing consists of, in any version of Python.
_NOTHING = {"RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "NOP", "CACHE"}


class Text(str):
    """A text that a notebook shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        """The text itself."""
        return str(self)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What `check` found.

    Attributes:
        exercise: its title.
        state: `"not attempted yet"`, `"not yet"` or `"right"`.
        message: what is wrong, or why it is right.
    """

    exercise: str
    state: State
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the answer is right."""
        return self.state == "right"

    def __repr__(self) -> str:
        """Two or three lines for the notebook."""
        return _wrapped(f"{_MARK[self.state]} {self.exercise}: {self.state}. {self.message}")


class Exercise(ABC):
    """What both kinds share.

    Args:
        title: number and name.
        hints: from a nudge to nearly everything.
        why: the reasoning, told with a right answer and with the solution.

    Attributes:
        verdict: the last one.
    """

    def __init__(self, title: str, *, hints: Sequence[str], why: str) -> None:
        """Nothing is computed yet."""
        self.title = title
        self.hints = tuple(hints)
        self.why = why
        self.verdict = Verdict(title, "not attempted yet")

    def check(self, answer: object = None) -> Verdict:
        """Say whether an answer is right and, if it is not, what is wrong with it.

        Args:
            answer: for a coding exercise the function itself, for a prediction the value. None, and a function
                that does nothing, is "not attempted yet".

        Returns:
            The verdict; a notebook shows it. No exception is raised for a wrong answer.
        """
        self.verdict = self._judge(answer)
        return self.verdict

    def hint(self, number: int = 1) -> Text:
        """Show a hint, `hint()`, or a further one, `hint(2)`; the last one stays the last."""
        number = min(max(number, 1), len(self.hints))
        more = f" More: hint({number + 1})." if number < len(self.hints) else ""
        return Text(_wrapped(f"Hint {number} of {len(self.hints)}. {self.hints[number - 1]}{more}"))

    @abstractmethod
    def solution(self) -> Text:
        """Show the solution, and why it is one."""

    @abstractmethod
    def _judge(self, answer: object) -> Verdict: ...

    def __repr__(self) -> str:
        """The title, not an address."""
        return f"<exercise {self.title}>"

    def _no(self, message: str) -> Verdict:
        return Verdict(self.title, "not yet", message)


class Coding(Exercise):
    """Write a function.

    The answer is compared with the solution on several random inputs, in float64, and where it matters its gradient
    is compared as well.

    Args:
        title: number and name.
        solve: the solution; its source is what `solution()` shows.
        inputs: makes the arguments from a random generator, for each trial other ones.
        mistakes: what a message says → a function that makes that mistake. An answer that agrees with it on all
            inputs is told so.
        gradient: the positions of the arguments through which the result must be differentiable.
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
    ) -> None:
        """Make the inputs of all trials."""
        super().__init__(title, hints=hints, why=why)
        self.solve = solve
        self.mistakes = dict(mistakes)
        self.gradient = tuple(gradient)
        self._names = list(inspect.signature(solve).parameters)
        self._trials = [inputs(Generator().manual_seed(trial)) for trial in range(TRIALS)]

    def solution(self) -> Text:
        """Show a function that passes, and why."""
        return Text(f"{inspect.getsource(self.solve)}\n{_wrapped(self.why)}")

    def _judge(self, answer: object) -> Verdict:
        if answer is None:
            return Verdict(self.title, "not attempted yet")
        if not callable(answer):
            kind = type(answer).__name__
            return self._no(f"Give the function itself, check(function), not what it returns (of type {kind}).")
        if self._is_stub(answer):
            return Verdict(self.title, "not attempted yet")
        for arguments in self._trials:
            problem = self._problem(answer, arguments)
            if problem:
                return self._no(problem)
        return Verdict(self.title, "right", self.why)

    def _is_stub(self, answer: Callable[..., Any]) -> bool:
        code = getattr(answer, "__code__", None)
        if code is None or not {step.opname for step in dis.get_instructions(code)} <= _NOTHING:
            return False
        try:  # it has no effects: it can be called
            return answer(*self._trials[0]) is None
        except TypeError:
            return False

    def _problem(self, answer: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
        """What is wrong with the answer for these arguments, or an empty text."""
        given = copy.deepcopy(arguments)
        try:
            value = materialised(answer(*given))
        except Exception as error:  # whatever a reader's function raises is told, not raised
            hint = " In the notebook the package's functions begin with st." if isinstance(error, NameError) else ""
            if "double" in str(error).lower():
                hint = " The inputs are float64: make new tensors with torch.zeros_like(F) and the like."
            told = f"It raises {type(error).__name__}: {_first_line(error)}{hint}"
            return f"{told} It was called with {self._shapes(given)}."
        for name, before, after in zip(self._names, arguments, given, strict=True):
            if not same(before, after):
                if isinstance(before, list | Mapping):
                    return (
                        f"It changes its argument {name}. Work on a copy, for instance {type(before).__name__}({name})."
                    )
                return f"It changes its argument {name}. Make a new tensor instead: no +=, no function ending in _."
        if value is None:
            return "It returns None: a `return` is missing."
        expected = self.solve(*copy.deepcopy(arguments))
        if not same(plain(value, expected), expected):
            return self._named(answer) or self._constant(answer) or difference(value, expected)
        return self._gradient_problem(answer, arguments)

    def _named(self, answer: Callable[..., Any]) -> str:
        """The message of the mistake that the answer makes on all inputs."""
        for message, mistaken in self.mistakes.items():
            if all(agree(answer, mistaken, arguments) for arguments in self._trials):
                return message
        return ""

    def _constant(self, answer: Callable[..., Any]) -> str:
        """The message of a factor that is the same for all inputs."""
        try:
            ratios = [
                factor(answer(*copy.deepcopy(arguments)), self.solve(*copy.deepcopy(arguments)))
                for arguments in self._trials
            ]
        except Exception:  # it fails for other inputs; then this is not its mistake
            return ""
        first = ratios[0]
        if first is None or any(r is None or abs(r - first) > 1e-5 * abs(first) for r in ratios):
            return ""
        if abs(first + 1) < 1e-5:
            return "The sign is wrong."
        return "" if abs(first - 1) < 1e-5 else f"It is {first:.4g} times what it should be: look for a factor."

    def _gradient_problem(self, answer: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
        if not self.gradient:
            return ""
        ours, theirs = self._gradients(answer, arguments), self._gradients(self.solve, arguments)
        for name, mine, right in zip((self._names[i] for i in self.gradient), ours, theirs, strict=True):
            if not same(mine, right):
                return (
                    f"The value is right, but it is detached from the graph: it has lost its connection to {name}, so "
                    "that no gradient, or a wrong one, comes back. Use torch functions on the tensors themselves; no "
                    "float(), .item(), .detach(), .data, .numpy() or torch.no_grad()."
                )
        return ""

    def _gradients(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Tensor]:
        """Gradients of the sum of a function's squares by the tensors in the arguments named in `gradient`."""
        given = list(copy.deepcopy(arguments))
        leaves: list[list[Tensor]] = []
        for i in self.gradient:
            leaves.append([tensor.requires_grad_() for tensor in _tensors(given[i])])
        try:
            value = function(*given)
            (value**2).sum().backward()
        except Exception:  # what is detached cannot be differentiated; the gradients stay zero
            pass
        flat = [[torch.zeros_like(x) if x.grad is None else x.grad for x in group] for group in leaves]
        return [torch.cat([tensor.flatten() for tensor in group]) for group in flat]

    def _shapes(self, arguments: tuple[Any, ...]) -> str:
        parts = zip(self._names, arguments, strict=True)
        return ", ".join(f"{name}: {described(value)}" for name, value in parts)


class Prediction(Exercise):
    """Predict, then measure.

    Args:
        title: number and name.
        measure: what it is really like, measured when the answer is checked.
        options: what can be answered; empty for numbers and shapes.
        wrong: messages for answers that are often given. They name the mistake, not the answer.
        otherwise: the message for other wrong answers.
        tolerance: relative, for a number.
        hints: see `Exercise`.
        why: see `Exercise`.
    """

    def __init__(
        self,
        title: str,
        measure: Callable[[], Value],
        *,
        options: Sequence[str] = (),
        wrong: Mapping[Value, str] | None = None,
        otherwise: str,
        hints: Sequence[str],
        why: str,
        tolerance: float = 0.0,
    ) -> None:
        """Nothing is measured yet."""
        super().__init__(title, hints=hints, why=why)
        self.measure = measure
        self.options = tuple(options)
        self.wrong = dict(wrong or {})
        self.otherwise = otherwise
        self.tolerance = tolerance

    def solution(self) -> Text:
        """Measure it, and say why it is so."""
        return Text(_wrapped(f"{_written(self.measure())}. {self.why}"))

    def _judge(self, answer: object) -> Verdict:
        if answer is None or answer is Ellipsis or (isinstance(answer, str | list | tuple | set) and not answer):
            return Verdict(self.title, "not attempted yet")
        truth = self.measure()
        given = _as(truth, answer)
        if given is None:
            kind = {"str": "one text", "frozenset": "a set of texts", "tuple": "a tuple"}.get(type(truth).__name__)
            return self._no(f"Expected {kind or 'a number'}, got {answer!r}.")
        unknown = [part for part in _parts(given) if isinstance(part, str) and part not in self.options]
        if unknown:
            return self._no(f"{unknown[0]!r} is not an option; there are {', '.join(self.options)}.")
        if self._matches(given, truth):
            return Verdict(self.title, "right", self.why)
        named = (message for value, message in self.wrong.items() if self._matches(given, value))
        return self._no(next(named, self.otherwise))

    def _matches(self, given: Value, value: Value) -> bool:
        if isinstance(given, Real) and isinstance(value, Real):
            return abs(float(given) - float(value)) <= self.tolerance * abs(float(value))
        return given == value


def report(exercises: Sequence[Exercise]) -> Text:
    """List the last verdict of each exercise, as the last cell of a lesson does.

    Example:
        >>> report([])
        0 of 0 right
    """
    lines = [f"{_MARK[exercise.verdict.state]} {exercise.title}: {exercise.verdict.state}" for exercise in exercises]
    right = sum(exercise.verdict.ok for exercise in exercises)
    return Text("\n".join([*lines, f"{right} of {len(exercises)} right"]))


def _tensors(value: Any) -> list[Tensor]:
    return list(value.values()) if isinstance(value, Mapping) else [value]


def _as(truth: Value, answer: object) -> Value | None:
    """The answer in the form of the truth, or None if it cannot be brought into it."""
    if isinstance(answer, Tensor) or hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(truth, str):
        return answer.strip() if isinstance(answer, str) else None
    if isinstance(truth, frozenset):
        whole = isinstance(answer, list | tuple | set | frozenset) and all(isinstance(part, str) for part in answer)
        return frozenset(part.strip() for part in answer) if whole else None  # type: ignore[attr-defined]
    if isinstance(truth, tuple):
        whole = isinstance(answer, list | tuple) and all(isinstance(part, Real) for part in answer)
        return tuple(answer) if whole else None  # type: ignore[arg-type]
    return float(answer) if isinstance(answer, Real) and not isinstance(answer, bool) else None


def _parts(value: Value) -> Sequence[Any]:
    return sorted(value) if isinstance(value, frozenset) else value if isinstance(value, tuple) else [value]


def _written(value: Value) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return value if isinstance(value, str) else f"{value:g}"


def _first_line(error: Exception) -> str:
    line = (str(error).strip().splitlines() or ["(no message)"])[0]
    return line if line.endswith((".", "!", "?")) else line + "."


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 96, break_long_words=False, break_on_hyphens=False)
