"""Lesson 08, other statistics: moments, kernels, transport, and what each of them forgets."""

from __future__ import annotations

from functools import cache

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, network, whole
from styletools.exercises.prediction import Prediction
from styletools.laboratory import levelness
from styletools.losses.statistics import statistics
from styletools.pictures.images import load_image
from styletools.recipes import STYLE_LAYERS, reconstruct_style

__all__ = ["adain", "courses", "forgets", "mmd", "report", "sliced"]


def _adain(F: Tensor, S: Tensor) -> Tensor:
    mean, deviation = F.mean((2, 3), keepdim=True), F.std((2, 3), correction=0, keepdim=True)
    wanted, spread = S.mean((2, 3), keepdim=True), S.std((2, 3), correction=0, keepdim=True)
    return spread * (F - mean) / deviation + wanted


def _two_sizes(g: Generator) -> tuple[Tensor, Tensor]:
    """A batch of photographs and a painting of another size, without a dead filter."""
    filters = whole(g, 2, 4)
    F = features(g, whole(g, 2, 3), filters, whole(g, 5, 7), whole(g, 8, 9))
    return F, 2 * features(g, 1, filters, whole(g, 3, 4), whole(g, 4, 6)) + 0.3


def _mean(F: Tensor) -> Tensor:
    return F.mean((2, 3), keepdim=True)


def _spread(F: Tensor) -> Tensor:
    return F.std((2, 3), correction=0, keepdim=True)


def _normalised(F: Tensor, over: tuple[int, ...]) -> Tensor:
    return (F - F.mean(over, keepdim=True)) / F.std(over, correction=0, keepdim=True)


adain = Coding(
    "8.1 Mean and deviation (AdaIN)",
    _adain,
    _two_sizes,
    gradient=(0,),
    mistakes={
        "The deviation divides by M − 1; here, as in the loss, by M: std(…, correction=0).": (
            lambda F, S: S.std((2, 3), keepdim=True) * (F - _mean(F)) / F.std((2, 3), keepdim=True) + _mean(S)
        ),
        "Mean and deviation are taken over the batch as well: each picture has its own.": (
            lambda F, S: _spread(S) * _normalised(F, (0, 2, 3)) + _mean(S)
        ),
        "Mean and deviation are taken over the filters as well: each filter has its own.": (
            lambda F, S: _spread(S) * _normalised(F, (1, 2, 3)) + _mean(S)
        ),
        "It is scaled by variances; deviations are their roots.": (
            lambda F, S: _spread(S) ** 2 * (F - _mean(F)) / _spread(F) ** 2 + _mean(S)
        ),
        "F's own mean is not subtracted before the scaling.": lambda F, S: _spread(S) * F / _spread(F) + _mean(S),
        "F's own mean comes back at the end; it should be the painting's.": (
            lambda F, S: _spread(S) * (F - _mean(F)) / _spread(F) + _mean(F)
        ),
        "The painting's mean is missing: the result has mean 0.": (
            lambda F, S: _spread(S) * (F - _mean(F)) / _spread(F)
        ),
        "Only the mean is changed; the deviation is still F's.": lambda F, S: F - _mean(F) + _mean(S),
        "The deviation is 1: normalised, but not yet given the painting's.": (
            lambda F, S: (F - _mean(F)) / _spread(F) + _mean(S)
        ),
        "It is only normalised, to mean 0 and deviation 1: now give it the painting's.": (
            lambda F, S: (F - _mean(F)) / _spread(F)
        ),
        "The quotient is upside down: divide by F's deviation and multiply by the painting's.": (
            lambda F, S: _spread(F) * (F - _mean(F)) / _spread(S) + _mean(S)
        ),
        "F and S are exchanged: it is the photograph's features that are to change.": lambda F, S: _adain(S, F),
    },
    hints=[
        "mean((2, 3), keepdim=True) is (B, C, 1, 1): one number for each filter of each picture, and it broadcasts.",
        "Subtract F's mean, divide by F's deviation, multiply by the painting's deviation, add the painting's mean.",
        "std((2, 3), correction=0, keepdim=True) divides by M; without correction=0 it divides by M − 1.",
    ],
    why="σˢ (F − μ) / σ + μˢ is adaptive instance normalisation: where things are stays the photograph's, how strongly "
    "each filter fires becomes the painting's. 2 N numbers a layer, and no products of two filters.",
)


def _mmd(F: Tensor, S: Tensor) -> Tensor:
    def k(x: Tensor, y: Tensor) -> Tensor:
        return ((x.T @ y) ** 2).mean()

    return k(F, F) + k(S, S) - 2 * k(F, S)


