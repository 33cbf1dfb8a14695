"""Lesson 05, style transfer: Eq. 7, a step downhill, and the scale trap of α/β."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, image, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import content_loss, style_layer_loss
from styletools.losses.equations import total_loss as _eq7

__all__ = ["alpha_for_mean", "doubled", "larger", "report", "step", "total_loss"]


def _total_loss(content: Tensor, style: Tensor, alpha: float, beta: float) -> Tensor:
    return alpha * content + beta * style


def _losses(g: Generator) -> tuple[Tensor, Tensor, float, float]:
    content, style = torch.rand(2, generator=g, dtype=torch.float64) * 10
    return content, style, 10 ** _uniform(g, -2, 2), 10 ** _uniform(g, -2, 2)


def _uniform(g: Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=g, dtype=torch.float64))


total_loss = Coding(
    "5.1 Total loss (Eq. 7)",
    _total_loss,
    _losses,
    gradient=(0, 1),
    mistakes={
        "α and β are exchanged: α belongs to the content.": lambda content, style, a, b: b * content + a * style,
        "α is missing.": lambda content, style, a, b: content + b * style,
        "β is missing.": lambda content, style, a, b: a * content + style,
        "α and β are both missing.": lambda content, style, a, b: content + style,
        "It is a weighted mean; Eq. 7 is a weighted sum.": (
            lambda content, style, a, b: (a * content + b * style) / (a + b)
        ),
        "Only their ratio stands before the content: the picture would be the same, but Eq. 7 is written with both.": (
            lambda content, style, a, b: a / b * content + style
        ),
        "α and β multiply both losses.": lambda content, style, a, b: a * b * (content + style),
        "The style is subtracted; both losses should become small.": lambda content, style, a, b: (
            a * content - b * style
        ),
        "α and β are squared: each stands once before its loss.": lambda content, style, a, b: (
            a**2 * content + b**2 * style
        ),
        "The losses are squared; Eq. 7 takes them as they are.": lambda content, style, a, b: (
            a * content**2 + b * style**2
        ),
        "Both weights stand before both losses: α belongs to the content alone, β to the style.": (
            lambda content, style, a, b: (a + b) * (content + style)
        ),
        "It is divided by α and β; Eq. 7 multiplies.": lambda content, style, a, b: content / a + style / b,
        "It is a mean of the two; Eq. 7 is their sum.": lambda content, style, a, b: (a * content + b * style) / 2,
        "The style is missing.": lambda content, style, a, b: a * content,
        "The content is missing.": lambda content, style, a, b: b * style,
        "The losses are multiplied; Eq. 7 adds them.": lambda content, style, a, b: a * content * b * style,
    },
    hints=["Two products and a sum.", "α belongs to content, β to style."],
    why="α L_content + β L_style: one number, because an optimiser can only make *one* number small.",
)


def _step(x: Tensor, gradient: Tensor, rate: float) -> Tensor:
    return (x - rate * gradient).clamp(0, 1)


def _picture_and_gradient(g: Generator) -> tuple[Tensor, Tensor, float]:
    x = image(g)
    return x, 4 * torch.randn(x.shape, generator=g, dtype=torch.float64), 0.2 + 0.3 * float(torch.rand((), generator=g))


step = Coding(
    "5.3 A step downhill",
    _step,
    _picture_and_gradient,
    mistakes={
        "It goes uphill: the gradient points to where the loss grows.": (
            lambda x, gradient, rate: (x + rate * gradient).clamp(0, 1)
        ),
        "The pixels are not kept in [0, 1].": lambda x, gradient, rate: x - rate * gradient,
        "It goes uphill, and the pixels are not kept in [0, 1].": lambda x, gradient, rate: x + rate * gradient,
        "Only the lower end is kept: pixels may not be above 1 either.": (
            lambda x, gradient, rate: (x - rate * gradient).clamp_min(0)
        ),
        "Only the upper end is kept: pixels may not be below 0 either.": (
            lambda x, gradient, rate: (x - rate * gradient).clamp_max(1)
        ),
        "The pixels are kept in [−1, 1]; here they are in [0, 1].": (
            lambda x, gradient, rate: (x - rate * gradient).clamp(-1, 1)
        ),
        "The rate is missing.": lambda x, gradient, rate: (x - gradient).clamp(0, 1),
        "The rate is in it twice.": lambda x, gradient, rate: (x - rate**2 * gradient).clamp(0, 1),
        "It is the gradient that is kept in [0, 1], not the picture.": (
            lambda x, gradient, rate: x - rate * gradient.clamp(0, 1)
        ),
        "The gradient is averaged: each pixel has its own.": (
            lambda x, gradient, rate: (x - rate * gradient.mean()).clamp(0, 1)
        ),
        "The gradient is added up: each pixel has its own.": (
            lambda x, gradient, rate: (x - rate * gradient.sum()).clamp(0, 1)
        ),
        "The gradient is divided by its length: rate says how far to go for a gradient as it is.": (
            lambda x, gradient, rate: (x - rate * gradient / gradient.norm()).clamp(0, 1)
        ),
        "The rate and the gradient are subtracted; the rate multiplies the gradient.": (
            lambda x, gradient, rate: (x - rate - gradient).clamp(0, 1)
        ),
        "The picture is multiplied by the gradient; it is subtracted.": (
            lambda x, gradient, rate: (x * (1 - rate * gradient)).clamp(0, 1)
        ),
        "Only the sign of the gradient is used, not its size.": (
            lambda x, gradient, rate: (x - rate * gradient.sign()).clamp(0, 1)
        ),
        "It is the change that is kept in [0, 1], not the picture.": (
            lambda x, gradient, rate: x - (rate * gradient).clamp(0, 1)
        ),
        "It returns the change; return the new picture.": lambda x, gradient, rate: -rate * gradient,
        "It divides by the rate.": lambda x, gradient, rate: (x - gradient / rate).clamp(0, 1),
        "The pixels are squeezed by a sigmoid; clamp leaves those inside as they are.": (
            lambda x, gradient, rate: torch.sigmoid(x - rate * gradient)
        ),
    },
    hints=[
        "Against the gradient, as far as rate says. And then no pixel may be darker than black or brighter than white.",
        "x − rate · gradient, then .clamp(0, 1). Make a new tensor: -= would change the x that was given.",
    ],
    why="x ← clamp(x − rate · gradient, 0, 1). L-BFGS and Adam do the same, with a better idea of how far to go.",
)


def _alpha_for_mean(alpha: float, N: int, M: int) -> float:
    return alpha * N * M / 2


def _alpha_and_sizes(g: Generator) -> tuple[float, int, int]:
    """Both sizes even, or both odd: in that case N M / 2 is not a whole number."""
    odd = whole(g, 0, 1)
    return 10 ** _uniform(g, -3, 2), 2 * whole(g, 2, 6) + odd, 2 * whole(g, 8, 30) + odd


alpha_for_mean = Coding(
    "5.4 The scale trap",
    _alpha_for_mean,
    _alpha_and_sizes,
    mistakes={
        "The ½ of Eq. 1 is missing: the mean has none.": lambda alpha, N, M: alpha * N * M,
        "It is upside down: a mean is smaller than the sum, so its weight must be larger.": (
            lambda alpha, N, M: alpha / (N * M / 2)
        ),
        "It is upside down, and so is the ½.": lambda alpha, N, M: alpha / (N * M),
        "The ½ is upside down: ½ Σ is the mean times N·M/2.": lambda alpha, N, M: 2 * alpha * N * M,
        "A mean over N × M entries divides by both; N is missing.": lambda alpha, N, M: alpha * M / 2,
        "A mean over N × M entries divides by both; M is missing.": lambda alpha, N, M: alpha * N / 2,
        "That is the factor of Eq. 4; Eq. 1 has nothing squared before its sum.": (
            lambda alpha, N, M: alpha * (N * M) ** 2 / 4
        ),
        "N * M // 2 cuts off the half where N · M is odd; / divides.": lambda alpha, N, M: alpha * (N * M // 2),
        "M // 2 cuts off the half where M is odd; / divides.": lambda alpha, N, M: alpha * N * (M // 2),
        "N // 2 cuts off the half where N is odd; / divides.": lambda alpha, N, M: alpha * M * (N // 2),
        "N and M are missing: a mean is divided by both.": lambda alpha, N, M: alpha / 2,
        "It is divided by α; twice the α is twice the weight.": lambda alpha, N, M: N * M / 2 / alpha,
        "α is in it twice.": lambda alpha, N, M: alpha**2 * N * M / 2,
        "N and M are added; the mean is over N × M entries.": lambda alpha, N, M: alpha * (N + M) / 2,
        "512 and 4096 are written out: take N and M from the arguments.": lambda alpha, N, M: alpha * 512 * 4096 / 2,
        "α itself is missing.": lambda alpha, N, M: N * M / 2,
        "Nothing has changed: the mean is much smaller than the sum.": lambda alpha, N, M: alpha,
    },
    hints=[
        "Let D = Σ (F − P)². One says α · ½ · D, the other α' · D / (N M). When are they equal?",
        "½ α = α' / (N M).",
    ],
    why="α' = α N M / 2. For conv4_2 at 512 px that is 512 · 4096 / 2, about a million: why α/β of one program means "
    "nothing to another one, unless both say which content loss they use.",
)


def _content_and_style(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """A picture's features, and those of two others with the same statistics, at a size."""
    generator = Generator().manual_seed(0)
    tile = features(generator, 3, 4, 4, 4)
    F, P, S = tile.repeat(1, 1, size, size).unsqueeze(1)
    return F, P, S


