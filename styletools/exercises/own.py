"""The reader's functions where they are right, the package's where they are not yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from styletools.exercises.coding import Coding

__all__ = ["Own"]


class Own:
    """A table of functions, the reader's own and the package's, that grows as they are chosen.

    Lesson 05 puts together what was written in lessons 02 to 05, and must run even where not all of it is solved.

    Example:
        >>> from styletools.exercises import lesson05
        >>> own = Own()
        >>> def total_loss(content, style, alpha, beta):
        ...     return alpha * content + beta * style
        >>> eq7 = own.choose("Eq. 7", lesson05.total_loss, total_loss)
        >>> step = own.choose("the step", lesson05.step, None)
        >>> own
        Eq. 7     ✔ yours
        the step  … the package's (not attempted yet)
        1 of 2 are yours
    """

    def __init__(self) -> None:
        """An empty table."""
        self._rows: dict[str, tuple[str, bool]] = {}

    def choose(
        self, name: str, exercise: Coding, answer: object, fallback: Callable[..., Any] | None = None
    ) -> Callable[..., Any]:
        """Check an answer, and choose between it and a function that is known to be right.

        Args:
            name: of the row in the table; the same name again replaces the row.
            exercise: whose check decides.
            answer: the reader's function, or a stub.
            fallback: with the same arguments; by default the exercise's own solution.

        Returns:
            The answer if its check says "right", else the fallback.
        """
        verdict = exercise.check(answer)
        whose = "✔ yours" if verdict.ok else f"{'✘' if verdict.message else '…'} the package's ({verdict.state})"
        self._rows[name] = (whose, verdict.ok)
        if verdict.ok:
            return answer  # type: ignore[return-value]  # what passed a check is a function
        return exercise.solve if fallback is None else fallback

    @property
    def yours(self) -> list[str]:
        """The names of those that are the reader's."""
        return [name for name, (_, own) in self._rows.items() if own]

    def __repr__(self) -> str:
        """The table, a row for each function, and how many are the reader's."""
        widest = max(map(len, self._rows), default=0)
        rows = [f"{name:{widest}}  {whose}" for name, (whose, _) in self._rows.items()]
        return "\n".join([*rows, f"{len(self.yours)} of {len(rows)} are yours"])