def _two_matrices(g: Generator) -> tuple[Tensor, Tensor]:
    filters = whole(g, 3, 5)
    return features(g, filters, whole(g, 8, 10)), 1.5 * features(g, filters, whole(g, 5, 7))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x.T @ y) ** 2


def _without_itself(x: Tensor) -> Tensor:
    k = _kernel(x, x)
    return (k.sum() - k.trace()) / (k.numel() - len(k))


mmd = Coding(
    "8.2 MMD with the kernel (xᵀy)²",
    _mmd,
    _two_matrices,
    gradient=(0,),
    mistakes={
        "The 2 is missing: the pairs between the two sets count twice.": (
            lambda F, S: _kernel(F, F).mean() + _kernel(S, S).mean() - _kernel(F, S).mean()
        ),
        "It is added instead of subtracted: what the two sets have in common makes them *nearer*.": (
            lambda F, S: _kernel(F, F).mean() + _kernel(S, S).mean() + 2 * _kernel(F, S).mean()
        ),
        "These are sums over the pairs, or Gram matrices that are not divided by M: MMD² takes means.": (
            lambda F, S: _kernel(F, F).sum() + _kernel(S, S).sum() - 2 * _kernel(F, S).sum()
        ),
        "The kernel is not squared: with xᵀy it compares means only.": (
            lambda F, S: (F.T @ F).mean() + (S.T @ S).mean() - 2 * (F.T @ S).mean()
        ),
        "The mean is squared; square each product first, then take the mean.": (
            lambda F, S: (F.T @ F).mean() ** 2 + (S.T @ S).mean() ** 2 - 2 * (F.T @ S).mean() ** 2
        ),
        "The pairs of a position with itself are left out; here they count, and only then is it the Gram distance.": (
            lambda F, S: _without_itself(F) + _without_itself(S) - 2 * _kernel(F, S).mean()
        ),
        "The pairs within S are missing.": lambda F, S: _kernel(F, F).mean() - 2 * _kernel(F, S).mean(),
        "The pairs within F are missing.": lambda F, S: _kernel(S, S).mean() - 2 * _kernel(F, S).mean(),
        "This is the root, the MMD; its square is asked for.": lambda F, S: _mmd(F, S).sqrt(),
        "It is Eq. 4, with its 1 / (4 N²); MMD² is without it.": lambda F, S: _mmd(F, S) / (4 * F.shape[0] ** 2),
        "It is a mean over the N² entries of a Gram matrix; MMD² is their sum.": (
            lambda F, S: _mmd(F, S) / F.shape[0] ** 2
        ),
    },
    hints=[
        "F.T @ S has xᵀy for each position x of F and each y of S, (M, M').",
        "Write k(x, y) = ((x.T @ y) ** 2).mean(), a mean over all pairs, and use it three times.",
        "k(F, F) + k(S, S) − 2 k(F, S).",
    ],
    why="MMD² = mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y). Since (xᵀy)² is the product of the matrices x xᵀ and "
    "y yᵀ, entry by entry and summed, it is ‖Ĝ − Â‖²: four times N² times Eq. 4.",
)


def _sliced(F: Tensor, S: Tensor, theta: Tensor) -> Tensor:
    f, s = (theta @ F).sort().values, (theta @ S).sort().values
    return ((f - s) ** 2).mean()


def _direction(g: Generator) -> tuple[Tensor, Tensor, Tensor]:
    filters, positions = whole(g, 3, 5), whole(g, 12, 16)
    theta = torch.randn(filters, generator=g, dtype=torch.float64)
    return features(g, filters, positions), 1.5 * features(g, filters, positions), theta / theta.norm()


