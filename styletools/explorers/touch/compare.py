"""Before and after at the same place, and the steps of a run."""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from styletools.explorers.touch.protocol import Answer, Touch, encoded, joined

__all__ = ["MOST_STEPS", "CompareTouch"]

MOST_STEPS = 120
"""How many pictures of a run are kept; when there are more, every second one is dropped."""


class CompareTouch(Touch):
    """A picture to compare with the one before it, by a curtain or a lens. What it asks for is in `compare.js`.

    Pictures are PNG bytes. `value` is the newest one; like `width`, it is known to Python only: the view asks for it.

    Attributes:
        mode: `"after"` alone, `"curtain"` or `"lens"`.
        x: place of curtain and lens, a share of the width; `y` of the height.
        steps: what the kept pictures are called.
        step: which of them is shown; -1 is the newest.
        before: what the picture before is called.
        after: what the other one is called.
        alt: a description for those who cannot see it.

    Example:
        >>> view = CompareTouch(width=440, height=400)
        >>> for number in range(130):
        ...     view.value = b"a picture"
        ...     view.keep(f"step {number}")
        >>> len(view.steps), view.steps[:2], view.steps[-1]
        (70, ['step 0', 'step 2'], 'step 129')
        >>> view.close()
    """

    _esm = joined("compare.js")
    value = traitlets.Bytes()
    width = traitlets.Int()
    height = traitlets.Int().tag(sync=True)
    mode = traitlets.Enum(["after", "curtain", "lens"], "after").tag(sync=True)
    x = traitlets.Float(0.5).tag(sync=True)
    y = traitlets.Float(0.5).tag(sync=True)
    steps: traitlets.List[str] = traitlets.List().tag(sync=True)
    step = traitlets.Int(-1).tag(sync=True)
    before = traitlets.Unicode("before").tag(sync=True)
    after = traitlets.Unicode("result").tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    originals = traitlets.Int().tag(sync=True)

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401  # whatever the traits take
        """Start without a picture."""
        super().__init__(**traits)
        self._before = b""
        self._frames: list[bytes] = []
        self._keeping = threading.Lock()  # the worker keeps while a view asks
        self.answers = {"picture": self._answer}
        self.layout.width = f"{self.width}px"
        self.layout.max_width = "100%"
        self.observe(lambda _: self.renew(), names="value")

    def show_before(self, png: bytes) -> None:
        """Replace the picture before."""
        self._before = png
        self.originals += 1

    def keep(self, name: str) -> None:
        """Keep the newest picture as a step of the run."""
        with self._keeping:
            self._frames.append(self.value)
            steps = [*self.steps, name]
            if len(steps) > MOST_STEPS:
                self._frames, steps = self._frames[::2], steps[::2]
        self.steps = steps

    def forget(self) -> None:
        """Forget the steps."""
        with self._keeping:
            self._frames = []
        self.steps, self.step = [], -1

    def _answer(self, asked: dict[str, Any], _: list[Any]) -> Answer:
        step = asked.get("step", -1)
        with self._keeping:
            known = isinstance(step, int) and 0 <= step < len(self._frames)
            png = self._before if asked.get("which") == "before" else self._frames[step] if known else self.value
        return encoded(png) if png else Answer()
