"""Lesson 02, content loss: Eq. 1, Eq. 2, and what a layer forgives."""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import network, pair
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import content_loss as _eq1
from styletools.pictures.images import load_image
from styletools.pictures.variations import grey, mirror, shift

__all__ = ["content_gradient", "content_loss", "forgiven", "larger", "report"]


def _content_loss(F: Tensor, P: Tensor) -> Tensor:
    return 0.5 * ((F - P) ** 2).sum()


content_loss = Coding(
    "2.1 Content loss (Eq. 1)",
    _content_loss,
    pair,
    gradient=(0,),
    mistakes={
        "The ½ is missing.": lambda F, P: ((F - P) ** 2).sum(),
        "The square is missing: differences of both signs cancel. (Some write-ups print Eq. 1 that way.)": (
            lambda F, P: 0.5 * (F - P).sum()
        ),
        "The square and the ½ are missing.": lambda F, P: (F - P).sum(),
        "These are absolute differences; Eq. 1 squares them.": lambda F, P: (F - P).abs().sum(),
        "These are absolute differences, halved; Eq. 1 squares them.": lambda F, P: 0.5 * (F - P).abs().sum(),
        "It is a mean; Eq. 1 is a sum over all i and k.": lambda F, P: ((F - P) ** 2).mean(),
        "It is half a mean; Eq. 1 is a sum over all i and k.": lambda F, P: 0.5 * ((F - P) ** 2).mean(),
        "It squares the sum; Eq. 1 sums the squares.": lambda F, P: 0.5 * (F - P).sum() ** 2,
        "It is the difference of the squares; Eq. 1 has the square of the difference.": (
            lambda F, P: 0.5 * (F**2 - P**2).sum()
        ),
        "The sum is missing: one number is wanted, not one for each i and k.": lambda F, P: 0.5 * (F - P) ** 2,
        "The square is missing, and the difference is the other way round: differences of both signs cancel.": (
            lambda F, P: 0.5 * (P - F).sum()
        ),
        "It is half of the root: Eq. 1 is half of the squared distance.": lambda F, P: 0.5 * (F - P).norm(),
        "It is a mean over the positions; Eq. 1 is a sum over all i and k.": lambda F, P: (
            0.5 * ((F - P) ** 2).mean((-2, -1)).sum()
        ),
        "The ½ is squared, too: the square is of F − P alone.": lambda F, P: ((0.5 * (F - P)) ** 2).sum(),
        "The two are added; Eq. 1 has their difference.": lambda F, P: 0.5 * ((F + P) ** 2).sum(),
        "It takes the root at the end: Eq. 1 is the squared distance.": lambda F, P: ((F - P) ** 2).sum().sqrt(),
    },
    hints=[
        "Difference, square, sum, half. Each of them is one torch operation on whole tensors; no loop is needed.",
        "The tensors may have any shape: .sum() without arguments adds everything up.",
    ],
    why="½ Σ (F − P)²: 0 only where all features agree, and its derivative is simply F − P, which is what the ½ "
    "is for.",
)


def _content_gradient(F: Tensor, P: Tensor) -> Tensor:
    return (F - P) * (F > 0)


