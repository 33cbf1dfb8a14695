"""The statistics by name, and what `statistic=` may be."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeAlias

from styletools import losses
from styletools.door import explained
from styletools.errors import InputError, check_weight, shown
from styletools.losses.term import Term

__all__ = ["Statistic", "as_given", "find_statistics", "statistic_name", "statistics", "unsplit_statistic"]

TermFactory: TypeAlias = Callable[..., Term]
"""(layer, S, weight=, kind=) → Term; a class of terms is one."""
Statistic: TypeAlias = str | TermFactory | Iterable[str | TermFactory] | Mapping[str | TermFactory, float]
"""A name, a class of terms, several that count equally, or weights for these."""

_NOT_HERE = ("blocks", "objective", "sources", "statistics", "targets")  # they use the terms


@explained
@cache
def statistics(kind: str = "style") -> dict[str, type[Term]]:
    """All statistics of this package by name: a new file in `styletools/losses` is found automatically.

    Args:
        kind: `"style"` or `"content"`.

    Example:
        >>> statistics("content")["features"].__name__
        'Content'
    """
    found: dict[str, type[Term]] = {}
    for info in pkgutil.iter_modules(losses.__path__):
        if info.name in _NOT_HERE:
            continue
        module = importlib.import_module(f"{losses.__name__}.{info.name}")
        classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Term)]
        found |= {cls.statistic: cls for cls in classes if cls.statistic and cls.__module__ == module.__name__}
    return {name: found[name] for name in sorted(found) if found[name].kind == kind}


def find_statistics(statistic: Statistic, kind: str = "style") -> list[tuple[TermFactory, float, str | None]]:
    """Read what `statistic=` may be.

    Args:
        statistic: a name, a class of terms, several that count equally, or weights for these.
        kind: `"style"` or `"content"`.

    Returns:
        For each: the class, its share of the weight, and the first word of its terms' names (None, for the kind
            itself, where there is only one).

    Raises:
        InputError: an unknown name, something else, none at all, or the same one twice.

    Example:
        >>> [(cls.__name__, share) for cls, share, _ in find_statistics({"gram": 1, "mean": 3})]
        [('Gram', 1.0), ('Mean', 3.0)]
    """
    given = as_given(statistic)
    if not isinstance(given, dict):
        return [(_find(given, kind), 1.0, None)]
    if not given:
        raise InputError("statistic: expected at least one, got none")
    for name, weight in given.items():
        check_weight(f"statistic: the weight of {statistic_name(name)}", weight)
    alone = len(given) == 1
    return [(_find(name, kind), float(share), None if alone else statistic_name(name)) for name, share in given.items()]


def as_given(statistic: Statistic) -> str | TermFactory | dict[str | TermFactory, float]:
    """One statistic as it is, several as weights: a form that can be read more than once, and written down.

    Raises:
        InputError: see `find_statistics`.

    Example:
        >>> as_given(iter(["gram", "mean"]))
        {'gram': 0.5, 'mean': 0.5}
    """
    if isinstance(statistic, str) or callable(statistic):
        return statistic
    if isinstance(statistic, Mapping):
        return dict(statistic)
    if not isinstance(statistic, Iterable):
        raise InputError(f"statistic: expected a name, a class of terms, or several, got {shown(statistic)}")
    names = list(statistic)
    if len(set(names)) < len(names):
        raise InputError(f"statistic: one is named twice in {', '.join(map(statistic_name, names))}")
    return {name: 1 / len(names) for name in names}


def statistic_name(statistic: str | TermFactory) -> str:
    """What a statistic is called in settings and histories: its name, or the class's.

    Example:
        >>> statistic_name("gram"), statistic_name(statistics()["gram"])
        ('gram', 'gram')
    """
    if isinstance(statistic, str):
        return statistic
    if isinstance(statistic, type) and issubclass(statistic, Term) and statistic.statistic:
        return statistic.statistic
    return getattr(statistic, "__name__", None) or shown(statistic)


def unsplit_statistic(statistic: Statistic, kind: str = "style") -> str:
    """The first of some statistics that cannot be computed in blocks; empty where all can.

    Example:
        >>> unsplit_statistic(["gram", "histogram"]), unsplit_statistic("gram")
        ('histogram', '')
    """
    for factory, _, _ in find_statistics(statistic, kind):
        known = isinstance(factory, type) and issubclass(factory, Term)
        if not known or (factory.sums is Term.sums and not factory.of_pixels):  # type: ignore[attr-defined]
            return statistic_name(factory)
    return ""


def _find(statistic: str | TermFactory, kind: str) -> TermFactory:
    if not isinstance(statistic, str):
        if isinstance(statistic, type) and not issubclass(statistic, Term):
            raise InputError(f"statistic: expected a subclass of styletools.Term, got the class {statistic.__name__}")
        return statistic
    known = statistics(kind)
    if statistic not in known:
        raise InputError(f"statistic: expected one of {', '.join(known)}, or a class of terms; got {shown(statistic)}")
    return known[statistic]
