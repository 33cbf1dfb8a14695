"""Examination questions with other numbers and pictures for each seed; each is checked like an exercise.

A question is a function of a random generator. The question and the right answer come from the same numbers; the
answer is measured, or computed by the code that the solved examination shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Exercise
from styletools.exercises.inputs import features, network, pair, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import gram_matrix, style_layer_loss
from styletools.pictures.images import load_image
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS
from styletools.pictures.variations import scatter

__all__ = ["QUESTIONS", "Question"]

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
NOT_RIGHT = "That is not the answer."


@dataclass(frozen=True)
class Question:
    """One question of an examination.

    Attributes:
        title: what it is about.
        text: what is asked.
        name: of the function or of the variable that is to be filled in.
        stub: the cell to fill in.
        solved: the cell with the right answer.
        exercise: its check.
    """

    title: str
    text: str
    name: str
    stub: str
    solved: str
    exercise: Exercise


def shape(g: Generator) -> Question:
    """Features of a picture of another size, in another layer."""
    height, width, layer = 16 * whole(g, 3, 9), 16 * whole(g, 10, 14), LAYERS[whole(g, 1, 3)]
    text = (
        f"A picture is {height} pixels high and {width} wide. What is the shape of its features in `{layer}` of "
        "VGG-16? Write a tuple of four numbers."
    )
    return _asked(
        "Shape", text, "shape", lambda: tuple(network()(torch.zeros(1, 3, height, width), [layer])[layer].shape)
    )


def field(g: Generator) -> Question:
    """The square that one position sees."""
    steps = [(2 * whole(g, 1, 2) + 1, 1), (3, whole(g, 1, 2)), (2, 2), (2 * whole(g, 1, 3) + 1, 1), (2, 3), (3, 1)]
    text = (
        f"A network has these steps (kernel, stride), from the picture upwards: `{steps}`. How many pixels wide is "
        "the square that one position of its last layer sees?"
    )

    def side() -> float:
        seen, apart = 1, 1
        for kernel, stride in steps:
            seen, apart = seen + (kernel - 1) * apart, apart * stride
        return float(seen)

    return _asked("Receptive field", text, "field", side)


def content(g: Generator) -> Question:
    """Eq. 1 with another factor and another power."""
    below, power = whole(g, 3, 9), 2 * whole(g, 2, 3)
    text = (
        f"Write this variant of Eq. 1: $\\frac1{{{below}}} \\sum_{{i,k}} (F_{{ik}} - P_{{ik}})^{power}$, a tensor "
        "holding one number."
    )
    body = f"((F - P) ** {power}).sum() / {below}"
    usual = {"That is Eq. 1 as the paper has it; read the question again.": lambda F, P: 0.5 * ((F - P) ** 2).sum()}
    return _written("A content loss", text, "content", "F, P", body, pair, usual)


def gram(g: Generator) -> Question:
    """Eq. 3 with a shift and another divisor."""
    shift, n, m = whole(g, 1, 4) / 4, whole(g, 0, 1), whole(g, 1, 2)
    below = "N M"[0 if n else 2 :] + ("^2" if m == 2 else "")
    text = (
        f"Write this variant of Eq. 3 for features `F` of shape (B, C, H, W): $G_{{ij}} = \\frac1{{{below}}} \\sum_k "
        f"(F_{{ik}} - {shift})(F_{{jk}} - {shift})$, of shape (B, C, C); $N = C$, $M = H W$."
    )
    body = f"st.gram_matrix(F - {shift}) / (F.shape[1] ** {n} * (F.shape[2] * F.shape[3]) ** {m})"
    usual = {"That is Eq. 3 as the paper has it; read the question again.": gram_matrix}
    return _written("A Gram matrix", text, "gram", "F", body, lambda g: (features(g),), usual)


def layer_loss(g: Generator) -> Question:
    """Eq. 4 with another divisor."""
    c, n, m = whole(g, 3, 9), whole(g, 1, 3), whole(g, 1, 3)
    text = (
        f"Write this variant of Eq. 4 for features (1, C, H, W): $\\frac1{{{c} N^{n} M^{m}}} \\sum_{{i,j}} "
        "(G_{ij} - A_{ij})^2$, with $G$ and $A$ the Gram matrices (Eq. 3) of `F` and `S`. `st.gram_matrix` may be used."
    )
    below = f"{c} * F.shape[1] ** {n} * (F.shape[2] * F.shape[3]) ** {m}"
    body = f"((st.gram_matrix(F) - st.gram_matrix(S)) ** 2).sum() / ({below})"
    usual = {"That is Eq. 4 as the paper has it; read the question again.": style_layer_loss}

    def one(g: Generator) -> tuple[Tensor, Tensor]:
        size = (1, whole(g, 2, 4), whole(g, 5, 7), whole(g, 8, 9))
        return features(g, *size), features(g, *size)

    return _written("A style loss", text, "layer_loss", "F, S", body, one, usual)


def total(g: Generator) -> Question:
    """Eq. 5 and 7 in numbers."""
    alpha, beta, loss = whole(g, 2, 9), whole(g, 10, 90), whole(g, 3, 12) / 4
    layers = [whole(g, 1, 20) / 8 for _ in range(3)]
    weights = [whole(g, 1, 4) / 4 for _ in range(3)]
    text = (
        f"The content loss is {loss}. Three layers have the style losses E = {layers} and the weights w = {weights}; "
        f"α = {alpha}, β = {beta}. What is the total loss (Eq. 5 and 7)?"
    )
    style = sum(w * e for w, e in zip(weights, layers, strict=True))
    return _asked("Total loss", text, "total", lambda: alpha * loss + beta * style, 1e-3)


def descent(g: Generator) -> Question:
    """Some steps downhill by hand."""
    target, start, slope = whole(g, 1, 4) / 10, whole(g, 6, 9) / 10, whole(g, 2, 5)
    rate, steps = 1 / (slope + whole(g, 1, 3)), whole(g, 2, 4)
    rate = round(rate, 2)
    text = (
        f"A pixel begins at x = {start}. The loss is ½ · {slope} · (x − {target})². What is x after {steps} steps of "
        f"gradient descent with the rate {rate}? Three digits will do."
    )
    return _asked("Downhill", text, "pixel", lambda: target + (start - target) * (1 - rate * slope) ** steps, 5e-3)


def different(g: Generator) -> Question:
    """How many numbers of a Gram matrix differ."""
    filters = whole(g, 20, 99)
    text = f"A layer has {filters} filters. How many entries of its Gram matrix can differ from one another?"
    return _asked("A symmetric matrix", text, "different", lambda: filters * (filters + 1) / 2)


def strongest(g: Generator) -> Question:
    """The filter that responds most to another picture."""
    while True:  # the same on every processor: the second must be well behind
        picture, layer = _one_of(g, (*PHOTOGRAPHS, *PAINTINGS)), LAYERS[whole(g, 0, 2)]
        means = _features(picture, layer).mean(1)
        first, second = means.topk(2).values
        if first > 1.05 * second:
            break
    text = (
        f'Take `st.load_image("{picture}", 128)`. Which filter of `{layer}` has the largest mean activation? Filters '
        "are counted from 0. Use `st.VGG()` as it is."
    )
    return _asked("The strongest filter", text, "strongest", lambda: float(means.argmax()))


def noticed(g: Generator) -> Question:
    """Which layer notices most that a picture was cut up."""
    while True:
        picture, block = _one_of(g, PAINTINGS), 2 ** whole(g, 2, 5)
        missing = _missing(picture, block)
        first, second = sorted(missing.values(), reverse=True)[:2]
        if first > 1.1 * second:
            break
    options = tuple(missing)
    names = ", ".join(f"`{layer}`" for layer in options)
    text = (
        f'Take `p = st.load_image("{picture}", 128)`, its sides cut to multiples of 32, and `scatter(p, {block})` of '
        f"`styletools.variations`, whose blocks are laid out at random. For which of {names} is Eq. 4 between the two "
        "the largest share of its value at F = 0? Write the layer's name as a string."
    )
    return _asked("Cut up", text, "noticed", lambda: max(missing, key=lambda layer: missing[layer]), options=options)


QUESTIONS: tuple[Callable[[Generator], Question], ...] = (
    shape, field, content, gram, layer_loss, total, descent, different, strongest, noticed,
)  # fmt: skip


def _asked(
    title: str,
    text: str,
    name: str,
    measure: Callable[[], Any],
    tolerance: float = 0.0,
    options: tuple[str, ...] = (),
) -> Question:
    exercise = Prediction(
        title, measure, options=options, otherwise=NOT_RIGHT, hints=["…"], why="", tolerance=tolerance
    )
    return Question(title, text, name, f"{name} = None", f"{name} = {_typed(measure())}", exercise)


def _written(
    title: str,
    text: str,
    name: str,
    arguments: str,
    body: str,
    inputs: Callable[[Generator], tuple[Any, ...]],
    mistakes: dict[str, Callable[..., Any]],
) -> Question:
    head = f"def {name}({arguments}):\n    return"
    space: dict[str, Any] = {"st": _Names}
    exec(f"{head} {body}", space)
    exercise = Coding(title, space[name], inputs, mistakes=mistakes, hints=["…"], why="", gradient=(0,))
    return Question(title, text, name, f"{head} None  # your code", f"{head} {body}", exercise)


def _typed(answer: Any) -> str:
    return f"{answer:g}" if isinstance(answer, float) else repr(answer)


class _Names:
    """What a notebook calls `st`."""

    gram_matrix = staticmethod(gram_matrix)


def _one_of(g: Generator, names: tuple[str, ...]) -> str:
    return names[whole(g, 0, len(names) - 1)]


@cache
@torch.no_grad()
def _features(picture: str, layer: str) -> Tensor:
    return network()(load_image(picture, 128), [layer])[layer][0].flatten(1)


@cache
@torch.no_grad()
def _missing(picture: str, block: int) -> dict[str, float]:
    """The share of the style that is missing once a picture is cut up, for each of three layers."""
    layers = ("conv1_1", "conv3_1", "conv5_1")
    whole_picture = load_image(picture, 128)
    height, width = (side // 32 * 32 for side in whole_picture.shape[-2:])
    whole_picture = whole_picture[:, :, :height, :width]
    F, S = network()(scatter(whole_picture, block), layers), network()(whole_picture, layers)
    return {n: float(style_layer_loss(F[n], S[n]) / style_layer_loss(0 * S[n], S[n])) for n in layers}
