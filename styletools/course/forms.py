"""A lesson in each form that it is handed out in: for students, for teachers, for nbgrader, for Otter-Grader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from styletools.course.cells import alone, cleared, code, markdown, raw
from styletools.course.lessons import Cell, Lesson, Task, course_root, source
from styletools.course.solved import body, header, solution, value

__all__ = ["instructor", "nbgrader_release", "nbgrader_source", "otter", "student"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN, SHOWN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
CODE_STUB = "# your code"


def student(lesson: Lesson, *, outputs: bool = True) -> list[Cell]:
    """The lesson as it is read and solved: empty stubs, no solutions.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> len(student(lessons()[4])) == len(lessons()[4].notebook["cells"])
        True
    """
    cells = alone(lesson)
    return cells if outputs else [cleared(cell) for cell in cells]


def instructor(lesson: Lesson) -> list[Cell]:
    """The lesson solved, the reason below each solution, and where to begin with the discussion questions.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> instructor(lessons()[4])[-1]["source"].splitlines()[0]
        '## For discussion: where to begin'
    """
    cells = alone(lesson)
    for task in lesson.tasks:
        text = source(cells[task.check])
        if task.coding:
            cells[task.stub]["source"] = _with_solution(lesson, task, solution(lesson, task))
        else:
            text = text.replace(_nothing(text, task), f"{task.answer} = {value(task)}")
        cells[task.check] = code(cells[task.check]["id"], text)
        cells[task.stub] = cleared(cells[task.stub])
    added = {task.check: markdown(f"why-{task.name}", f"> **Why.** {task.exercise.why}") for task in lesson.tasks}
    result = [one for i, cell in enumerate(cells) for one in (cell, added.get(i)) if one]
    answers = discussion(lesson.number)
    return [*result, markdown("to-discuss", f"## For discussion: where to begin\n\n{answers}")] if answers else result


def discussion(number: str) -> str:
    """What `docs/teaching.md` says about the discussion questions of a lesson.

    Example:
        >>> discussion("01")[:27]
        '**Why filters for fur and f'
    """
    text = (course_root() / "docs" / "teaching.md").read_text(encoding="utf-8")
    found = re.search(rf"^\*\*{number}\. (.*)$", text, re.MULTILINE)
    return f"**{found[1]}" if found else ""


def nbgrader_source(lesson: Lesson) -> list[Cell]:
    """What `nbgrader generate_assignment` reads: solutions and hidden tests between its marks.

    A test calls the check that the reader calls; only its hidden part asserts the verdict. So the released notebook
    still runs from top to bottom before anything is solved.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> cells = nbgrader_source(lessons()[1])
        >>> [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if "nbgrader" in cell["metadata"]][:2]
        ['shape-answer', 'shape-test']
    """
    cells = [cleared(cell) for cell in alone(lesson, "../{stem}/{stem}.ipynb")]
    for task in lesson.tasks:
        if task.coding:
            text = f"{header(lesson, task)}\n    {BEGIN}\n{body(task)}\n    {END}\n    return None"
            cells[task.stub]["source"] = _with_solution(lesson, task, text)
            cells[task.stub]["metadata"] = _nbgrader(f"{task.name}-answer", solution=True)
    split = {}
    for task in lesson.tasks:
        call = f"exercises.{task.name}.check({task.answer})"
        verdict = f"exercises.{task.name}.verdict"
        test = f"{call}\n{HIDDEN}\nassert {verdict}.ok, {verdict}.message\n{SHOWN}"
        graded = code(f"{task.name}-test", test, **_nbgrader(f"{task.name}-test", grade=True))
        split[task.check] = [graded]
        if not task.coding:
            text = source(cells[task.check]).replace(call, "").rstrip()
            text += f"\n{BEGIN}\n{task.answer} = {value(task)}\n{END}"
            asked = code(f"{task.name}-answer", text, **_nbgrader(f"{task.name}-answer", solution=True))
            split[task.check] = [asked, graded]
    return [one for i, cell in enumerate(cells) for one in split.get(i, [cell])]


def nbgrader_release(cells: list[Cell]) -> list[Cell]:
    r"""The part of such a notebook that students get, as nbgrader makes it: no solutions, no hidden tests.

    Example:
        >>> text = "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION\n    return None"
        >>> print(nbgrader_release([code("a", text)])[0]["source"])
        def half(x):
            # your code
            return None
    """
    return [{**cell, "source": _released(source(cell))} if cell["cell_type"] == "code" else cell for cell in cells]


def _released(text: str) -> str:
    text = re.sub(rf"^( *){BEGIN}\n.*?^ *{END}$", rf"\1{CODE_STUB}", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(rf"\n *{HIDDEN}\n.*?^ *{SHOWN}$", "", text, flags=re.MULTILINE | re.DOTALL)


def _nbgrader(name: str, *, grade: bool = False, solution: bool = False) -> dict[str, object]:
    about = {"grade_id": name, "grade": grade, "solution": solution, "locked": not solution, "task": False}
    points = {"points": 1} if grade else {}
    return {"nbgrader": {"schema_version": 3, "cell_type": "code", **about, **points}}


def otter(lesson: Lesson) -> list[Cell]:
    """What `otter assign` reads: questions between raw cells, solutions between marks, tests that call the checks.

    Example:
        >>> from styletools.course.lessons import lessons
        >>> otter(lessons()[1])[0]["source"].splitlines()[0]
        '# ASSIGNMENT CONFIG'
    """
    cells = [cleared(cell) for cell in alone(lesson, _WEB)]
    stubs = {task.stub: task for task in lesson.tasks if task.coding}
    checks = {task.check: task for task in lesson.tasks}
    top = raw("otter-config", f"# ASSIGNMENT CONFIG\n{_CONFIG}")
    found = [top]
    for i, cell in enumerate(cells):
        if i in stubs:
            text = _with_solution(lesson, stubs[i], _otter_function(lesson, stubs[i]))
            found += _question(stubs[i], cell["id"], text)
        elif i in checks and not checks[i].coding:
            task = checks[i]
            found += _question(task, cell["id"], _otter_prediction(source(cell), task))
        if i in checks:
            found.append(code(f"{checks[i].name}-check", _call(checks[i])))
        elif i not in stubs:
            found.append(cell)
    return found


def _name(task: Task) -> str:
    """The name that Otter-Grader tests: it does so at the end, so predictions must not share one."""
    return task.answer if task.coding else f"{task.answer}_{task.name}"


def _call(task: Task) -> str:
    return f"exercises.{task.name}.check({_name(task)})"


def _otter_prediction(text: str, task: Task) -> str:
    """The cell with both the empty line for students and the answer, between Otter-Grader's marks."""
    blank = _nothing(text, task)
    empty = blank.replace(task.answer, _name(task), 1)
    both = f"# BEGIN SOLUTION NO PROMPT\n{_name(task)} = {value(task)}\n# END SOLUTION\n"
    both += f'""" # BEGIN PROMPT\n{empty}\n""" # END PROMPT'
    return text.replace(f"exercises.{task.name}.check({task.answer})", "").rstrip().replace(blank, both)


