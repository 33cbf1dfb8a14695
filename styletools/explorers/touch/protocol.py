"""The host of the touchable views in a notebook: it answers what they ask. The protocol is in `protocol.js`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

import anywidget
import ipywidgets as widgets
import numpy as np
import torch
import traitlets
from torch import Tensor

from styletools.errors import StyletoolsError
from styletools.network.network import Layer
from styletools.pictures.images import to_pil

__all__ = ["MISSING", "Answer", "Touch", "array", "described", "encoded", "joined", "missing", "picture", "style"]

FOLDER = files("styletools.explorers.touch")
HALF = 60000.0  # near the largest float16
MISSING = "styletools-untouchable"
"""CSS class of the line that says what to do where the views do not appear; the views hide it."""


@dataclass(frozen=True)
class Answer:
    """What a view is told: a few plain values, and at most one buffer."""

    values: dict[str, Any] = field(default_factory=dict)
    buffer: bytes | None = None


Asked: TypeAlias = Callable[[dict[str, Any], list[Any]], Answer]


def array(values: Tensor, half: bool = True, **more: Any) -> Answer:  # noqa: ANN401  # plain values
    """Numbers of any shape, as float16 with a common scale, or as float32.

    Example:
        >>> answer = array(torch.tensor([[1.0, 2e6]]), layer="conv1_1")
        >>> answer.values["shape"], answer.values["dtype"], len(answer.buffer)
        ([1, 2], 'float16', 4)
    """
    numbers = values.detach().float().cpu().contiguous()
    scale = max(1.0, float(numbers.abs().max()) / HALF) if half and numbers.numel() else 1.0
    kind = np.dtype("<f2" if half else "<f4")
    content = (numbers / scale).numpy().astype(kind).tobytes()
    return Answer({**more, "shape": list(values.shape), "dtype": kind.name, "scale": scale}, content)


def picture(image: Tensor, **more: Any) -> Answer:  # noqa: ANN401  # plain values
    """A picture (1, 3, H, W) in [0, 1] as red, green, blue and opacity.

    Example:
        >>> picture(torch.rand(1, 3, 4, 6)).values
        {'shape': [4, 6, 4], 'dtype': 'uint8'}
    """
    shown = to_pil(image).convert("RGBA")
    return Answer({**more, "shape": [shown.height, shown.width, 4], "dtype": "uint8"}, shown.tobytes())


def encoded(png: bytes, **more: Any) -> Answer:  # noqa: ANN401  # plain values
    """A picture that is already a PNG file.

    Example:
        >>> encoded(b"").values
        {'type': 'image/png'}
    """
    return Answer({**more, "type": "image/png"}, png)


def described(layers: Iterable[Layer]) -> list[dict[str, Any]]:
    """What the views know about layers, as plain values.

    Example:
        >>> described([Layer("conv1_1", 64, 1, 3, 3)])
        [{'name': 'conv1_1', 'filters': 64, 'stride': 1, 'field': 3}]
    """
    return [
        {"name": one.name, "filters": one.filters, "stride": one.stride, "field": one.receptive_field} for one in layers
    ]


@cache
def joined(name: str) -> str:
    """A view and all that it imports as one module: anywidget takes one text, which can import nothing.

    Args:
        name: of a file in this folder.

    Example:
        >>> "import {" in joined("features.js"), joined("features.js").splitlines()[-1]
        (False, 'export default { render };')
    """
    done: list[str] = []

    def take(file: str) -> str:
        done.append(file)
        text = (FOLDER / file).read_text(encoding="utf-8")
        wanted = re.findall(r'^import [^;]*? from "\./([\w.]+)";$', text, re.MULTILINE)
        text = re.sub(r'^import [^;]*? from "\./[\w.]+";\n', "", text, flags=re.MULTILINE)
        text = re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)
        return "".join(take(other) for other in wanted if other not in done) + text

    return take(name)


@cache
def style() -> str:
    """The common look of all views.

    Example:
        >>> ".st-touch" in style()
        True
    """
    return (FOLDER / "touch.css").read_text(encoding="utf-8")


def missing(instead: str) -> widgets.HTML:
    """One line for a front end in which the views do not appear; where they do, they hide it.

    Args:
        instead: what to use there.

    Example:
        >>> missing("the lists above").value
        '<small>Nothing to click on here? This front end does not run anywidget; use the lists above.</small>'
    """
    line = widgets.HTML(
        f"<small>Nothing to click on here? This front end does not run anywidget; use {instead}.</small>"
    )
    line.add_class(MISSING)
    return line


class Touch(anywidget.AnyWidget):
    """A view that asks, and what answers it.

    Attributes:
        answers: by the name of the question, what is called with the message and its buffers.
        failed: called with the exception when an answer could not be given.
        version: raised when earlier answers are no longer true; the views then ask again.
    """

    _css = style()
    version = traitlets.Int().tag(sync=True)

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401  # whatever the subclass has
        """Answer nothing yet."""
        super().__init__(**traits)
        self.answers: dict[str, Asked] = {}
        self.failed: Callable[[Exception], None] = lambda error: None
        self.on_msg(self._asked)

    def renew(self) -> None:
        """Let the views ask again."""
        self.version += 1

    def _asked(self, _: Touch, content: Any, buffers: list[Any]) -> None:  # noqa: ANN401  # whatever was sent
        """Answer a question; a front end may send anything, and is also told what goes wrong."""
        if not isinstance(content, dict) or "id" not in content:
            return
        try:
            if content.get("ask") not in self.answers:
                raise StyletoolsError(f"there is no answer to {str(content.get('ask'))[:40]!r}")
            with torch.no_grad():
                answer = self.answers[content["ask"]](content, buffers)
        except Exception as error:  # ipywidgets would swallow it
            self.failed(error)
            known = isinstance(error, StyletoolsError)
            line = (str(error).splitlines() or [""])[0]
            self.send({"id": content["id"], "error": line if known else f"{type(error).__name__}: {line}"})
            return
        self.send({"id": content["id"], **answer.values}, [] if answer.buffer is None else [answer.buffer])
