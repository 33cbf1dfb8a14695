"""What one gradient step does to pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

import styletools as st

from . import material
from .card import FAINT, GRADIENT, GRADIENT_TINT, INK, MARGIN, SMALL, SOFT, Card

ALT = (
    "Nine pixels of a picture that began as noise are enlarged. Arrows show for red, green and blue of each pixel "
    "how far the step goes, up for brighter and down for darker, against the gradient; beside them the nine "
    "pixels after the step. For one of them three scales from 0 to 1 show the old value, the arrow and the new "
    "value; one arrow would leave the scale and is cut off at its end. On the right the loss falls over all "
    "steps, fast at first and then ever more slowly."
)
SIZE, STEPS, SIDE = 64, 60, 3
FIRST_MOVE = 0.02  # of a value between 0 and 1, on average over the picture
CELL, TOP = 60, 106
OLD_X, STEP_X, NEW_X = 192, 472, 752


@dataclass(frozen=True)
class Move:
    """One step: the picture, − rate · gradient, and the picture after it."""

    before: Tensor
    move: Tensor
    after: Tensor


@lru_cache
def descent() -> tuple[list[Move], list[float]]:
    """All steps of x ← clamp(x − rate · ∂L/∂x), and their losses; half the rate where the loss would rise."""
    p, a = (material.picture(name, SIZE) for name in (material.PHOTOGRAPH, material.PAINTING))
    objective = st.Objective(
        material.network(),
        content=p,
        style=a,
        content_layers=material.CONTENT_LAYER,
        style_layers=material.STYLE_LAYERS,
    )

    def evaluate(image: Tensor) -> tuple[float, Tensor]:
        terms, gradient = objective.value_and_gradient(image)
        return float(sum(terms.values())), gradient.clone()

    x = 0.4 + 0.2 * st.white_noise(*p.shape[2:])
    loss, gradient = evaluate(x)
    moves: list[Move] = []
    losses, rate = [loss], FIRST_MOVE / float(gradient.abs().mean())
    while len(moves) < STEPS:
        move = -rate * gradient
        after = (x + move).clamp(0, 1)
        loss, slope = evaluate(after)
        if loss > losses[-1]:
            rate /= 2
            continue
        moves.append(Move(x, move, after))
        losses.append(loss)
        x, gradient, rate = after, slope, rate * 1.4
    return moves, losses


def pixel_step() -> Figure:
    """Pixels, the step of each colour of each pixel, the pixels after it, and the loss of all steps."""
    card = Card(576, "One step: each pixel goes against its gradient, and the loss falls")
    moves, losses = descent()
    number, row, column = _place(moves, losses)
    run = moves[number]
    x, move, after = (
        material.pixels(image)[row : row + SIDE, column : column + SIDE] for image in (run.before, run.move, run.after)
    )
    _patch(card, x, OLD_X, "nine pixels of $x$")
    _arrows(card, move, STEP_X)
    _patch(card, after, NEW_X, "the next $x$, in [0, 1]")
    _whole(card, run, row, column)
    middle = TOP + SIDE * CELL / 2
    for left, sign in ((OLD_X, "+"), (STEP_X, "=")):
        card.text((left + SIDE * CELL + 50, middle), sign, size=28)
    row, column = divmod(int(_beyond(x + move).sum(2).argmax()), SIDE)
    _mark(card, row, column)
    _scales(card, x[row, column], move[row, column])
    _loss(card, number)
    return card.figure


def _beyond(values: np.ndarray) -> np.ndarray:
    """How far values are outside [0, 1]."""
    outside: np.ndarray = np.maximum(values - 1, 0) + np.maximum(-values, 0)
    return outside


def _place(moves: list[Move], losses: list[float]) -> tuple[int, int, int]:
    """A step that helped, and a place where much moves and one value has to be cut off."""
    best, found = -1.0, (0, 0, 0)
    pool = torch.nn.functional
    for number, step in enumerate(moves):
        beyond = torch.relu(step.before + step.move - 1) + torch.relu(-step.before - step.move)
        cut = pool.max_pool2d(beyond.amax(1, keepdim=True), SIDE, 1)[0, 0]
        moved = pool.avg_pool2d(step.move.abs().clamp(max=0.2).sum(1, keepdim=True), SIDE, 1)[0, 0]
        score = moved * (cut > 0.03) * min(losses[number] / losses[number + 1] - 1, 0.03)
        if float(score.max()) > best:
            row, column = divmod(int(score.argmax()), score.shape[1])
            best, found = float(score.max()), (number, row, column)
    return found


def _patch(card: Card, values: np.ndarray, left: float, title: str) -> None:
    card.text((left + SIDE * CELL / 2, TOP - 22), title)
    for row in range(SIDE):
        for column in range(SIDE):
            corner = (left + column * CELL, TOP + row * CELL)
            card.image(values[row : row + 1, column : column + 1], corner, (CELL, CELL), edge="white", smooth=False)


def _arrows(card: Card, move: np.ndarray, left: float) -> None:
    """Up is brighter, down is darker; red, green and blue side by side."""
    title = r"$-\,$rate$\,\cdot\,\partial\mathcal{L}_{\rm total}/\partial x$"
    card.text((left + SIDE * CELL / 2, TOP - 22), title, colour=GRADIENT)
    longest = float(np.abs(move).max())
    for row in range(SIDE):
        for column in range(SIDE):
            x, y = left + column * CELL, TOP + row * CELL
            card.box((x + 1, y + 1), (CELL - 2, CELL - 2), GRADIENT_TINT, radius=4)
            card.line([(x + 8, y + CELL / 2), (x + CELL - 8, y + CELL / 2)], FAINT, thick=1)
            for channel in range(3):
                at = x + CELL * (channel + 1) / 4
                length = float(move[row, column, channel]) / longest * CELL * 0.46
                if abs(length) > 2:
                    card.arrow((at, y + CELL / 2), (at, y + CELL / 2 - length), GRADIENT, head=8, thick=2)
                else:
                    card.disc((at, y + CELL / 2), 1.8, GRADIENT)
    for channel, name in enumerate("RGB"):
        card.text((left + CELL * (channel + 1) / 4, TOP + SIDE * CELL + 14), name, size=13, colour=SOFT)
    card.text((left + CELL + 4, TOP + SIDE * CELL + 14), "up is brighter", size=13, colour=SOFT, align="left")


def _whole(card: Card, run: Move, row: int, column: int) -> None:
    """The picture that the pixels are from."""
    pixels = material.pixels(run.before)
    height, width = 84, 84 * pixels.shape[1] / pixels.shape[0]
    left, top = MARGIN, TOP + SIDE * CELL / 2 - height / 2
    card.image(pixels, (left, top), (width, height), edge=INK, smooth=False)
    one = height / pixels.shape[0]
    x, y = left + column * one, top + row * one
    card.box((x - 2, y - 2), (SIDE * one + 4, SIDE * one + 4), "none", edge="white", thick=3.5, radius=1, zorder=5)
    card.box((x - 2, y - 2), (SIDE * one + 4, SIDE * one + 4), "none", edge=INK, thick=1.6, radius=1, zorder=5.1)
    for corner_y, to_y in ((y - 2, TOP), (y + SIDE * one + 2, TOP + SIDE * CELL)):
        card.line([(x + SIDE * one + 2, corner_y), (OLD_X - 2, to_y)], INK, thick=1, zorder=5)


def _mark(card: Card, row: int, column: int) -> None:
    for left in (OLD_X, STEP_X, NEW_X):
        corner = (left + column * CELL + 1, TOP + row * CELL + 1)
        card.box(corner, (CELL - 2, CELL - 2), "none", edge="white", thick=5, radius=3, zorder=5)
        card.box(corner, (CELL - 2, CELL - 2), "none", edge=INK, thick=2.4, radius=3, zorder=5.1)


def _scales(card: Card, x: np.ndarray, move: np.ndarray) -> None:
    """The marked pixel in numbers: from the old value to the new one, not beyond 0 and 1."""
    left, right, top = 152, 432, 394
    card.text((MARGIN, top - 44), "The marked pixel", weight="bold", align="left")
    for name, value in ((left, "0"), (right, "1")):
        card.text((name, top - 24), value, size=SMALL, colour=SOFT)
    for row, colour in enumerate(("red", "green", "blue")):
        y = top + 8 + 42 * row
        old, wish = float(x[row]), float(x[row] + move[row])
        new = min(max(wish, 0.0), 1.0)
        card.text((MARGIN + 76, y), colour, align="right")
        card.box((left, y - 13), (right - left, 26), "#F0F2F4", radius=4)
        for wall in (left, right):
            card.line([(wall, y - 15), (wall, y + 15)], INK, thick=2.4, zorder=4)
        before, tip, after = (left + (right - left) * value for value in (old, wish, new))
        if abs(tip - before) > 4:
            card.arrow((before, y), (tip, y), GRADIENT, thick=3, head=12, zorder=4.5)
        card.disc((before, y), 6, "white", edge=INK, zorder=5)
        card.disc((after, y), 6, INK, zorder=5.1)
        words = f"{old:.2f} → {new:.2f}" + (", clamped" if new != wish else "")
        card.text((right + 40, y), words, size=SMALL, align="left")
    y = top + 140
    for x_at, fill, words in ((left + 6, "white", "before"), (left + 106, INK, "after")):
        card.disc((x_at, y), 6, fill, edge=INK)
        card.text((x_at + 14, y), words, size=SMALL, align="left")


def _loss(card: Card, chosen: int) -> None:
    """All steps; the one that is drawn above has a mark."""
    moves, losses = descent()
    left, right, top, bottom = 680, 920, 386, 510
    card.text((left, top - 36), f"$\\mathcal{{L}}_{{\\rm total}}$ over {STEPS} steps", weight="bold", align="left")
    card.line([(left, top - 8), (left, bottom), (right, bottom)], SOFT, thick=1.2)
    most = max(losses) * 1.05
    points = [
        (left + (right - left) * n / STEPS, bottom - (bottom - top) * loss / most) for n, loss in enumerate(losses)
    ]
    card.line(points, GRADIENT, thick=2.4)
    card.line(points[chosen : chosen + 2], INK, thick=4, zorder=4)
    for point in points[chosen : chosen + 2]:
        card.disc(point, 4.5, INK, zorder=5)
    for n in (0, STEPS):
        card.text((points[n][0], bottom + 16), f"{n}", size=SMALL, colour=SOFT)
    pixels = material.pixels(moves[-1].after)
    width = 84
    card.image(
        pixels, (right - width, top - 18), (width, width * pixels.shape[0] / pixels.shape[1]), edge=INK, smooth=False
    )
    card.text((points[chosen + 1][0] + 12, points[chosen + 1][1] - 14), "this step", size=SMALL, align="left")