_WEB = "https://github.com/styletools/styletools/blob/main/notebooks/{stem}.ipynb"
# The lesson's figures take a minute, and its answers are the solutions of a package that tests them itself.
_CONFIG = "init_cell: true\nexport_cell: false\nrun_tests: true\ngenerate: true\nenvironment: null\n"


def _otter_function(lesson: Lesson, task: Task) -> str:
    solved = f"    # BEGIN SOLUTION NO PROMPT\n{body(task)}\n    # END SOLUTION"
    return (
        f'{header(lesson, task)}\n{solved}\n    """ # BEGIN PROMPT\n    return None  # your code\n    """ # END PROMPT'
    )


def _question(task: Task, name: str, text: str) -> Iterator[Cell]:
    q = task.name
    test = f"verdict = {_call(task)}\nassert verdict.ok, verdict.message"
    yield raw(f"{q}-begin", f"# BEGIN QUESTION\nname: {q}\npoints: 1")
    yield markdown(f"{q}-words", f"*Question `{q}`, {task.exercise.title}.*")
    yield raw(f"{q}-begin-solution", "# BEGIN SOLUTION")
    yield code(name, text)
    yield raw(f"{q}-end-solution", "# END SOLUTION")
    yield raw(f"{q}-begin-tests", "# BEGIN TESTS")
    yield code(f"{q}-test", test)
    yield raw(f"{q}-end-tests", "# END TESTS")
    yield raw(f"{q}-end", "# END QUESTION")


def _with_solution(lesson: Lesson, task: Task, text: str) -> str:
    """The stub's cell with something else in place of the stub."""
    whole = source(lesson.notebook["cells"][task.stub])
    stub = f"{header(lesson, task)}\n    return None  # your code"
    assert stub in whole, f"the stub of {task.name} has another form than the others"
    return whole.replace(stub, text)


def _nothing(text: str, task: Task) -> str:
    """The line that a reader changes: `prediction = None`, or `= set()`."""
    found = re.search(rf"^{task.answer} = (?:None|set\(\))(?:  # .*)?$", text, re.MULTILINE)
    assert found, f"the cell of {task.name} has no line {task.answer} = None"
    return found[0]