sliced = Coding(
    "8.3 Wasserstein in one direction",
    _sliced,
    _direction,
    gradient=(0,),
    mistakes={
        "Nothing is sorted: it compares what is at the same position, as the content loss does.": (
            lambda F, S, theta: ((theta @ F - theta @ S) ** 2).mean()
        ),
        "S is not sorted; the k-th smallest of the one belongs to the k-th smallest of the other.": (
            lambda F, S, theta: (((theta @ F).sort().values - theta @ S) ** 2).mean()
        ),
        "F is not sorted; the k-th smallest of the one belongs to the k-th smallest of the other.": (
            lambda F, S, theta: ((theta @ F - (theta @ S).sort().values) ** 2).mean()
        ),
        "It is a sum over the positions; the mean is asked for.": (
            lambda F, S, theta: _sliced(F, S, theta) * F.shape[1]
        ),
        "These are absolute differences, the distance W₁; here they are squared.": (
            lambda F, S, theta: ((theta @ F).sort().values - (theta @ S).sort().values).abs().mean()
        ),
        "The square is missing: then only the two means are compared.": (
            lambda F, S, theta: (theta @ F).mean() - (theta @ S).mean()
        ),
        "The square is outside the mean: then only the two means are compared.": (
            lambda F, S, theta: ((theta @ F).mean() - (theta @ S).mean()) ** 2
        ),
        "Each filter is sorted by itself, before the projection: that breaks up what fired together.": (
            lambda F, S, theta: ((theta @ F.sort(1).values - theta @ S.sort(1).values) ** 2).mean()
        ),
        "One is sorted upwards and the other downwards: the farthest partners instead of the nearest.": (
            lambda F, S, theta: (((theta @ F).sort().values - (theta @ S).sort(descending=True).values) ** 2).mean()
        ),
        "The direction is not used: filters are compared one by one, which is the histogram loss.": (
            lambda F, S, theta: ((F.sort(1).values - S.sort(1).values) ** 2).mean()
        ),
        "The root is taken: W₂ instead of its square.": lambda F, S, theta: _sliced(F, S, theta).sqrt(),
    },
    hints=[
        "theta @ F is one number for each position: the shadow of the cloud of points in that direction.",
        "tensor.sort() returns values and indices; you want .values.",
        "Sort both, subtract, square, take the mean.",
    ],
    why="In one dimension the cheapest way to move one heap of sand onto another keeps the order: the k-th smallest "
    "grain goes to the k-th smallest place. Averaged over many directions, this is the sliced Wasserstein distance.",
)

NAMES = ("mean", "gram", "sliced", "shifted-gram", "autocorrelation")


def _forgets() -> frozenset[str]:
    """Measured on random features."""
    g = Generator().manual_seed(0)
    S, F = features(g, 1, 4, 16, 16), features(g, 1, 4, 16, 16)
    shuffled = F.flatten(2)[..., torch.randperm(256, generator=g)].view_as(F)
    terms = {name: statistics()[name]("conv1_1", S) for name in NAMES}
    return frozenset(name for name, term in terms.items() if torch.allclose(term.value(F), term.value(shuffled)))


forgets = Prediction(
    "8.4 Predict: who forgets positions?",
    _forgets,
    options=NAMES,
    wrong={
        frozenset(NAMES[:2]): "There is a third one to which positions are a mere set of points.",
        frozenset(NAMES[:1]): "A sum over all positions does not mind their order, whatever is summed.",
        frozenset((*NAMES[:3], NAMES[4])): (
            "Autocorrelation multiplies what a filter says here with what the same filter says a few positions on."
        ),
        frozenset(
            NAMES[:4]
        ): "A shift δ multiplies what is here with what is δ positions on: who is beside whom counts.",
        frozenset(NAMES[3:]): "These are the two that remember. You were asked for those that forget.",
        frozenset(NAMES): "Two of them multiply what is here with what is somewhere else.",
    },
    otherwise="In whose formula is there a neighbour, k + δ? All the others are sums over k, or sort the positions.",
    hints=[
        "Look for δ in the table.",
        "Sorting a cloud's shadow throws away where each value came from.",
    ],
    why="Mean, Gram and sliced Wasserstein treat the positions as a set of points. Shifted Gram and autocorrelation "
    "multiply what is here with what is δ positions on: after shuffling, these products are different.",
)


@cache
def _courses() -> str:
    """Measured on four small textures of a piece of wall."""
    wall = load_image("bricks", 128)[:, :, :72, :72]
    level = {}
    for name in WALLS:
        made = reconstruct_style(
            wall, STYLE_LAYERS[:4], statistic=name, size=72, steps=30, weights=network(), progress=False
        )
        level[name] = levelness(made.image, wall)
    return max(level, key=lambda name: level[name])


WALLS = ("mean", "gram", "sliced", "shifted-gram")

courses = Prediction(
    "8.5 Predict: who lays level courses?",
    _courses,
    options=WALLS,
    wrong={
        "mean": "It knows that there are joints, and not even which filters fire together at one.",
        "gram": "It knows what one position sees, which is a few bricks. And the bricks on the far side of the wall?",
        "sliced": "It sees the whole distribution, but of a set of points: nobody in it has a neighbour.",
    },
    otherwise="A course is order along a line. Which of them compares a position with another one?",
    hints=["Exercise 8.4 has the answer: which of the four does not forget positions?"],
    why="Shifted Gram asks what fires 2, 8 and 16 positions beside what: that a joint goes on to the right is such a "
    "question. The other three treat each position as a point in a set, and a course may sink as far as it likes.",
)

EXERCISES = (adain, mmd, sliced, forgets, courses)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
