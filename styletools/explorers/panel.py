"""What every panel has: pictures with captions, a status line, progress, Stop; and one worker."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import textwrap
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import ipywidgets as widgets
from ipywidgets.widgets.widget import _instances
from PIL import Image
from torch import Tensor

from styletools.errors import StyletoolsError
from styletools.explorers.access import Access
from styletools.explorers.drawing import sheet
from styletools.explorers.picture import Picture
from styletools.explorers.worker import Ticket, Worker

__all__ = ["SIDES", "STILLS", "WIDTH", "Panel", "as_literal", "folded", "whole"]

WIDTH = 960
"""Width of a panel in pixels: a window of 1000 shows all of it."""
SIDES = (440, 400)
"""Width and height of the picture that is made, in pixels; one of another shape is fitted in."""
STILLS = "Still pictures, by the lists above"
"""Title of what is folded away where there is a picture to point at."""
_SPACE = "8px"
P = ParamSpec("P")
T = TypeVar("T")
_open: dict[object, tuple[object, list[Panel]]] = {}  # cell → its execution and the panels it shows
_open_lock = threading.Lock()


def whole(explore: Callable[P, T]) -> Callable[P, T]:
    """Make a panel whole or not at all: ipywidgets keeps every widget until it is closed, even after a failure.

    Example:
        >>> from ipywidgets.widgets.widget import _instances
        >>> @whole
        ... def explore(size: int) -> widgets.IntSlider:
        ...     return widgets.IntSlider(size // 0)
        >>> before = len(_instances)
        >>> try:
        ...     explore(64)
        ... except ZeroDivisionError:
        ...     print(len(_instances) - before, "left")
        0 left
    """

    @wraps(explore)
    def inside(*words: P.args, **options: P.kwargs) -> T:
        before = set(_instances)
        try:
            return explore(*words, **options)
        except BaseException:
            for key in set(_instances) - before:
                _instances[key].close()
            raise

    return inside


def as_literal(value: Any) -> str:  # noqa: ANN401  # whatever a panel was called with
    """An argument as the text of a call shows it: a name as it is, anything else by its kind.

    Example:
        >>> as_literal("dots"), as_literal(b"a file")
        ("'dots'", '…')
    """
    return repr(value) if isinstance(value, str) else f"<{type(value).__name__}>" if isinstance(value, Tensor) else "…"


def folded(title: str, children: list[widgets.Widget]) -> widgets.Accordion:
    """Widgets folded away until they are wanted.

    Example:
        >>> folded("more", [widgets.HTML()]).selected_index is None
        True
    """
    layout = widgets.Layout(width=f"{WIDTH}px", max_width="100%")
    return widgets.Accordion([widgets.VBox(children)], titles=[title], selected_index=None, layout=layout)


class Panel:
    """The base of all panels.

    A panel is shown by being the last value of a cell. When that cell runs again, the panel is closed.

    Args:
        title: shown on top.
        call: the call that made it, such as `explore_style('starry_night')`; its text where there are no widgets.

    Attributes:
        error: the last exception, or None; also shown in the status line.
        view: the widget.
        stills: pictures that stand in for the panel where there are no widgets, as on a printed page.
    """

    def __init__(self, title: str, call: str) -> None:
        """Make what all panels have; a subclass adds its controls and calls `_compose`."""
        self.call = call
        self.error: Exception | None = None
        self.lock = threading.RLock()  # callbacks may run during a cell, and beside the worker
        self.closed = False
        self.stills: list[Picture] = []
        self._doing = ""
        self._worker = Worker(f"styletools {title}", self._failed, self._idle)
        self._title = widgets.HTML(f"<b>{html.escape(title)}</b>")
        self.status = widgets.HTML("ready", layout=widgets.Layout(min_height="28px", width=f"{WIDTH}px"))
        self.progress = widgets.FloatProgress(
            value=0.0,
            min=0.0,
            max=1.0,
            description="",
            layout=widgets.Layout(width="260px"),
            tooltip="how much is done",
        )
        self.stop_button = self.button(
            "Stop", "square", "End the computation; the best picture so far stays", self.stop
        )
        self.stop_button.disabled = True
        self._drawn = 0.0
        self.view = widgets.VBox()

    def button(self, text: str, icon: str, tooltip: str, action: Callable[[], None]) -> widgets.Button:
        """A button whose exceptions are shown in the panel instead of being swallowed."""
        made = widgets.Button(description=text, icon=icon, tooltip=tooltip, layout=widgets.Layout(width="120px"))
        made.on_click(lambda _: self.guard(action))
        return made

    def on_change(self, control: widgets.Widget, action: Callable[[], None]) -> None:
        """Call `action` when a control's value changes."""
        control.observe(lambda _: self.guard(action), names="value")

    def guard(self, action: Callable[[], None]) -> None:
        """Run a callback; show what it raises."""
        if self.closed:
            return
        try:
            # What the worker sets triggers callbacks too; it must not wait for a callback that waits for the worker.
            with contextlib.nullcontext() if self._worker.is_current() else self.lock:
                action()
        except Exception as error:  # ipywidgets would swallow it
            self._failed(error)

    def run(self, job: Callable[[Ticket], None], doing: str) -> Ticket:
        """Do something slow in the worker; the previous job is cancelled."""
        self.error = None
        self.progress.value = 0.0
        self.stop_button.disabled = False
        self._doing = doing
        self.say(doing)
        return self._worker.submit(job)

    def stop(self) -> None:
        """Ask the worker to stop; it checks at every step."""
        self._worker.cancel()

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until the worker has nothing to do; return whether that was so in time."""
        return self._worker.wait(seconds)

    def close(self) -> None:
        """Stop the worker, end its thread, and take the widgets away."""
        if self.closed:
            return
        self.closed = True
        self._worker.close()
        _forget(self)
        for widget in _all(self.view):
            widget.close()

    def say(self, text: str) -> None:
        """Change the status line; it is text, not HTML."""
        self.status.value = html.escape(text)

    def due(self, seconds: float = 0.2) -> bool:
        """Whether it is time for a new frame: at most five a second; more would choke a notebook."""
        return time.monotonic() - self._drawn >= seconds

    def drawn(self) -> None:
        """Count the time to the next frame from now, when one has been drawn, however long that took."""
        self._drawn = time.monotonic()

    def _compose(self, controls: list[widgets.Widget], pictures: list[widgets.Widget]) -> None:
        """Put the panel together: title, controls, progress and Stop, status, pictures."""
        running = widgets.HBox([self.stop_button, self.progress], layout=widgets.Layout(align_items="center"))
        self.view.children = (self._title, *controls, running, self.status, *pictures, Access())
        self.view.add_class("styletools-panel")
        self.view.layout = widgets.Layout(
            width=f"{WIDTH + 24}px", max_width="100%", padding=_SPACE, grid_gap=_SPACE, overflow="visible"
        )

    def _idle(self) -> None:
        """Called when nothing runs any more."""
        self.stop_button.disabled = True
        if self.status.value == html.escape(self._doing):  # it was stopped before it could say anything
            self.say("stopped")

    def _failed(self, error: Exception) -> None:
        self.error = error
        known = isinstance(error, StyletoolsError | RuntimeError)
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        self.status.value = f"<b>⚠</b> {html.escape(text if known else f'{type(error).__name__}: {text}')}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the widgets; as text, only the call, which is the same in every run."""
        if self.closed:
            return {"text/plain": f"{self.call}  (closed; run its cell again)"}
        _register(self)
        bundle: dict[str, Any] = self.view._repr_mimebundle_()
        bundle["text/plain"] = self.call
        if self.stills:
            bundle["image/jpeg"] = base64.b64encode(_printed(self.stills)).decode()
        return bundle

    def __repr__(self) -> str:
        """The call that made it."""
        return self.call


def _printed(pictures: list[Picture]) -> bytes:
    """The pictures of a panel with their captions, as one JPEG: a notebook keeps it, and should stay light."""
    columns = 3 if len(pictures) > 4 else 2
    words = 110 // columns  # there is no room for more
    titles = [textwrap.shorten(picture.image.alt.split(";")[0], words, placeholder=" …") for picture in pictures]
    files = [io.BytesIO(picture.image.value) for picture in pictures]
    shown = {title: Image.open(file).convert("RGB") for title, file in zip(titles, files, strict=True)}
    buffer = io.BytesIO()
    sheet(shown, columns, 3 * WIDTH // 4, 220 * -(-len(shown) // columns)).save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


def _register(panel: Panel) -> None:
    """Close the panels that an earlier run of the same cell showed."""
    cell, execution = _cell()
    with _open_lock:
        before, panels = _open.get(cell, (None, []))
        old = panels if before != execution else []
        _open[cell] = (execution, [*([] if old else panels), panel])
    for gone in old:
        if gone is not panel:
            gone.close()


def _forget(panel: Panel) -> None:
    """Keep no closed panel alive."""
    with _open_lock:
        for cell, (execution, panels) in list(_open.items()):
            left = [other for other in panels if other is not panel]
            if left:
                _open[cell] = (execution, left)
            else:
                del _open[cell]


def _cell() -> tuple[object, object]:
    """The cell that is running, and which run of it this is."""
    from IPython import get_ipython  # noqa: PLC0415  # only there if a panel is shown

    shell = get_ipython()
    if shell is None:
        return None, object()
    try:
        metadata = shell.get_parent().get("metadata", {})
    except AttributeError:  # a terminal
        metadata = {}
    # Where the front end does not name its cells, a cell is known by its text.
    cell = metadata.get("cellId") or (shell.user_ns.get("In") or [""])[-1]
    return cell, shell.execution_count


def _all(widget: widgets.Widget) -> list[widgets.Widget]:
    """A widget and everything in it."""
    found = [widget]
    for child in getattr(widget, "children", ()):
        found += _all(child)
    return found
