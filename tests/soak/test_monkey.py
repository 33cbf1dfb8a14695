"""A seeded monkey at the panels: it turns every control, at random times, and presses every button.

Afterwards there is one thread a panel at most, no error that is not one line of ours, and the panel shows what a new
one with the same values shows: no picture under another's name, none that is left over.

`make soak` plays 2 000 actions, `make test` some dozens for each panel.
"""

from __future__ import annotations

import contextlib
import html
import io
import random
import re
import threading
import time
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest
from amount import FULL, report
from driving import SMALL, file, pixels
from PIL import Image
from traitlets import TraitError

from styletools import StyletoolsError, explorers
from styletools.explorers.live import LivePanel
from styletools.explorers.panel import Panel, _all
from styletools.explorers.picture import Picture

ACTIONS = -(-2000 // len(SMALL)) if FULL else 12
RESTARTS = 100 if FULL else 4
OPEN: list[Panel] = []
_CHOICES = (widgets.Dropdown, widgets.Select, widgets.ToggleButtons, widgets.RadioButtons, widgets.SelectionSlider)
_SLIDERS = (widgets.IntSlider, widgets.FloatSlider, widgets.FloatLogSlider)
_SWITCHES = (widgets.SelectMultiple, widgets.Checkbox, widgets.ToggleButton, widgets.BoundedIntText)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def closed():
    yield
    for panel in OPEN:
        panel.close()
    OPEN.clear()


def picture_file(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((64, 48)).save(buffer, "PNG")
    return buffer.getvalue()


class Monkey:
    """Plays with one panel; what it uploads is kept, because a new panel needs it too."""

    def __init__(self, panel: Panel, seed: int) -> None:
        self.panel = panel
        self.random = random.Random(seed)
        self.controls = [control for control in _all(panel.view) if hasattr(control, "value") or is_button(control)]
        self.uploads: list[tuple[int, Any]] = []
        self.deck: list[int] = []

    def play(self, actions: int) -> None:
        for _ in range(actions):
            self.deck = self.deck or self.random.sample(range(len(self.controls)), len(self.controls))
            index = self.deck.pop()  # every control has its turn, in an order of its own each time
            if not getattr(self.controls[index], "disabled", False):
                self.turn(index)
            time.sleep(self.random.choice((0, 0, 0.002, 0.03)))
            assert is_ours(self.panel.error), repr(self.panel.error)

    def turn(self, index: int) -> None:
        control = self.controls[index]
        if is_button(control):
            control.click()
        elif isinstance(control, widgets.FileUpload):
            content = self.random.choice((picture_file(self.random.randrange(3)), b"no picture", b""))
            value = file(self.random.choice(("a.png", "<b>.png", "chelsea")), content)
            self.uploads.append((index, value))
            control.value = value
        else:
            value = self.value_for(control)
            if value is not None:
                control.value = value

    def value_for(self, control: widgets.Widget) -> object:
        if isinstance(control, _CHOICES):
            return self.random.choice(
                [option[1] if isinstance(option, tuple) else option for option in control.options]
            )
        if isinstance(control, widgets.SelectMultiple):
            return tuple(option for option in control.options if self.random.random() < 0.5)
        if isinstance(control, widgets.FloatLogSlider):
            return control.base ** self.random.uniform(control.min, control.max)
        if isinstance(control, _SLIDERS):  # what takes long is left near the small end
            room = 2 * control.step if isinstance(control, widgets.IntSlider) else control.max - control.min
            return control.min + self.random.randrange(3) / 2 * room
        if isinstance(control, widgets.Checkbox | widgets.ToggleButton):
            return not control.value
        if isinstance(control, widgets.BoundedIntText):
            return self.random.randrange(4)
        return None  # pictures, captions, progress

    def values(self) -> list[object]:
        return [getattr(control, "value", None) for control in self.controls]


def is_button(control: widgets.Widget) -> bool:
    return isinstance(control, widgets.Button)


def is_ours(error: Exception | None) -> bool:
    return error is None or (isinstance(error, StyletoolsError) and "\n" not in str(error))


def opened(name: str) -> Panel:
    OPEN.append(getattr(explorers, f"explore_{name}")(**SMALL[name]))
    return OPEN[-1]


def settled(panel: Panel) -> Panel:
    """Wait; if a picture is to be made, make it once more, from the beginning, with what is chosen now."""
    assert panel.wait(120)
    if hasattr(panel, "compute"):  # Stop may have ended the last one
        panel.compute()
        assert panel.wait(120)
    if hasattr(panel, "start_button"):
        if isinstance(panel, LivePanel):
            panel.reset()
        panel.start_button.click()
        assert panel.wait(120)
    return panel


def twin(name: str, monkey: Monkey) -> Panel:
    """A new panel that has been given the same files, and then the same values."""
    panel = opened(name)
    controls = Monkey(panel, 0).controls
    for index, value in monkey.uploads:
        controls[index].value = ()
        controls[index].value = value
        assert panel.wait(60)
    chosen = [
        (control, value)
        for control, value in zip(controls, monkey.values(), strict=True)
        if isinstance(control, (*_CHOICES, *_SLIDERS, *_SWITCHES))
    ]
    for control, value in chosen:  # what can be chosen here may depend on what is chosen further down
        with contextlib.suppress(TraitError, TypeError):
            control.value = value
        assert panel.wait(60)
    for control, value in chosen:
        # A choice made in the moment in which the list changed is in no list any more; what it led to is below it.
        if not isinstance(control, _CHOICES) or value in [option for _, option in offered(control)]:
            control.value = value
            assert panel.wait(60)
    return settled(panel)


def offered(control: widgets.Widget) -> list[tuple[object, object]]:
    """Labels and values of a list."""
    return [option if isinstance(option, tuple) else (option, option) for option in control.options]


def threads() -> int:
    """Of panels."""
    return sum(thread.name.startswith("styletools") for thread in threading.enumerate())


def shown(panel: Panel) -> list[tuple[str, np.ndarray]]:
    """Every picture with its caption; but for the shelf of earlier runs, which tells of the past."""
    found: list[Picture] = []
    for name, value in vars(panel).items():
        if name not in ("shelf", "losses"):
            found += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Picture)]
    captions = [html.unescape(re.sub("<[^>]*>", "", picture.caption.value)) for picture in found]
    # What statistics reach in some seconds is not the same twice.
    return [(re.sub(r"\d+ steps", "", text), pixels(picture)) for text, picture in zip(captions, found, strict=True)]


