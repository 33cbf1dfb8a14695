"""Lesson 00b, the primer: the shape of a picture, one step downhill, and its rate."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import image
from styletools.exercises.prediction import Prediction

__all__ = ["descend", "rate", "report", "shape"]

shape = Prediction(
    "0.1 Predict a shape",
    lambda: tuple(torch.cat([torch.zeros(1, 3, 32, 48)] * 2).shape),
    wrong={
        (1, 3, 32, 48): "That is one picture; there are two.",
        (2, 3, 48, 32): "Rows come before columns: first the height, then the width.",
        (2, 32, 48, 3): "The colours come second, before rows and columns. (In Pillow they are last.)",
        (3, 32, 48): "There is one more axis in front, which counts the pictures.",
        (6, 32, 48): "The pictures have an axis of their own, and so have the colours.",
    },
    otherwise="Four axes: pictures, colours, rows, columns.",
    hints=["One such picture is (1, 3, 32, 48).", "Only the first axis changes."],
    why="(B, 3, H, W): two pictures, three colours, 32 rows, 48 columns.",
)


def _descend(x: Tensor, gradient: Tensor, rate: float) -> Tensor:
    return x - rate * gradient


def _picture_gradient_rate(g: Generator) -> tuple[Tensor, Tensor, float]:
    x = image(g)
    gradient = torch.randn(x.shape, generator=g, dtype=torch.float64)
    return x, gradient, 0.1 + 0.3 * float(torch.rand((), generator=g))


descend = Coding(
    "0.2 One step downhill",
    _descend,
    _picture_gradient_rate,
    mistakes={
        "It goes uphill: the gradient points to where the loss grows.": lambda x, gradient, rate: x + rate * gradient,
        "The rate is missing.": lambda x, gradient, rate: x - gradient,
        "x is missing: this is the step, not where it leads.": lambda x, gradient, rate: -rate * gradient,
        "x is missing, and the sign is wrong: the step is taken from x.": lambda x, gradient, rate: rate * gradient,
        "It divides by the rate; the rate multiplies the gradient.": lambda x, gradient, rate: x - gradient / rate,
        "The rate and the gradient are subtracted; the rate multiplies the gradient.": (
            lambda x, gradient, rate: x - rate - gradient
        ),
        "The gradient is averaged: each pixel has its own.": lambda x, gradient, rate: x - rate * gradient.mean(),
        "Only the sign of the gradient is used, not its size.": lambda x, gradient, rate: x - rate * gradient.sign(),
        "The picture is multiplied by the gradient; the step is subtracted.": (
            lambda x, gradient, rate: x * (1 - rate * gradient)
        ),
        "The rate multiplies x as well: only the gradient is scaled.": lambda x, gradient, rate: rate * (x - gradient),
        "It is kept in [0, 1]. The course does that, too, but only from lesson 05 on; here a plain step is wanted.": (
            lambda x, gradient, rate: (x - rate * gradient).clamp(0, 1)
        ),
    },
    hints=[
        "The formula is right above. Tensors of one shape are subtracted entry by entry; no loop is needed.",
        "Start at x; subtract rate times gradient.",
    ],
    why="Against the gradient the loss falls, and the rate says how far to go.",
)


def _jump() -> float:
    """How far x is from its target, in units of the gradient."""
    x, target = torch.tensor(0.9, requires_grad=True), torch.tensor(0.3)
    torch.autograd.backward(0.5 * (x - target) ** 2)
    assert x.grad is not None
    return round(float((x.detach() - target) / x.grad), 4)


rate = Prediction(
    "0.3 Predict: which rate arrives in one step?",
    _jump,
    wrong={
        0.5: "With 0.5 it goes half the way. (The ½ of the loss has been used up by the derivative.)",
        2: "With 2 it lands on the other side of the target, as far away as before.",
        0.6: "That is how far it has to go, and the gradient is just as long. By what must it be multiplied?",
        0.1: "With 0.1 it goes a tenth of the way at each step.",
    },
    otherwise="Write out one step with the gradient x − t, and ask when the result is t.",
    hints=["The gradient is x − t. The step is x − rate · (x − t).", "When does the x in it cancel?"],
    why="x − 1 · (x − t) = t. A smaller rate takes that share of the way at each step; a larger one jumps over the "
    "target, and one above 2 lands further away than it began.",
)

EXERCISES = (shape, descend, rate)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
