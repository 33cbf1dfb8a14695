"""Submissions as a class sends them, made from the lists of right, wrong and strange answers of the exercises' tests.

Those lists hold functions; here their source is what students have written into their notebooks.
"""

from __future__ import annotations

import ast
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from styletools.course.lessons import Lesson, Task, lessons, source
from styletools.course.solved import solution, typed, value
from styletools.exercises.prediction import Prediction

EXERCISES = Path(__file__).parent.parent / "exercises"
ELSEWHERE = ("SOLVE", "LESSONS", "CODING", "exercises.", "sys.", "threading.")
STRANGE = [
    "print",
    "torch.tensor(3.0)",
    "'F @ F.T'",
    "lambda *arguments: 1j",
    "lambda *a: iter([1, 2])",
    "int",
    "lambda *arguments: {'x': object()}",
    "lambda *arguments: float('nan')",
    "lambda: 0",
    "lambda *arguments: exit()",
    "type('Unkind', (), {'__call__': lambda self, *a: self})()",
]
STRANGE_PREDICTIONS = [
    "object()",
    "[[1, 2], [3]]",
    "float('inf')",
    "1j",
    "print",
    "b'left'",
    "10**400",
    "torch.ones(2)",
    "'left\\0'",
    "'x' * 10**6",
    "{1: {2: 3}}",
    "iter([1, 2])",
    "np.zeros((2, 2))",
]


@dataclass(frozen=True)
class Answer:
    """What stands in a notebook, and what kind of answer it is."""

    kind: str
    text: str


def _module(name: str) -> ast.Module:
    return ast.parse((EXERCISES / name).read_text(encoding="utf-8"))


def _listed(name: str, variable: str) -> ast.expr:
    (found,) = (
        node.value
        for node in _module(name).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == variable
    )
    return found


@cache
def helpers(name: str) -> str:
    """The functions that such a list uses."""
    functions = [node for node in _module(name).body if isinstance(node, ast.FunctionDef)]
    kept = [ast.unparse(node) for node in functions if not node.name.startswith("test_") and not node.decorator_list]
    eq4 = "def eq4(F, S, power=2):\n    N, M = F.shape[1], F.shape[2] * F.shape[3]\n"
    eq4 += "    return ((G(F) - G(S)) ** power).sum() / (4 * N**2 * M**2)"
    kept = [text for text in kept if not any(word in text for word in ELSEWHERE)]
    return "\n\n".join(["import math\nimport numpy as np\nimport torch\nimport torch.nn.functional as nnf", *kept, eq4])


@cache
def written(kind: str) -> dict[str, list[str]]:
    """Number of an exercise → answers of a list, as they were typed."""
    found: dict[str, list[str]] = {}
    if kind == "wrong":
        table = _listed("test_lessons.py", "WRONG")
        pairs = [
            (ast.literal_eval(key), ast.unparse(case.elts[0]))
            for key, cases in zip(table.keys, table.values, strict=True)
            for case in cases.elts
        ]
    else:
        pairs = [
            (ast.literal_eval(case.elts[0]), ast.unparse(case.elts[1]))
            for case in _listed("test_mistakes.py", "RIGHT").elts
        ]
    for number, text in pairs:
        if not any(word in text for word in ELSEWHERE):
            found.setdefault(number, []).append(text)
    return found


def answers(lesson: Lesson, task: Task) -> Iterator[Answer]:
    """All that a class makes of an exercise."""
    yield Answer("nothing", "")
    if isinstance(task.exercise, Prediction):
        yield Answer("right", value(task))
        yield from (Answer("wrong", typed(wrong)) for wrong in task.exercise.wrong)
        yield from (Answer("strange", text) for text in STRANGE_PREDICTIONS)
        return
    yield Answer("right", solution(lesson, task))
    yield from (Answer("right", text) for text in written("right").get(task.number, []))
    yield from (Answer("wrong", text) for text in written("wrong")[task.number])
    yield from (Answer("strange", text) for text in STRANGE)


