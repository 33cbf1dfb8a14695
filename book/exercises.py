"""The exercises for a page that has no kernel: from the same objects that check in the notebook, never typed twice."""

from __future__ import annotations

import html
import importlib
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from styletools.exercises.exercise import Exercise
from styletools.exercises.prediction import Prediction

LESSONS = ("00b", "01", "02", "03", "04", "05", "06", "08", "09")


def of(stem: str) -> dict[str, dict[str, Any]]:
    """The exercises of a lesson by their names, ready for JSON; none for a lesson without any."""
    number = stem.split("_", maxsplit=1)[0]
    return _exported(number) if number in LESSONS else {}


@cache
def _exported(number: str) -> dict[str, dict[str, Any]]:
    return {name: exported(f"{number}.{name}", exercise) for name, exercise in _named(number)}


def _named(number: str) -> Iterator[tuple[str, Exercise]]:
    lesson = importlib.import_module(f"styletools.exercises.lesson{number}")
    names = {id(value): name for name, value in vars(lesson).items() if isinstance(value, Exercise)}
    for exercise in lesson.EXERCISES:
        yield names[id(exercise)], exercise


def exported(name: str, exercise: Exercise) -> dict[str, Any]:
    """An exercise as plain values. What a prediction is compared with is measured here, as the notebook measures it."""
    shared = {"name": name, "title": exercise.title, "hints": list(exercise.hints), "why": exercise.why}
    if not isinstance(exercise, Prediction):
        return {**shared, "kind": "code", "solution": str(exercise.solution())}
    truth = exercise.measure()
    kinds = {str: "one", frozenset: "several", tuple: "shape"}
    return {
        **shared,
        "kind": kinds.get(type(truth), "number"),
        "options": list(exercise.options),
        "truth": plain(truth),
        "tolerance": exercise.tolerance,
        "wrong": [[plain(value), message] for value, message in exercise.wrong.items()],
        "otherwise": exercise.otherwise,
    }


def plain(value: Any) -> Any:  # noqa: ANN401  # an answer of any kind
    """A value as JSON has it: a set as a sorted list, a shape as a list, a number as a number."""
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def as_html(exercise: dict[str, Any]) -> str:
    """An exercise as HTML in one line. Without JavaScript a prediction can be read; with it, answered."""
    if exercise["kind"] == "code":
        hints = "".join(
            f"<details><summary>A hint</summary><p>{marked(hint)}</p></details>" for hint in exercise["hints"]
        )
        solution = html.escape(exercise["solution"]).replace("\n", "&#10;")
        return (
            f'<div class="styletools-help">{hints}<details><summary>The solution</summary><pre>{solution}</pre>'
            f"</details></div>"
        )
    data = json.dumps(exercise, ensure_ascii=False).replace("<", "\\u003c")
    options = "".join(f"<li>{html.escape(option)}</li>" for option in exercise["options"])
    truth = exercise["truth"]
    numeric = f"{truth:g}" if isinstance(truth, float) else str(truth)
    told = html.escape(", ".join(map(str, truth)) if isinstance(truth, list) else numeric)
    return (
        f'<div class="styletools-prediction" role="group" aria-label="{html.escape(exercise["title"], quote=True)}">'
        f'<script type="application/json">{data}</script>'
        f"<p><strong>{html.escape(exercise['title'])}</strong></p><ul>{options}</ul>"
        f"<details><summary>The answer</summary><p>{told}. {marked(exercise['why'])}</p></details></div>"
    )


def marked(text: str) -> str:
    """A text for HTML, with its `code`."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
