"""Lesson 09, control: colours, regions, several paintings, and the size of the strokes."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, network, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import gram_matrix
from styletools.pictures.images import load_image
from styletools.pictures.variations import grey
from styletools.recipes import reconstruct_style, transfer

__all__ = ["blend", "match", "regional_gram", "report", "strokes", "whose"]

OPTIONS = ("painting", "photograph", "covariance", "histogram")
SIZES = ("48", "192")


def _match(Y: Tensor, R: Tensor) -> Tensor:
    gain = R.std() / Y.std()
    return (gain * (Y - Y.mean()) + R.mean()).clamp(0, 1)


def _brightness(g: Generator) -> tuple[Tensor, Tensor]:
    """Of a dark painting with little contrast, and of a photograph with more: as many pixels, in another shape."""
    rows, columns = whole(g, 4, 6), whole(g, 8, 9)
    low, spread = (float(torch.rand((), generator=g)) for _ in range(2))
    Y = 0.2 * low + (0.2 + 0.2 * spread) * torch.rand(rows, columns, generator=g, dtype=torch.float64) ** 2
    return Y, torch.rand(columns, rows, generator=g, dtype=torch.float64) ** (0.4 + 0.3 * low)


def _spread(Y: Tensor, R: Tensor) -> Tensor:
    return R.std() / Y.std()


match = Coding(
    "9.1 The brightness of the painting",
    _match,
    _brightness,
    mistakes={
        "It is the wrong way round: this changes the photograph. It is the painting that gets another brightness.": (
            lambda Y, R: _match(R, Y)
        ),
        "It is not kept in [0, 1].": lambda Y, R: _spread(Y, R) * (Y - Y.mean()) + R.mean(),
        "The factor is upside down: it must make the painting's deviation σ that of the photograph, σ_r.": (
            lambda Y, R: ((Y - Y.mean()) / _spread(Y, R) + R.mean()).clamp(0, 1)
        ),
        "It is a ratio of variances; the factor is the ratio of *standard deviations*, their roots.": (
            lambda Y, R: (_spread(Y, R) ** 2 * (Y - Y.mean()) + R.mean()).clamp(0, 1)
        ),
        "The mean is right and the contrast is the painting's own: the factor σ_r/σ is missing.": (
            lambda Y, R: (Y - Y.mean() + R.mean()).clamp(0, 1)
        ),
        "The painting's mean is not taken away before it is multiplied.": (
            lambda Y, R: (_spread(Y, R) * Y + R.mean()).clamp(0, 1)
        ),
        "The photograph's mean is not added.": lambda Y, R: (_spread(Y, R) * (Y - Y.mean())).clamp(0, 1),
        "The painting's own mean is put back; it should be the photograph's, μ_r.": (
            lambda Y, R: (_spread(Y, R) * (Y - Y.mean()) + Y.mean()).clamp(0, 1)
        ),
        "It is only multiplied: subtract μ first, and add μ_r last.": lambda Y, R: (_spread(Y, R) * Y).clamp(0, 1),
        "μ_r is multiplied, too: it belongs outside the brackets.": (
            lambda Y, R: (_spread(Y, R) * (Y - Y.mean() + R.mean())).clamp(0, 1)
        ),
        "The extremes are matched, not mean and deviation: one very bright pixel would decide.": (
            lambda Y, R: R.min() + (Y - Y.min()) / (Y.max() - Y.min()) * (R.max() - R.min())
        ),
        "This is the painting as it was.": lambda Y, R: Y,
    },
    hints=[
        "Three steps: take the painting's mean away, multiply, add the photograph's mean. Multiply by what?",
        "Y − μ has the deviation σ. Multiplied by σ_r/σ it has σ_r; .std() and .mean() give both. Then .clamp(0, 1).",
    ],
    why="σ_r/σ (Y − μ) + μ_r has the photograph's mean and deviation. Without it a dark painting would make a light "
    "photograph dark, although only its strokes are wanted.",
)


@torch.no_grad()
def _chroma(image: Tensor) -> Tensor:
    return image - grey(image)


@lru_cache(maxsize=1)
def _whose() -> str:
    """Where does what was red come closest to the colour it had? Four small transfers, each of a second or less."""
    photograph = load_image("coffee", 80)
    colour = _chroma(photograph)
    red = colour[0, 0] > colour[0, 0].flatten().quantile(0.8)
    given = {"size": 80, "steps": 12, "init": "content", "weights": network(), "progress": False}
    off = {}
    for colours in OPTIONS:
        image = transfer("coffee", "starry_night", colours=colours, **given).image  # type: ignore[arg-type]
        off[colours] = float((_chroma(image) - colour)[0, :, red].abs().mean())
    return min(off, key=lambda name: off[name])


whose = Prediction(
    "9.2 Predict: red stays red",
    _whose,
    options=OPTIONS,
    wrong={
        "painting": "The Starry Night has hardly any red, and its colours are part of its Gram matrices.",
        "covariance": "The palette is then the photograph's. But who says where in the picture each colour goes?",
        "histogram": "How often each value occurs is then the photograph's. But who says where?",
    },
    otherwise="Three of the four let the Gram matrices say where a colour goes. Which one does not?",
    hints=["Gram matrices forget places. In which of the four is the colour of a pixel not up to Gram matrices?"],
    why="With the photograph's colours under a transfer in grey, a pixel's I and Q are those of the photograph, "
    "whatever the style does. The other two change only the palette that the style is made from.",
)


def _regional_gram(F: Tensor, inside: Tensor) -> Tensor:
    rows = F[:, :, inside]
    return rows @ rows.transpose(1, 2) / rows.shape[2]


def _region(g: Generator) -> tuple[Tensor, Tensor]:
    F = features(g)
    inside = torch.rand(F.shape[2:], generator=g) < 0.4
    inside[0, : whole(g, 2, 4)] = True
    return F, inside


def _number(inside: Tensor) -> int:
    return int(inside.sum())


def _positions(inside: Tensor) -> int:
    return inside.numel()


regional_gram = Coding(
    "9.3 The Gram matrix of a region",
    _regional_gram,
    _region,
    gradient=(0,),
    mistakes={
        "It is divided by all M positions: a small region would have a small Gram matrix. Divide by |r|.": (
            lambda F, r: gram_matrix(F * r) / _positions(r)
        ),
        "It is not divided by |r|, the number of positions inside: a large region would have a large matrix.": (
            lambda F, r: gram_matrix(F * r)
        ),
        "It is divided by |r| twice; the mask is 0 or 1, and its square is itself.": (
            lambda F, r: gram_matrix(F * r) / _number(r) ** 2
        ),
        "It is divided by N as well; divide by |r| only.": lambda F, r: gram_matrix(F * r) / (F.shape[1] * _number(r)),
        "It is divided by the root of |r|.": lambda F, r: gram_matrix(F * r) / _number(r) ** 0.5,
        "The mask is not used: this is the Gram matrix of the whole picture.": (
            lambda F, r: gram_matrix(F) / _positions(r)
        ),
        "The mask is not used before the sum, only in the divisor.": lambda F, r: gram_matrix(F) / _number(r),
        "It is the region outside the mask.": lambda F, r: gram_matrix(F * ~r) / _number(~r),
        "It is the guided Gram matrix of lesson 06, M/|r| times the sum: that is comparable with a plain G of M "
        "positions. Here, divide by |r|.": lambda F, r: gram_matrix(F * r) * _positions(r) / _number(r),
        "The mean is subtracted first: that is a covariance. Take the features as they are.": (
            lambda F, r: _regional_gram(F - F[:, :, r].mean(2)[..., None, None], r)
        ),
        "Only the first picture of the batch is left.": lambda F, r: _regional_gram(F, r)[0],
        "It is a Gram matrix over positions: the sum must run over the positions of the region.": (
            lambda F, r: F[:, :, r].transpose(1, 2) @ F[:, :, r] / _number(r)
        ),
    },
    hints=[
        "F[:, :, inside] takes the positions where the mask is True, in a row: (B, C, |r|).",
        "Then Eq. 3 as usual, rows @ rows.transpose(1, 2), divided by rows.shape[2].",
    ],
    why="Σ_{k∈r} F_ik F_jk / |r| is the mean over the region alone. So a small region's style can be compared with "
    "that of a whole painting: both are means over positions.",
)


def _blend(S: tuple[Tensor, ...], s: tuple[float, ...]) -> Tensor:
    grams = [w * (F @ F.T) / F.shape[1] for F, w in zip(S, s, strict=True)]
    return torch.stack(grams).sum(0) / sum(s)


def _paintings(g: Generator) -> tuple[tuple[Tensor, ...], tuple[float, ...]]:
    """Of different sizes, and with shares that do not add up to 1."""
    count, filters = whole(g, 2, 3), whole(g, 3, 4)
    S = tuple(features(g, filters, 6 + 7 * i + whole(g, 0, 3)) for i in range(count))
    return S, tuple(float(whole(g, 1, 3) + 4 * i) for i in range(count))


def _hats(S: tuple[Tensor, ...]) -> list[Tensor]:
    return [F @ F.T / F.shape[1] for F in S]


def _sum(grams: list[Tensor], s: object) -> Tensor:
    return torch.stack([w * G for w, G in zip(s, grams, strict=True)]).sum(0)  # type: ignore[call-overload]


blend = Coding(
    "9.4 Blend several paintings",
    _blend,
    _paintings,
    mistakes={
        "The shares are taken as they are; divide by their sum, so that 75 : 25 is the same as 3 : 1.": (
            lambda S, s: _sum(_hats(S), s)
        ),
        "The shares are not used: this is a plain mean.": lambda S, s: torch.stack(_hats(S)).mean(0),
        "The shares are not used: this is a plain sum.": lambda S, s: torch.stack(_hats(S)).sum(0),
        "It is divided by the number of paintings; divide by the sum of the shares.": (
            lambda S, s: _sum(_hats(S), s) / len(S)
        ),
        "The sums are not divided by M: a painting counts for more where it is larger. Each needs its own M.": (
            lambda S, s: _sum([F @ F.T for F in S], s) / sum(s)
        ),
        "All sums are divided by the positions of all paintings together; each needs its own M.": (
            lambda S, s: _sum([F @ F.T for F in S], s) / sum(s) / sum(F.shape[1] for F in S)
        ),
        "All positions are put into one matrix, without the shares: larger paintings count for more.": (
            lambda S, s: _hats((torch.cat(S, 1),))[0]
        ),
        "The shares multiply the features: G has F twice, so they are squared.": (
            lambda S, s: _sum(_hats(S), [(w / sum(s)) ** 2 for w in s])
        ),
        "They are divided by N·M; a mean over positions is divided by M only.": (
            lambda S, s: _sum(_hats(S), s) / sum(s) / len(S[0])
        ),
        "Only the first painting is left.": lambda S, s: _hats(S)[0],
        "Only the last painting is left: is the sum reset in each turn of the loop?": (
            lambda S, s: _hats(S)[-1] * s[-1] / sum(s)
        ),
        "The shares are in the wrong order: the first belongs to the first painting.": (
            lambda S, s: _sum(_hats(S), s[::-1]) / sum(s)
        ),
    },
    hints=[
        "For each painting Ĝ_i = F Fᵀ / M_i, with its own M_i = F.shape[1]. All have one shape.",
        "Add s_i Ĝ_i over all paintings (zip(S, s) goes through both), and divide by sum(s).",
    ],
    why="Σ s_i Ĝ_i / Σ s_i is one matrix. Once it is made, a transfer with ten paintings costs what one costs.",
)


@lru_cache(maxsize=1)
def _strokes() -> str:
    """Two small textures. In which of them are pixels that are six apart more alike?"""
    given = {"size": 80, "steps": 20, "tv": 0.5, "seed": 1, "weights": network(), "progress": False}
    alike = {}
    for size in SIZES:
        texture = reconstruct_style("starry_night", ["conv2_1", "conv3_1"], style_size=int(size), **given).image  # type: ignore[arg-type]
        luma = grey(texture)[0, 0]
        y = luma - luma.mean()
        covariance = (y[6:] * y[:-6]).mean() + (y[:, 6:] * y[:, :-6]).mean()
        alike[size] = float(covariance / y.square().mean())
    return max(alike, key=lambda name: alike[name])


strokes = Prediction(
    "9.5 Predict: the size of the strokes",
    _strokes,
    options=SIZES,
    wrong={
        "48": "At 48 px the whole painting is 48 px wide. How many pixels are left for one of its strokes?",
    },
    otherwise="A layer compares patterns of a fixed number of pixels. Where is a stroke more pixels long?",
    hints=["A receptive field has the same number of pixels in both. In which painting does a stroke fill more of it?"],
    why="Gram matrices compare patterns pixel by pixel. The larger the painting was when its features were taken, the "
    "more pixels each stroke has, and it gets as many in the result, whose size is another matter.",
)

EXERCISES = (match, whose, regional_gram, blend, strokes)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