def filled(lesson: Lesson, chosen: dict[str, Answer]) -> list[dict[str, object]]:
    """The lesson's cells with these answers."""
    cells = [{**cell, "source": source(cell)} for cell in lesson.notebook["cells"]]
    for task in lesson.tasks:
        answer = chosen[task.name]
        if not answer.text:
            continue
        if answer.text.startswith("def "):
            cells[task.stub]["source"] = answer.text
        elif task.coding:
            cells[task.stub]["source"] = f"{task.answer} = {answer.text}"
        else:
            text = cells[task.check]["source"]
            line = next(line for line in text.splitlines() if line.startswith(f"{task.answer} = "))
            cells[task.check]["source"] = text.replace(line, f"{task.answer} = {answer.text}")
    of_right = "\n" + helpers("test_mistakes.py")
    first = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": of_right}
    second = {**first, "id": "mine-too", "source": helpers("test_lessons.py")}
    return [*cells[:2], first, second, *cells[2:]]


def directly(task: Task, answer: Answer) -> object:
    """The verdict of the check as a notebook calls it, in this process."""
    exercise = task.exercise.fresh()
    if not answer.text:
        return exercise.check(None)
    space: dict[str, object] = {}
    import styletools as st

    space["st"] = st
    exec(helpers("test_mistakes.py"), space)
    exec(helpers("test_lessons.py"), space)
    if answer.text.startswith("def "):
        exec(answer.text, space)
        return exercise.check(space[task.answer])
    return exercise.check(eval(answer.text, space))


def _huge(cells: list[dict[str, object]], _: random.Random) -> list[dict[str, object]]:
    output = {"output_type": "stream", "name": "stdout", "text": ["x" * 1000 + "\n"] * 3000}
    return [{**cell, "outputs": [output]} if cell["cell_type"] == "code" else cell for cell in cells]


def _duplicated(cells: list[dict[str, object]], rng: random.Random) -> list[dict[str, object]]:
    again = rng.randrange(len(cells))
    return [*cells[: again + 1], *cells[again:]]


def _without_text(cells: list[dict[str, object]], _: random.Random) -> list[dict[str, object]]:
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _split(cells: list[dict[str, object]], _: random.Random) -> list[dict[str, object]]:
    return [{**cell, "source": str(cell["source"]).splitlines(keepends=True)} for cell in cells]


def _empty_stub_again(cells: list[dict[str, object]], _: random.Random) -> list[dict[str, object]]:
    """The lesson's own cells once more, below: nothing of what stands above is undone."""
    stubs = [cell for cell in cells if "# your code" in str(cell["source"])]
    return [*cells, *stubs]


ODDITIES = [lambda cells, _: cells, _huge, _duplicated, _without_text, _split, _empty_stub_again]


def a_class(folder: Path, count: int, seed: int = 0) -> dict[str, dict[str, tuple[Task, Answer]]]:
    """Write so many submissions; whose it is → exercise → what was answered."""
    rng = random.Random(seed)
    with_tasks = [lesson for lesson in lessons() if lesson.tasks]
    pools = {(lesson.stem, task.name): list(answers(lesson, task)) for lesson in with_tasks for task in lesson.tasks}
    sent = {}
    for i in range(count):
        lesson, student = with_tasks[i % len(with_tasks)], f"Student {i:03}"
        chosen = {task.name: _any(pools[lesson.stem, task.name], rng) for task in lesson.tasks}
        cells = ODDITIES[i % len(ODDITIES)](filled(lesson, chosen), rng)
        about = {"kernelspec": {"name": "conda-env-x", "display_name": "R"}, "widgets": {"a": 1}} if i % 3 else {}
        notebook = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
        text = json.dumps(notebook, ensure_ascii=bool(i % 2))
        place = folder / student / f"{'Abgabe (1)' if i % 4 else lesson.stem}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_bytes(text.encode("utf-16" if i % 7 == 3 else "utf-8"))
        sent[student] = {task.number: (task, chosen[task.name]) for task in lesson.tasks}
    return sent


def _any(pool: list[Answer], rng: random.Random) -> Answer:
    kind = rng.choice(["right", "right", "wrong", "wrong", "strange", "nothing"])
    return rng.choice([answer for answer in pool if answer.kind == kind])


torch.set_num_threads(1)
