"""Settings as text inside a picture; a file from elsewhere can hold anything, so what is read is bounded."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["from_text", "to_text"]

LONGEST = 1_000_000  # characters; the settings of a picture take a few thousand
_LONGEST_NUMBER = 100  # characters
_DEEPEST = 50  # lists and objects nested in each other


def to_text(settings: dict[str, Any], *, ascii_only: bool = False) -> str:
    r"""Write settings as JSON that `from_text` can read back.

    A file name that is not UTF-8 must not cost the picture: then the text is ASCII only, and the name comes back as it
    was.

    Args:
        settings: values that JSON can hold.
        ascii_only: whether other characters are written as escapes.

    Raises:
        ValueError: something that JSON cannot hold, such as NaN.
        TypeError: likewise.
        RecursionError: nested far too deeply.

    Example:
        >>> to_text({"α": 1}), to_text({"α": 1}, ascii_only=True)
        ('{"α": 1}', '{"\\u03b1": 1}')
    """
    text = json.dumps(settings, ensure_ascii=ascii_only, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(settings, allow_nan=False)
    return text


def from_text(text: object) -> dict[str, Any]:
    """Read settings from the text in a file, trusting none of it.

    Args:
        text: a str, or bytes in UTF-8.

    Returns:
        What `to_text` was given: at most a million characters, fifty levels, finite numbers of at most a hundred
        characters, no key twice, no characters that cannot be encoded.

    Raises:
        ValueError: anything else.

    Example:
        >>> from_text(b'{"seed": 0}')
        {'seed': 0}
        >>> from_text('{"seed": NaN}')
        Traceback (most recent call last):
        ValueError: expected a finite number, got NaN
    """
    if isinstance(text, bytes):
        text = text[: 4 * LONGEST + 1].decode("utf-8")
    if not isinstance(text, str):
        raise ValueError(f"expected text, got {type(text).__name__}")
    if len(text) > LONGEST:
        raise ValueError(f"expected at most {LONGEST} characters, got {len(text)}")
    try:
        settings = json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_each_once
        )
    except RecursionError:
        raise ValueError(f"expected at most {_DEEPEST} levels") from None
    if not isinstance(settings, dict):
        raise ValueError(f"expected an object, got {type(settings).__name__}")
    _check_values(settings)
    return settings


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"expected numbers of at most {_LONGEST_NUMBER} digits, got {len(digits)}")
    return int(digits)


def _finite(digits: str) -> float:
    if len(digits) > _LONGEST_NUMBER or not math.isfinite(float(digits)):
        raise ValueError(f"expected a finite number, got {digits[:20]}")
    return float(digits)


def _no_constant(word: str) -> float:
    raise ValueError(f"expected a finite number, got {word}")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("expected each key once")
    return found


def _check_values(settings: dict[str, Any]) -> None:
    """Check level by level, without recursion: what is nested too deeply for Python is what this looks for."""
    level: list[Any] = [settings]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += [*value, *value.values()]
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, str):
                # A lone surrogate cannot be encoded, unless it stands for a byte of a file name (PEP 383).
                value.encode("utf-8", "surrogateescape")
        if not inner:
            return
        level = inner
    raise ValueError(f"expected at most {_DEEPEST} levels")
