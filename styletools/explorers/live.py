"""A panel in which a picture grows: Start, Stop, Continue, Reset, beside its original and its loss curves."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import ipywidgets as widgets

from styletools.descent.progress import OnStep, watch
from styletools.descent.synthesis import Step
from styletools.explorers.drawing import curves
from styletools.explorers.panel import SIDES, Panel
from styletools.explorers.picture import Picture, blank, png
from styletools.explorers.touch.compare import CompareTouch
from styletools.explorers.turns import turn
from styletools.explorers.worker import Ticket
from styletools.recipes import Result

__all__ = ["LivePanel"]

SMALL = (250, 230)
"""Width and height of the pictures that it is made from, in pixels."""

CURVES = (640, 240)
"""Width and height of the loss curves in pixels."""


class LivePanel(Panel):
    """The base of the panels that make one picture.

    Attributes:
        result: of the last run, also of one that was stopped; None before the first and after Reset.
        steps: the subclass's control; Continue adds as many to a finished run.
    """

    steps: widgets.IntSlider

    def __init__(self, title: str, call: str, captions: tuple[str, ...]) -> None:
        """Make the pictures and the buttons; the subclass adds its controls and composes."""
        super().__init__(title, call)
        self.result: Result | None = None
        self._showing = threading.Lock()
        self.originals = [Picture(caption, *SMALL) for caption in captions]
        width, height = SIDES
        self.compare = CompareTouch(width=width, height=height, before=captions[0])
        self.compare.failed = self._failed
        self.picture = Picture("what is being made", width, height, self.compare)
        self.originals[0].image.observe(lambda _: self._another_original(), names="value")
        self.losses = Picture("the losses by name, with their weights", *CURVES)
        self.start_button = self.button("Start", "play", "Begin a new run with these settings", self.start)
        self.continue_button = self.button("Continue", "forward", "Resume where it stopped", self.go_on)
        self.reset_button = self.button("Reset", "undo", "Forget the picture that was made", self.reset)
        self.continue_button.disabled = True
        self.buttons = widgets.HBox([self.start_button, self.continue_button, self.reset_button])
        self.stills = self.originals
        self.pictures = widgets.HBox([picture.box for picture in (*self.originals, self.picture)])

    @abstractmethod
    def prepare(self) -> Callable[[OnStep], Result]:
        """Read the controls now, and return a function that runs the recipe with them, in the worker."""

    @abstractmethod
    def show_originals(self) -> None:
        """Show the pictures that it is made from."""

    def start(self) -> None:
        """Begin a new run."""
        make = self.prepare()
        self.continue_button.disabled = True
        self.compare.show_before(self.originals[0].image.value)  # of this run, whatever is chosen later
        self.run(lambda ticket: self._in_turn(ticket, lambda: make(self._follow(ticket, {}))), "working …")

    def go_on(self) -> None:
        """Continue from the last state: to the end if it was stopped, for as many steps again if it was finished."""
        if self.result is None:
            self.say("there is nothing to resume; press Start")
            return
        self.continue_button.disabled = True
        self.run(self._further, "working …")

    def reset(self) -> None:
        """Stop, and forget what was made."""
        with self._showing:  # not between the worker's check whether it is wanted and its picture
            self._worker.cancel(forget=True)
        self.result = None
        self.error = None
        self.continue_button.disabled = True
        self.progress.value = 0.0
        self.picture.show(blank())
        self.compare.forget()
        self.compare.show_before(self.originals[0].image.value)
        self.losses.show(blank(*CURVES))
        self.say("ready")

    def on_finished(self, result: Result) -> None:
        """Called after each run, also after one that was stopped; for subclasses."""

    def on_frame(self, step: Step) -> None:
        """Called with each frame that is shown; for subclasses."""

    def _another_original(self) -> None:
        """Show a new original as the picture before, as long as there is no run to compare."""
        if self.result is None and not self._worker.busy:
            self.compare.show_before(self.originals[0].image.value)

    def _idle(self) -> None:
        super()._idle()
        self.continue_button.disabled = self.result is None

    def _further(self, ticket: Ticket) -> None:
        before = self.result
        assert before is not None
        synthesis, more = before.synthesis, 0
        if synthesis.finished:
            more = self.steps.value
            synthesis.extend(more)
        past = {name: list(column) for name, column in before.history.items()}

        def resumed() -> Result:
            cut = watch(synthesis, "", progress=False, on_step=self._follow(ticket, past))
            return before.resumed(cut, more)

        self._in_turn(ticket, resumed)

    def _in_turn(self, ticket: Ticket, make: Callable[[], Result]) -> None:
        """Make the picture, once it is this panel's turn where several share a machine."""
        with turn(lambda: ticket.wanted, self.say):
            result = make()
        self._finish(ticket, result)

    def _follow(self, ticket: Ticket, history: dict[str, list[float]]) -> OnStep:
        """An `on_step` that shows some of the steps, and stops when the ticket is cancelled.

        The curves, which take longer to draw than the picture, follow once a second.
        """
        first, drawn = True, time.monotonic()
        if not history:
            self.compare.forget()

        def follow(step: Step) -> bool | None:
            nonlocal first, drawn
            if not ticket.wanted:
                return True
            for name, value in {"step": step.number, "height": step.image.shape[2], **step.losses}.items():
                history.setdefault(name, []).append(value)
            with self._showing:
                if ticket.forgotten:
                    return True
                if self.due() or first:
                    self._show(step)
                    self.drawn()
                    first = False
                if time.monotonic() - drawn > 1:
                    self.losses.show(curves(history, *CURVES))
                    drawn = time.monotonic()
            return None

        return follow

    def _show(self, step: Step) -> None:
        self.picture.show(png(step.image, SIDES[0]))
        self.compare.keep(f"step {step.number}")
        self.progress.value = step.progress
        left = step.seconds * (1 - step.progress) / max(step.progress, 1e-6)
        height, width = step.image.shape[2:]
        total = step.losses["total"]
        self.say(f"step {step.number}, {width} × {height} px, L_total = {total:.4g}, about {left:.0f} s left")
        self.on_frame(step)

    def _finish(self, ticket: Ticket, result: Result) -> None:
        with self._showing:
            if not (self._worker.more or ticket.forgotten):  # else a newer request has come, or Reset
                self._keep(result)

    def _keep(self, result: Result) -> None:
        steps = Counter(int(height) for height in result.history["height"])
        done = {"steps_done": {f"{height} px high": count for height, count in steps.items()}}
        result = replace(result, settings={**result.settings, **done, "interrupted": result.interrupted})
        self.result = result
        self.picture.show(png(result.image, SIDES[0]))
        self.losses.show(curves(result.history, *CURVES))
        self.compare.keep(f"step {int(result.history['step'][-1])}")
        count, total = int(result.history["step"][-1]), result.history["total"][-1]
        how = "stopped" if result.interrupted else "finished"
        self.progress.value = self.progress.value if result.interrupted else 1.0
        self.say(f"{how} after {count} steps, L_total = {total:.4g}; press Continue for more")
        self.on_finished(result)
