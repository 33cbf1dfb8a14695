"""Predict, then measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Number, Real
from typing import Any, TypeAlias

from styletools.exercises.comparing import written
from styletools.exercises.exercise import Exercise, Text, Verdict, wrapped

__all__ = ["Prediction"]

Value: TypeAlias = str | float | tuple[Any, ...] | frozenset[str]
EMPTY = (str, list, tuple, set, frozenset)  # only these themselves: a class of the reader's own may raise when asked
KINDS = {"str": "one text", "frozenset": "a set of texts", "tuple": "a tuple"}


class Prediction(Exercise):
    """Predict, then measure.

    Args:
        title: number and name.
        measure: measures what is true, when the answer is checked.
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
        return Text(wrapped(f"{_told(self.measure())}. {self.why}"))

    def _judge(self, answer: object) -> Verdict:
        if answer is None or answer is Ellipsis or (type(answer) in EMPTY and not answer):
            return Verdict(self.title, "not attempted yet")
        truth = self.measure()
        try:
            given = _as(truth, answer)
        except Exception:  # something of the reader's own, which answers no question
            given = None
        if given is None:
            kind = KINDS.get(type(truth).__name__, "a number")
            return self._no(f"Expected {kind}, got {written(answer)}.")
        given = self._options_in(given)
        unknown = [part for part in _parts(given) if isinstance(part, str) and part not in self.options]
        if unknown:
            return self._no(f"{written(unknown[0])} is not an option; there are {', '.join(self.options)}.")
        if self._matches(given, truth):
            return Verdict(self.title, "right", self.why)
        named = (message for value, message in self.wrong.items() if self._matches(given, value))
        return self._no(next(named, self.otherwise))

    def _options_in(self, given: Value) -> Value:
        """Options as they are written here, whatever the capital letters and blanks of the answer."""
        if isinstance(given, frozenset):
            return frozenset(self._option(part) for part in given)
        return self._option(given) if isinstance(given, str) else given

    def _option(self, text: str) -> str:
        return next((option for option in self.options if _bare(option) == _bare(text)), text.strip())

    def _matches(self, given: Value, value: Value) -> bool:
        if isinstance(given, Real) and isinstance(value, Real):
            return abs(float(given) - float(value)) <= self.tolerance * abs(float(value))
        return given == value


def _as(truth: Value, answer: Any) -> Value | None:
    """The answer in the form of the truth, or None if it cannot be brought into it."""
    if hasattr(answer, "tolist"):  # of torch or numpy
        answer = answer.tolist()
    if isinstance(truth, str):
        return str(answer) if isinstance(answer, str) else None
    if isinstance(truth, frozenset):
        texts = isinstance(answer, list | tuple | set | frozenset) and all(isinstance(part, str) for part in answer)
        return frozenset(map(str, answer)) if texts else None
    if isinstance(truth, tuple):
        numbers = isinstance(answer, list | tuple) and all(isinstance(part, Real) for part in answer)
        return tuple(answer) if numbers else None
    one = isinstance(answer, Number) and not isinstance(answer, bool | complex)
    return None if not one or math.isnan(float(answer)) else float(answer)


def _bare(text: str) -> str:
    """A text without what does not matter: capital letters, and blanks around and between the words."""
    return " ".join(text.casefold().split())


def _parts(value: Value) -> Sequence[Any]:
    return sorted(value) if isinstance(value, frozenset) else value if isinstance(value, tuple) else [value]


def _told(value: Value) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, tuple):
        return f"({', '.join(map(str, value))})"
    return value if isinstance(value, str) else f"{value:g}"
