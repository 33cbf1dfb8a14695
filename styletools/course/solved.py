"""The solutions as a notebook has them: the stub's first line and docstring, the solution's body."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache
from typing import Any

import styletools
from styletools.course.lessons import Lesson, Task, source, stub_of
from styletools.exercises.coding import Coding
from styletools.exercises.prediction import Prediction

__all__ = ["header", "solution", "value"]


def header(lesson: Lesson, task: Task) -> str:
    """The stub without its last line, `return None`.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> lesson = next(lesson for lesson in lessons() if lesson.number == "03")
        >>> header(lesson, lesson.tasks[0]).splitlines()[0]
        'def gram_matrix(F):'
    """
    lines = source(lesson.notebook["cells"][task.stub]).splitlines()
    stub = stub_of(lesson, task)
    return "\n".join(lines[stub.lineno - 1 : stub.body[-1].lineno - 1])


def body(task: Task) -> str:
    """What replaces that line: the solution's own lines, indented, with the package's names as notebooks write them."""
    assert isinstance(task.exercise, Coding)
    solve = task.exercise.solve
    text = textwrap.dedent(inspect.getsource(solve))
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    first = function.body[1 if ast.get_docstring(function) else 0]
    lines = text.splitlines()
    for inner in (node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function):
        lines[inner.lineno - 1] = re.sub(r"(: Tensor)(?=[,)])| -> Tensor(?=:)", "", lines[inner.lineno - 1])
    lines = lines[first.lineno - 1 :]
    if isinstance(first, ast.FunctionDef):
        lines = ["", *lines]
    code = "\n".join(lines)
    for name in {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} & set(styletools.__all__):
        if name in solve.__globals__:
            code = re.sub(rf"(?<![\w.]){name}\(", f"st.{name}(", code)
    return code


def solution(lesson: Lesson, task: Task) -> str:
    """The solved cell of a coding exercise.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> lesson = next(lesson for lesson in lessons() if lesson.number == "03")
        >>> solution(lesson, lesson.tasks[0]).splitlines()[-2:]
        ['    F = F.flatten(2)', '    return F @ F.transpose(1, 2)']
    """
    return f"{header(lesson, task)}\n{body(task)}"


@cache
def value(task: Task) -> str:
    """What a prediction turns out to be, as it would be typed."""
    assert isinstance(task.exercise, Prediction)
    return typed(task.exercise.measure())


def typed(answer: Any) -> str:  # a text, a number, a tuple or a set
    """A value as Python source; a set in order, so that it is the same in every run.

    Example:
        >>> typed(frozenset({"b", "a"})), typed(2.0)
        ("{'a', 'b'}", '2.0')
    """
    return "{" + ", ".join(map(repr, sorted(answer))) + "}" if isinstance(answer, frozenset) else repr(answer)
