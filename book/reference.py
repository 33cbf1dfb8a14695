"""The reference, from the docstrings: which pages there are, and a docstring as reStructuredText."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Mapping, Sequence
from types import ModuleType

import styletools
from styletools.exercises.exercise import Exercise

FOLDERS = {
    "pictures": "Pictures",
    "network": "The network",
    "losses": "Losses",
    "descent": "Descent",
    "exercises": "Exercises",
    "explorers": "Live panels",
    "sweeps": "Sweeps",
    "course": "For teachers",
}
TOP = {
    "making": ("Making a picture", "What a picture is made from and with, from one call to each of its parts."),
    "reading": ("Reading and drawing", "What features say, and figures of it."),
    "around": ("Around it", "Errors, files, memory, the command line."),
}
PLACES = {
    "making": "recipes plan names ingredients paintings palette stages running keeping settings result remake "
    "transforms laboratory film mp4 folder stopping",
    "reading": "reading measures charts plots",
}
EMPHASIS = re.compile(r"(?<![\w*`(])\*([A-Za-z][^*`>]{0,200}?\w)\*(?![\w*])")
"""*Like this*. It may run over the end of a line, as the stars of two products might: only the text is kept."""
EQUATION = re.compile(r"^(?P<body>\S.*?)\s{2,}(?P<number>\(Eq\. [^)]+\))$")


def modules() -> list[ModuleType]:
    """Every module that names what is public in it; first those with a name at the top of the package."""
    found = [importlib.import_module(info.name) for info in pkgutil.walk_packages(styletools.__path__, "styletools.")]
    own = [module for module in found if getattr(module, "__all__", None) and not hasattr(module, "__path__")]
    return sorted(own, key=lambda module: set(module.__all__).isdisjoint(styletools.__all__))


def page_of(module: str) -> str:
    """The page on which a module is described."""
    parts = module.split(".")
    if len(parts) > 2:
        return parts[1]
    return next((page for page, names in PLACES.items() if parts[1] in names.split()), "around")


def objects() -> dict[str, str]:
    """Each public name as it may be written, and as the reference has it; a name that two modules share is left out."""
    found: dict[str, str] = {}
    for module in modules():
        found[module.__name__] = module.__name__
        for name in module.__all__:
            value = getattr(module, name)
            home = getattr(value, "__module__", module.__name__)
            if home == module.__name__ or not (inspect.isclass(value) or inspect.isfunction(value)):
                found[f"{module.__name__}.{name}"] = f"{module.__name__}.{name}"
    for name in styletools.__all__:
        value = getattr(styletools, name)
        for module in modules():
            if name in module.__all__ and getattr(module, name) is value:
                found[f"styletools.{name}"] = f"{module.__name__}.{name}"
                if found.get(f"{module.__name__}.{name}"):
                    break
    return {name: target for name, target in found.items() if target in found}


def pages() -> dict[str, str]:
    """The pages of the reference: their markdown by their names."""
    titles = {**{name: (title, "") for name, title in FOLDERS.items()}, **TOP}
    found = {name: f"# {title}\n\n{_about(name, text)}\n" for name, (title, text) in titles.items()}
    for module in modules():
        found[page_of(module.__name__)] += described(module)
    found["index"] = _front([*titles])
    return found


def _about(name: str, text: str) -> str:
    if text:
        return text
    package = importlib.import_module(f"styletools.{name}")
    return inspect.cleandoc(package.__doc__ or "").split("\n\n")[0]


def described(module: ModuleType) -> str:
    """A module with every public name that is its own."""
    known = objects()
    own = [name for name in module.__all__ if f"{module.__name__}.{name}" in known]
    parts = "\n".join(_directive(module, name) for name in own)
    return f"\n## `{module.__name__}`\n\n```{{eval-rst}}\n.. automodule:: {module.__name__}\n\n{parts}```\n"


def _directive(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        return f".. {kind}:: {module.__name__}.{name}\n   :members:\n   :show-inheritance:\n"
    if inspect.isfunction(value):
        return f".. autofunction:: {module.__name__}.{name}\n"
    return f".. autodata:: {module.__name__}.{name}\n   :no-value:\n"


def _front(names: Sequence[str]) -> str:
    rows = []
    known = objects()
    for name in styletools.__all__:
        target = known.get(f"styletools.{name}")
        summary = inspect.getdoc(getattr(styletools, name)) if callable(getattr(styletools, name)) else ""
        first = (summary or "").split("\n")[0]
        shown = f"{{py:obj}}`st.{name} <{target}>`" if target else f"`st.{name}`"
        rows.append(f"| {shown} | {first} |")
    listed = "\n".join(names)
    return (
        "# Reference\n\nEvery public name, from its docstring; each example runs in the tests. Most of what a reader "
        "needs is at the top of the package:\n\n```python\nimport styletools as st\n```\n\n| name | what it is |\n"
        "| --- | --- |\n" + "\n".join(rows) + f"\n\n```{{toctree}}\n:maxdepth: 2\n\n{listed}\n```\n"
    )


def said(obj: object, lines: Sequence[str]) -> list[str]:
    """The docstring of an object; for an exercise its title, since its docstring is that of its class."""
    return [f"{obj.title}."] if isinstance(obj, Exercise) else list(lines)


def restructured(lines: Sequence[str], known: Mapping[str, str], module: str) -> list[str]:
    """A docstring's lines as reStructuredText: `name` is a link or code, an equation is set apart, stars are stars."""
    found: list[str] = []
    for line in EMPHASIS.sub(r"\1", "\n".join(lines)).split("\n"):
        if line.lstrip().startswith((">>>", "...", ".. ")):
            found.append(line)
        elif equation := EQUATION.match(line):
            found += ["", ".. container:: equation", "", f"   {_inline(equation[0], known, module)}", ""]
        else:
            found.append(_inline(line, known, module))
    return found


def _inline(line: str, known: Mapping[str, str], module: str) -> str:
    parts = re.split(r"(``.+?``|`[^`]+`)", line)
    return "".join(_code(part, known, module) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    """What reStructuredText would take for markup."""
    return re.sub(r"(\*|\||(?<=\w)_(?!\w))", r"\\\1", text)


def _code(part: str, known: Mapping[str, str], module: str) -> str:
    name = part.strip("`")
    bare = re.sub(r"^st\.", "styletools.", name)
    for candidate in (bare, f"styletools.{bare}", f"{module}.{bare}"):
        if candidate in known:
            return f":py:obj:`{name} <{known[candidate]}>`"
    return f"``{name}``"
