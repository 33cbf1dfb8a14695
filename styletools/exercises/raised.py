"""What to say of an exception that an answer raises: its own words, and what to do if the cause is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

import styletools

# What has to be run before the name is known.
_IMPORTS = {
    "torch": "import torch",
    "np": "import numpy as np",
    "numpy": "import numpy",
    "math": "import math",
    "st": "import styletools as st",
    "styletools": "import styletools",
    "nn": "from torch import nn",
    "functional": "from torch.nn import functional",
}
# Parts of a message → what to do. The first that fits counts.
_CAUSES = {
    r"xor|for \^": "In Python a power is written **; ^ is bitwise exclusive or.",
    r"same dtype|scalar type": (
        "The inputs are float64, or float32: make new tensors with torch.zeros_like(F) and the like, which keep "
        "the type."
    ),
    r"is invalid for input of size": "Are sizes written out as numbers? Take them from the tensor's .shape.",
    r"does not require grad": "What is given has no gradient: it is not asked for here.",
    r"local variable .* (referenced before|where it is not)": "It is used before it has a value.",
}


def told(error: BaseException, arguments: Sequence[str]) -> str:
    """What to say of an exception, in one or two sentences.

    Args:
        error: what was raised.
        arguments: the names of the function's arguments.
    """
    if isinstance(error, SystemExit):
        return "It calls exit(): a function gives its result back with `return`."
    return f"It raises {type(error).__name__}: {_first_line(error)} {_cause(error, arguments)}".rstrip()


def _cause(error: BaseException, arguments: Sequence[str]) -> str:
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        return _unknown(_name(error), arguments)
    if isinstance(error, RecursionError):
        return "It calls itself without end."
    text = _text(error)
    return next((words for part, words in _CAUSES.items() if re.search(part, text)), "")


def _name(error: NameError) -> str:
    found = re.search(r"'(\w+)'", _text(error))
    return error.name or (found.group(1) if found else "")


def _unknown(name: str, arguments: Sequence[str]) -> str:
    """What to do about a name that a notebook does not know."""
    if name in _IMPORTS:
        return f"Write {_IMPORTS[name]} first."
    if name in styletools.__all__:
        return f"In the notebook the package's functions begin with st.: st.{name}."
    alike = next((argument for argument in arguments if argument.lower() == name.lower()), None)
    if alike:
        return f"Do you mean {alike}? Capital and small letters are different names."
    return f"{name or 'That name'} is not defined in the notebook."


def _first_line(error: BaseException) -> str:
    line = (_text(error).strip().splitlines() or ["(no message)"])[0]
    return line if line.endswith((".", "!", "?")) else line + "."


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the reader's own may have no words
        return "(no message)"
