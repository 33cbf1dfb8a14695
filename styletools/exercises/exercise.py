"""What all exercises share: a verdict, hints, a solution, and a report."""

from __future__ import annotations

import copy
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

from styletools.exercises.calling import unchanged
from styletools.surroundings import undisturbed

__all__ = ["Exercise", "Text", "Verdict", "report"]

State: TypeAlias = Literal["not attempted yet", "not yet", "right"]
_MARK: dict[State, str] = {"not attempted yet": "…", "not yet": "✘", "right": "✔"}


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
        return wrapped(f"{_MARK[self.state]} {self.exercise}: {self.state}. {self.message}")


class Exercise(ABC):
    """What both kinds share.

    Args:
        title: number and name.
        hints: from a nudge to nearly everything.
        why: the reasoning, shown with a right answer and with the solution.

    Attributes:
        verdict: the last one.
        solved: whether there was a right answer. A wrong one after it does not undo that.
    """

    def __init__(self, title: str, *, hints: Sequence[str], why: str) -> None:
        """Nothing is computed yet."""
        self.title = title
        self.hints = tuple(hints)
        self.why = why
        self.verdict = Verdict(title, "not attempted yet")
        self.solved = False

    def fresh(self, seed: int = 0) -> Self:
        """The same exercise, not attempted yet: what is checked for another reader leaves no trace in this one.

        Args:
            seed: of the random inputs, where there are any; 0 gives those of the notebooks.
        """
        other = copy.copy(self)
        other.verdict, other.solved = Verdict(self.title, "not attempted yet"), False
        return other

    @undisturbed
    def check(self, answer: object = None) -> Verdict:
        """Say whether an answer is right and, if it is not, what is wrong with it.

        Args:
            answer: for a coding exercise the function itself, for a prediction the value. None, and a function
                that does nothing, is "not attempted yet".

        Returns:
            The verdict; a notebook shows it. No exception is raised for a wrong answer.
        """
        with unchanged():
            self.verdict = self._judge(answer)
        self.solved = self.solved or self.verdict.ok
        return self.verdict

    def hint(self, number: object = 1) -> Text:
        """Show a hint, `hint()`, or a further one, `hint(2)`; any number beyond the last shows the last."""
        number = min(max(_whole(number), 1), len(self.hints))
        more = f" More: hint({number + 1})." if number < len(self.hints) else ""
        return Text(wrapped(f"Hint {number} of {len(self.hints)}. {self.hints[number - 1]}{more}"))

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


def report(exercises: Sequence[Exercise]) -> Text:
    """List how each exercise stands, as the last cell of a lesson does: what was right once stays right.

    Example:
        >>> report([])
        0 of 0 right
    """
    states: list[State] = ["right" if exercise.solved else exercise.verdict.state for exercise in exercises]
    lines = [f"{_MARK[state]} {exercise.title}: {state}" for exercise, state in zip(exercises, states, strict=True)]
    right = states.count("right")
    return Text("\n".join([*lines, f"{right} of {len(exercises)} right"]))


def wrapped(text: str) -> str:
    """A text in lines as long as a notebook shows."""
    return textwrap.fill(" ".join(text.split()), 96, break_long_words=False, break_on_hyphens=False)


def _whole(number: Any) -> int:
    """The number of a hint, whatever was given; 1 for what is not a number."""
    try:
        return int(float(number))
    except Exception:  # a text, nothing, infinity
        return 1