@pytest.mark.parametrize("name", SMALL)
def test_what_is_shown_is_what_is_chosen(name):
    panel = opened(name)
    monkey = Monkey(panel, seed=7)
    monkey.play(ACTIONS)
    settled(panel)
    assert is_ours(panel.error), repr(panel.error)
    if panel.error is None:
        other = twin(name, monkey)
        assert other.error is None
        for (caption, seen), (other_caption, other_seen) in zip(shown(panel), shown(other), strict=True):
            assert caption == other_caption
            assert name == "statistics" or np.array_equal(seen, other_seen), caption
        other.close()
    assert threads() <= 1
    panel.close()
    assert threads() == 0
    report(f"monkey, {name}: {ACTIONS} actions, no error, one thread, every picture under its own caption")


@pytest.mark.parametrize("name", ["gram", "style", "studio"])
def test_restarts_leave_one_thread(name):
    panel = opened(name)
    chance = random.Random(3)
    for _ in range(RESTARTS):
        Monkey(panel, chance.randrange(10**6)).play(chance.randrange(1, 4))
        if hasattr(panel, "start_button"):
            panel.start_button.click()
        time.sleep(chance.random() * 0.1)
    assert panel.wait(120)
    assert is_ours(panel.error)
    assert threads() == 1
    panel.close()
    assert threads() == 0
    report(f"restarts, {name}: {RESTARTS}, one thread")
