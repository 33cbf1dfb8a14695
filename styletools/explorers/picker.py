"""Choose a picture: bundled, drawn, or a file of your own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
from torch import Tensor

from styletools.errors import ImageError
from styletools.explorers.panel import Panel
from styletools.pictures.images import ImageSource, check_image, fit_size, load_image, resize
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS

__all__ = ["LARGEST_UPLOAD", "Chosen", "Picker"]

LARGEST_UPLOAD = 20_000_000
"""Bytes of the largest file that is accepted."""
_OWN = "your own"


@dataclass(frozen=True)
class Chosen:
    """What was chosen at one moment: a worker that asked later might mix two choices.

    Attributes:
        name: in the list.
        key: what the picture is known by; two files of the same name have different keys.
        source: what a recipe takes: a name, or what was given or uploaded.
    """

    name: str
    key: str
    source: Any

    def image(self, size: int) -> Tensor:
        """The picture with the given longer side, (1, 3, H, W).

        Raises:
            ImageError: it cannot be read.
        """
        if isinstance(self.source, Tensor):
            return resize(self.source, *reversed(fit_size(self.source.shape[3], self.source.shape[2], size)))
        return load_image(self.source, size)


class Picker:
    """A list of pictures and a button to add a file.

    Args:
        panel: where errors are shown.
        label: what the picture is for.
        start: a bundled name, a path or whatever `load_image` reads, or a tensor.
        names: what is in the list.
    """

    def __init__(
        self, panel: Panel, label: str, start: ImageSource | Tensor, names: Sequence[str] | None = None
    ) -> None:
        """Read the first picture, so that a wrong name is reported at once."""
        self._panel = panel
        self._files: dict[str, Any] = {}
        self._keys: dict[str, str] = {}
        options = list(names or (*PHOTOGRAPHS, *PAINTINGS, *PROCEDURAL))
        if not (isinstance(start, str) and start in options):
            name = start if isinstance(start, str) else _OWN
            self._files[name] = _checked(start)
            self._keys[name] = _key(self._files[name])
            options.insert(0, name)
        first = start if isinstance(start, str) else _OWN
        self.choice = widgets.Dropdown(
            options=options, value=first, description=label, tooltip=f"{label}: a bundled, drawn or uploaded picture"
        )
        self.upload = widgets.FileUpload(
            accept="image/*",
            description="Upload",
            tooltip=f"{label}: your own picture, at most {LARGEST_UPLOAD // 1_000_000} MB; it stays on this machine",
            layout=widgets.Layout(width="120px"),
        )
        panel.on_change(self.upload, self._uploaded)
        self.box = widgets.HBox([self.choice, self.upload], layout=widgets.Layout(align_items="center"))

    @property
    def chosen(self) -> Chosen:
        """What is chosen now."""
        name = str(self.choice.value)
        return Chosen(name, self._keys.get(name, name), self._files.get(name, name))

    @property
    def name(self) -> str:
        """The name of what is chosen now; see `Chosen`."""
        return self.chosen.name

    @property
    def key(self) -> str:
        """The key of what is chosen now."""
        return self.chosen.key

    @property
    def source(self) -> Any:
        """The source of what is chosen now."""
        return self.chosen.source

    def image(self, size: int) -> Tensor:
        """The picture that is chosen now, with the given longer side."""
        return self.chosen.image(size)

    def on_change(self, action: Callable[[], None]) -> None:
        """Call `action` when another picture is chosen or uploaded."""
        self._panel.on_change(self.choice, action)

    def _uploaded(self) -> None:
        """Put the file into the list and choose it; a file that is not a picture changes nothing."""
        for file in self.upload.value:
            name, content = str(file["name"]), bytes(file["content"])
            if len(content) > LARGEST_UPLOAD:
                limit = LARGEST_UPLOAD // 1_000_000
                raise ImageError(
                    f"{name}: {len(content) / 1e6:.0f} MB; expected at most {limit} MB, make it smaller first"
                )
            try:
                load_image(content)
            except ImageError as error:
                raise ImageError(f"{name}: {error}") from error
            label, number = name, 1
            while label in self.choice.options and self._keys.get(label) != _key(content):
                number += 1
                label = f"{name} ({number})"
            self._files[label], self._keys[label] = content, _key(content)
            if label not in self.choice.options:
                self.choice.options = (label, *self.choice.options)  # which chooses the first, the new one
            self.choice.value = label
            self._panel.say(f"{label} was added")


def _checked(source: ImageSource | Tensor) -> Any:
    """The picture in a form that can be read again and again: a file object's bytes, a plain tensor."""
    if isinstance(source, Tensor):
        source = source.detach().float().cpu()
        check_image(source, "image")
        return source
    if hasattr(source, "read"):
        source = source.read()
    load_image(source)
    return source


def _key(source: Any) -> str:
    content = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else None
    return f"own {id(source)}" if content is None else hashlib.sha1(content, usedforsecurity=False).hexdigest()
