"""What is run of a submitted notebook: the exercises' cells, and what they may need from the others.

This runs where the answers run, since even to parse a stranger's program is to trust it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Asked", "Piece", "pieces", "used"]

_MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)
_DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    Attributes:
        name: of the exercise: `gram` in `exercises.gram.check(…)`; empty in an examination.
        answer: the function or the variable.
        coding: whether it is a function.
    """

    name: str
    answer: str
    coding: bool


@dataclass
class Piece:
    """A statement to run, an answer to take, or a cell that cannot be read.

    Attributes:
        code: what to run, if anything.
        answers: which expression each exercise takes after that; `None` for a function that does nothing.
        problem: why the cell cannot be read; it concerns all `answers`.
        optional: whether an error in it counts against no answer.
        empty: the name of the function that it defines and that does nothing.
    """

    code: ast.stmt | None = None
    answers: dict[str, ast.expr | None] = field(default_factory=dict)
    problem: str = ""
    optional: bool = False
    empty: str = ""


def pieces(cells: Sequence[str], asked: Sequence[Asked]) -> Iterator[Piece]:
    r"""All that is run, in order.

    From an exercise's cell, that is every statement but bare expressions (prints, plots); from any other cell, imports,
    functions, classes, and values that are written out.

    Example:
        >>> gram = Asked("gram", "gram_matrix", True)
        >>> cells = ["half = 0.5", "long = train()", "def gram_matrix(F):\n    return F * half", "print(1)"]
        >>> [ast.unparse(piece.code).splitlines()[0] for piece in pieces(cells, [gram])]
        ['half = 0.5', 'def gram_matrix(F):']
    """
    for text in cells:
        if text.lstrip().startswith("%%"):
            continue
        ours = [one for one in asked if _stands_in(one, text)]
        try:
            body = ast.parse(_MAGIC.sub(r"\1pass", text)).body
        except (SyntaxError, ValueError) as error:
            where = f", line {error.lineno} of the cell" if isinstance(error, SyntaxError) and error.lineno else ""
            words = f"The cell cannot be read: {getattr(error, 'msg', error)}{where}."
            yield Piece(answers={_key(one): None for one in ours}, problem=words)
            continue
        for statement in body:
            yield from _pieces_of(statement, asked, own=bool(ours))


def _pieces_of(statement: ast.stmt, asked: Sequence[Asked], own: bool) -> Iterator[Piece]:
    checks = dict(_checks(statement, asked))
    if checks:
        yield Piece(answers=checks)
    elif isinstance(statement, _DEFINITIONS):
        empty = statement.name if isinstance(statement, ast.FunctionDef) and _does_nothing(statement) else ""
        optional = isinstance(statement, ast.Import | ast.ImportFrom)
        yield Piece(statement, _defined(statement, asked), optional=optional, empty=empty)
    elif isinstance(statement, ast.Expr | ast.Pass):
        return
    elif own or (isinstance(statement, _ASSIGNMENTS) and not _calls(statement)):
        yield Piece(statement, dict(_assigned(statement, asked)), optional=not own)


def _checks(statement: ast.stmt, asked: Sequence[Asked]) -> Iterator[tuple[str, ast.expr | None]]:
    """The checks called in a statement: exercises.gram.check(gram_matrix)."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "check":
            of = node.func.value
            name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
            given = node.args[0] if node.args else node.keywords[0].value if node.keywords else None
            yield from ((_key(one), given) for one in asked if one.name and one.name == name)


def _defined(statement: ast.stmt, asked: Sequence[Asked]) -> dict[str, ast.expr | None]:
    """The answers that a function gives; `None` if it does nothing."""
    if not isinstance(statement, ast.FunctionDef):
        return {}
    answers = [one for one in asked if one.coding and one.answer == statement.name]
    there = None if _does_nothing(statement) else ast.Name(statement.name, ast.Load())
    return {_key(one): there for one in answers}


def _assigned(statement: ast.stmt, asked: Sequence[Asked]) -> Iterator[tuple[str, ast.expr | None]]:
    """The answers that an assignment gives, where no check is called: a lambda, or a line of an examination."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    for one in asked:
        if one.answer in names and (one.coding or not one.name):
            yield _key(one), ast.Name(one.answer, ast.Load())


def _does_nothing(function: ast.FunctionDef) -> bool:
    body = function.body[1 if ast.get_docstring(function) is not None else 0 :]
    return not function.decorator_list and all(map(_is_nothing, body))


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Return):
        return statement.value is None or (isinstance(statement.value, ast.Constant) and statement.value.value is None)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _calls(statement: ast.stmt) -> bool:
    """Whether anything is computed by a call, outside of a lambda's body."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call | ast.Await):
            return True
        if not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return False


def _stands_in(one: Asked, text: str) -> bool:
    if one.name and re.search(rf"\b{re.escape(one.name)}\.check\(", text):
        return True
    begins = rf"^(def\s+{one.answer}\b|{one.answer}\s*[:=])" if one.coding or not one.name else r"(?!)"
    return re.search(begins, text, re.MULTILINE) is not None


def _key(one: Asked) -> str:
    return one.name or one.answer


def used(cells: Sequence[str], asked: Sequence[Asked]) -> dict[str, list[str]]:
    r"""Which of the package's own functions an answer's function calls; for those who read the grades.

    Example:
        >>> used(["def gram_matrix(F):\n    return st.gram_matrix(F)"], [Asked("gram", "gram_matrix", True)])
        {'gram': ['st.gram_matrix']}
    """
    found: dict[str, list[str]] = {}
    for piece in pieces(cells, asked):
        if isinstance(piece.code, ast.FunctionDef):
            names = {
                f"{node.value.id}.{node.attr}"
                for node in ast.walk(piece.code)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _OURS
            }
            found |= {key: sorted(names) for key in piece.answers if names}
    return found


_OURS = ("st", "styletools", "exercises", "equations")