content_gradient = Coding(
    "2.2 Its gradient (Eq. 2)",
    _content_gradient,
    pair,
    mistakes={
        "The second case is missing: where F = 0 the ReLU is shut, and the gradient is 0. (F ≥ 0 is always true.)": (
            lambda F, P: F - P
        ),
        "The sign is wrong: the gradient points to where the loss grows.": lambda F, P: (P - F) * (F > 0),
        "There is one 2 too many: the ½ of Eq. 1 cancels it.": lambda F, P: 2 * (F - P) * (F > 0),
        "It asks whether P is above 0; Eq. 2 asks about F, whose ReLU the gradient has to pass.": (
            lambda F, P: (F - P) * (P > 0)
        ),
        "Negative differences are cut off; it is F, not F − P, that must be above 0.": lambda F, P: (F - P).relu(),
        "It is divided by the number of entries: Eq. 1 is a sum, and each entry has its own F − P.": (
            lambda F, P: (F - P) * (F > 0) / F.numel()
        ),
        "These are absolute differences; the gradient has the sign of F − P.": lambda F, P: (F - P).abs() * (F > 0),
        "This is only the mask, where F is above 0; the difference is missing.": lambda F, P: F > 0,
        "This is the square itself, the loss of each entry, not its derivative.": lambda F, P: (F - P) ** 2 * (F > 0),
        "It is half of what it should be: the derivative of the square brings a 2, which the ½ of Eq. 1 cancels.": (
            lambda F, P: 0.5 * (F - P) * (F > 0)
        ),
        "It is a mean: the gradient has a number for each i and k.": lambda F, P: ((F - P) * (F > 0)).mean(),
        "Only the sign of the difference is there, not its size.": lambda F, P: (F - P).sign() * (F > 0),
        "It is summed up: the gradient has a number for each i and k.": lambda F, P: ((F - P) * (F > 0)).sum(),
    },
    hints=[
        "Differentiate ½ (F_ik − P_ik)² by F_ik: all other terms of the sum are constants.",
        "(F > 0) is a tensor of True and False; times a number, these are 1 and 0.",
    ],
    why="F_ik − P_ik where the ReLU is open, 0 where it is shut: there a small change of the input changes nothing.",
)


@torch.no_grad()
def _larger() -> float:
    vgg, layer = network(), "conv3_1"
    ours, theirs = (load_image(name, 96)[:, :, :64, :96] for name in ("chelsea", "coffee"))
    small, large = (
        _eq1(vgg(ours.repeat(1, 1, n, n), layer)[layer], vgg(theirs.repeat(1, 1, n, n), layer)[layer]) for n in (1, 2)
    )
    return float(round(float(large / small)))


larger = Prediction(
    "2.4 Predict: a larger picture",
    _larger,
    wrong={
        1: "That is so for a mean. Eq. 1 is a sum: how many terms does it have now?",
        2: "Twice as wide *and* twice as high.",
        16: "The number of positions is squared in Eq. 4, not in Eq. 1.",
        8: "How many positions are there now? Each filter has as many terms as positions.",
        0.25: "It becomes larger, not smaller.",
    },
    otherwise="Count the terms of the sum: N × M. Which of the two changes?",
    hints=["Four tiles have four times the positions. Does the difference at each of them change?"],
    why="Four times the positions, four times the terms, each as large as before (but for the seams). So a literal α "
    "means something else at another size: the trap of lesson 05.",
)


@torch.no_grad()
def _forgiven() -> str:
    vgg, layer, picture = network(), "conv4_2", load_image("chelsea", 160)[:, :, :96, :160]
    P = vgg(picture, layer)[layer]
    changes = {"grey": grey, "moved by 4 pixels": shift, "mirrored": mirror}
    losses = {name: float(_eq1(vgg(change(picture), layer)[layer], P)) for name, change in changes.items()}
    return max(losses, key=lambda name: losses[name])


forgiven = Prediction(
    "2.3 Predict: what content does not forgive",
    _forgiven,
    options=("grey", "moved by 4 pixels", "mirrored"),
    wrong={
        "grey": "Features of conv4_2 respond to shapes more than to colours: without its colours the cat is "
        "still a cat.",
        "moved by 4 pixels": "The stride of conv4_2 is 8 pixels: this is half a position.",
    },
    otherwise="Ask of each change: are the things still there, and are they still in their places?",
    hints=["F and P are compared position by position: what has moved far is wrong in two places."],
    why="Mirrored, everything is there, but elsewhere, and Eq. 1 compares position by position: the loss is "
    "even larger "
    "than for a picture without any features. Grey, or half a position away, the shapes are where they were.",
)

EXERCISES = (content_loss, content_gradient, forgiven, larger)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