def _doubled() -> str:
    F, P, S = _content_and_style(1)
    directions = []
    for k in (1.0, 2.0):
        x = F.clone().requires_grad_()
        total = _eq7(content_loss(x, P), style_layer_loss(x, S), alpha=k * 1e-3, beta=k)
        (gradient,) = torch.autograd.grad(total, x)
        directions.append(torch.nn.functional.normalize(gradient.flatten(), dim=0))
    return OUTCOMES[0] if torch.allclose(directions[0], directions[1]) else OUTCOMES[3]


OUTCOMES = ("the same picture", "more of the content", "more of the style", "another picture")

doubled = Prediction(
    "5.2 Predict: α and β both doubled",
    _doubled,
    options=OUTCOMES,
    wrong={
        OUTCOMES[1]: "The content counts twice as much, and the style, too.",
        OUTCOMES[2]: "The style counts twice as much, and the content, too.",
    },
    otherwise="Where is the minimum of 2 L, if you know where that of L is?",
    hints=["2α L_content + 2β L_style = 2 (α L_content + β L_style). Which pictures make that small?"],
    why="The total is doubled everywhere, so its minimum is at the same picture. Only the ratio α/β matters; an "
    "optimiser whose steps depend on the size of the loss may take another way to it.",
)


def _larger() -> float:
    ratios = []
    for size in (1, 2):
        F, P, S = _content_and_style(size)
        ratios.append(float(style_layer_loss(F, S) / content_loss(F, P)))
    return round(ratios[1] / ratios[0], 6)


larger = Prediction(
    "5.5 Predict: the same picture, larger",
    _larger,
    wrong={
        4: "The other way round: which of the two losses has grown, and which weight makes up for it?",
        1: "Literal losses: Eq. 1 is a sum over positions. Does Eq. 4 grow with the number of positions?",
        0.5: "Twice as wide *and* twice as high.",
        2: "Twice as wide *and* twice as high; and which of the two weights has to give way?",
        0.0625: "Eq. 4 is already divided by M²; only Eq. 1 has grown.",
        16: "Eq. 4 is already divided by M²; only Eq. 1 has grown.",
    },
    otherwise="By what factor does Eq. 1 grow with four times the positions? And Eq. 4?",
    hints=["Exercise 2.4: L_content is four times as large. L_style is as it was, because Eq. 4 divides by M²."],
    tolerance=1e-3,
    why="L_content grows fourfold, L_style does not, so a literal α/β must be a quarter. With units='relative' "
    "both are "
    "shares of what could be missing, and α/β means the same at every size.",
)

EXERCISES = (total_loss, doubled, step, alpha_for_mean, larger)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
