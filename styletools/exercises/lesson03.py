"""Lesson 03, the Gram matrix: Eq. 3, what it forgets, and what its normalisations hide."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import gram_matrix as _eq3

__all__ = ["closest_pair", "gram", "hidden_weights", "numbers", "report", "unchanged"]


def _gram(F: Tensor) -> Tensor:
    F = F.flatten(2)
    return F @ F.transpose(1, 2)


def _flat(F: Tensor) -> Tensor:
    return F.reshape(F.shape[0] * F.shape[1], -1)


def _size(F: Tensor) -> int:
    return F.shape[2] * F.shape[3]


gram = Coding(
    "3.1 Gram matrix (Eq. 3)",
    _gram,
    lambda g: (features(g),),
    gradient=(0,),
    mistakes={
        "It is a Gram matrix over positions, M × M: the sum must run over the positions k, not over the filters.": (
            lambda F: F.flatten(2).transpose(1, 2) @ F.flatten(2)
        ),
        "The batch is flattened into the channels: filters of different pictures are multiplied.": (
            lambda F: _flat(F) @ _flat(F).T
        ),
        "It is divided by N·M; Eq. 3 is the plain sum. (What that hides is exercise 3.5.)": (
            lambda F: _gram(F) / (F.shape[1] * _size(F))
        ),
        "It is divided by M, the number of positions; Eq. 3 is the plain sum.": lambda F: _gram(F) / _size(F),
        "It is divided by N, the number of filters; Eq. 3 is the plain sum.": lambda F: _gram(F) / F.shape[1],
        "reshape(B, M, N) moves no numbers: rows are no longer filters. Flatten H and W, then transpose.": (
            lambda F: F.reshape(F.shape[0], -1, F.shape[1]).transpose(1, 2) @ F.reshape(F.shape[0], -1, F.shape[1])
        ),
        "There is no transpose: * multiplies entry by entry, and each filter only meets itself.": (
            lambda F: F.flatten(2) * F.flatten(2)
        ),
        "Only the diagonal is there, each filter with itself; the pairs i ≠ j are what it is about.": (
            lambda F: (F.flatten(2) ** 2).sum(2)
        ),
        "Only the diagonal is not 0; the pairs i ≠ j are what it is about.": (
            lambda F: torch.diag_embed((F.flatten(2) ** 2).sum(2))
        ),
        "The mean is subtracted first: that is a covariance. Eq. 3 takes the features as they are.": (
            lambda F: _gram(F - F.mean((2, 3), keepdim=True))
        ),
        "The picture's rows are taken for filters; these are the second axis of (B, C, H, W).": (
            lambda F: _gram(F.transpose(1, 2))
        ),
        "Only one half of it is there; G is symmetric, G_ij = G_ji.": lambda F: _gram(F).triu(),
        "The features are squared first: Σ F_ik F_jk has each of them once.": lambda F: _gram(F**2),
        "It is a mean over all filters and positions; G has a number for each pair of filters.": lambda F: _gram(
            F
        ).mean(),
        "It is the sum of all pairs; G has a number for each of them.": lambda F: _gram(F).sum(),
        "Only the first picture of the batch is left.": lambda F: _gram(F)[0],
        "The pictures of the batch are added up; each has a matrix of its own.": lambda F: _gram(F).sum(0),
        "These are cosines: each filter's strength is divided out. Eq. 3 keeps it.": (
            lambda F: _gram(torch.nn.functional.normalize(F.flatten(2), dim=2)[..., None])
        ),
    },
    hints=[
        "First make each picture's features a matrix F_ik, (B, N, M), as in exercise 1.1.",
        "Σ_k F_ik F_jk is entry i, j of the matrix product F Fᵀ; @ multiplies the last two axes, batch by batch.",
        "F.transpose(1, 2) exchanges filters and positions and leaves the batch alone.",
    ],
    why="G_ij is large where filters i and j fire at the same positions. k is summed away: where that was, G forgets.",
)


def _closest_pair(G: Tensor) -> tuple[int, int]:
    length = G.diagonal().sqrt()
    C = (G / length[:, None] / length[None, :]).nan_to_num(0)  # a filter that never fires is like no other
    C.fill_diagonal_(-1)
    i, j = divmod(int(C.argmax()), len(C))
    return min(i, j), max(i, j)


def _one_gram(g: Generator) -> tuple[Tensor]:
    """Of filters of very different strengths, so that the closest pair is not the strongest."""
    filters = whole(g, 4, 6)
    strength = torch.tensor([9.0, 7.0, 1.0, 1.5, 0.7, 1.2], dtype=torch.float64)[torch.randperm(6, generator=g)]
    F = features(g, filters, 30) * strength[:filters, None]
    return (F @ F.T,)


def _cosines(G: Tensor) -> Tensor:
    length = G.diagonal().sqrt()
    return G / length[:, None] / length[None, :]


def _without_diagonal(G: Tensor) -> Tensor:
    return G.clone().fill_diagonal_(-1)


def _largest(values: Tensor) -> tuple[int, int]:
    i, j = divmod(int(values.argmax()), len(values))
    return min(i, j), max(i, j)


closest_pair = Coding(
    "3.2 Which two fire together?",
    _closest_pair,
    _one_gram,
    mistakes={
        "Strong filters win: divide G_ij by √(G_ii G_jj) first, so that strength does not count.": (
            lambda G: _largest(G.clone().fill_diagonal_(-1))
        ),
        "This is a filter with itself: leave the diagonal out.": _largest,
        "This is a filter with itself, whose cosine is always 1: leave the diagonal out.": (
            lambda G: _largest(_cosines(G))
        ),
        "The pair is right, but the smaller index should come first.": lambda G: _closest_pair(G)[::-1],
        "This is the pair that fires together least: you want the largest.": lambda G: _largest(-_cosines(G)),
        "The root is missing: G_ij / (G_ii G_jj) still depends on the filters' strength.": (
            lambda G: _largest((G / G.diagonal()[:, None] / G.diagonal()[None]).fill_diagonal_(-1))
        ),
        "This is its place in the flat matrix: divmod(index, N) gives row and column.": lambda G: int(
            _without_diagonal(_cosines(G)).argmax()
        ),
        "This is where the strongest filter meets itself, in the flat matrix: take the cosines, leave the diagonal "
        "out, and divmod(index, N) gives row and column.": lambda G: int(G.argmax()),
        "Counted from 1; Python counts rows and columns from 0.": lambda G: tuple(i + 1 for i in _closest_pair(G)),
        "Row and column are counted from 1, and the larger comes first.": lambda G: tuple(
            i + 1 for i in _closest_pair(G)[::-1]
        ),
        "This is the cosine itself; the question is which two filters have it.": lambda G: float(
            _without_diagonal(_cosines(G)).max()
        ),
        "Only one filter of the pair is given; return both, (i, j).": lambda G: _closest_pair(G)[0],
        "Only one filter of the pair is given, the larger one; return both, (i, j).": lambda G: _closest_pair(G)[1],
        "It is divided by one filter's strength only; both belong under the root.": (
            lambda G: _largest((G / G.diagonal()[:, None]).fill_diagonal_(-1))
        ),
    },
    hints=[
        "G_ii is filter i with itself, its strength squared. G_ij / √(G_ii G_jj) is the cosine between rows i and j.",
        "G.diagonal().sqrt() has the lengths; [:, None] and [None, :] make them a column and a row. Set the "
        "diagonal to −1, take argmax(), and divmod(index, N) gives row and column.",
    ],
    why="Divided by both lengths, G_ij is a cosine: 1 where two filters always fire in the same proportion.",
)


def _hidden_weights(N: list[int]) -> list[float]:
    return [(N[-1] / n) ** 2 for n in N]


def _filters(g: Generator) -> tuple[list[int]]:
    return ([whole(g, 20, 600) for _ in range(whole(g, 3, 5))],)


hidden_weights = Coding(
    "3.5 Divide by what?",
    _hidden_weights,
    _filters,
    mistakes={
        "The square is missing: E_l has the *square* of a difference of Gram matrices.": (
            lambda N: [N[-1] / n for n in N]
        ),
        "It is upside down: dividing by a larger N makes the layer count less.": lambda N: [
            (n / N[-1]) ** 2 for n in N
        ],
        "It is upside down, and the square is missing.": lambda N: [n / N[-1] for n in N],
        "It is compared with the first layer; the last one should have the weight 1.": (
            lambda N: [(N[0] / n) ** 2 for n in N]
        ),
        "Nothing is compared: divide by the last layer's, so that its weight is 1.": lambda N: [1 / n**2 for n in N],
        "The fourth power is one square too many.": lambda N: [(N[-1] / n) ** 4 for n in N],
        "512 is written out: the last layer's number is N[-1].": lambda N: [(512 / n) ** 2 for n in N],
        "64 is written out: compare with the last layer's number, N[-1].": lambda N: [(64 / n) ** 2 for n in N],
        "It is compared with the widest layer; the last one should have the weight 1.": (
            lambda N: [(max(N) / n) ** 2 for n in N]
        ),
        "It is compared with the layer after it; all are compared with the last one.": (
            lambda N: [(m / n) ** 2 for n, m in zip(N, [*N[1:], N[-1]], strict=True)]
        ),
        "N[-1] // n cuts off what comes after the point; / divides.": lambda N: [(N[-1] // n) ** 2 for n in N],
        "N[-1] ** 2 // n ** 2 cuts off what follows the point; / divides.": lambda N: [N[-1] ** 2 // n**2 for n in N],
        "It is multiplied: dividing by a larger N makes the layer count less.": lambda N: [(N[-1] * n) ** 2 for n in N],
        "Only the first layer is there: does the function return from inside the loop?": lambda N: [
            (N[-1] / N[0]) ** 2
        ],
        "Nothing is compared, and it is upside down: these are the squares of N alone.": lambda N: [n**2 for n in N],
        "They are added up; each layer has a weight of its own.": lambda N: sum(_hidden_weights(N)),
        "It is their mean; each layer has a weight of its own.": lambda N: sum(_hidden_weights(N)) / len(N),
        "The weights are made to add up to 1; the last one should be 1.": (
            lambda N: [x / sum(_hidden_weights(N)) for x in _hidden_weights(N)]
        ),
        "Not all the same: N differs from layer to layer.": lambda N: [1.0 for _ in N],
    },
    hints=[
        "A Gram matrix divided by N·M is the one divided by M, divided by N once more. What becomes of the square of "
        "their difference?",
        "Each layer's loss is divided by N_l². Compare with the last layer: (N_last / N_l)².",
    ],
    why="For 64, 128, 256, 512, 512 filters these are 64 : 16 : 4 : 1 : 1. If you divide by N·M and give each layer "
    "the same w_l, you give conv1_1 sixty-four times the weight of conv5_1, without having written it anywhere.",
)


def _unchanged() -> frozenset[str]:
    """Measured on random features."""
    g = Generator().manual_seed(0)
    F = features(g, 1, 5, 6, 8)
    positions = torch.randperm(48, generator=g)
    other = torch.stack([row[torch.randperm(48, generator=g)] for row in F.flatten(2)[0]]).view_as(F)
    changes = {
        "shuffle the positions": F.flatten(2)[:, :, positions].view_as(F),
        "mirror every map": F.flip(3),
        "exchange two filters": F[:, [1, 0, 2, 3, 4]],
        "double every activation": 2 * F,
        "shuffle each filter on its own": other,
    }
    assert tuple(changes) == OPERATIONS
    return frozenset(name for name, changed in changes.items() if torch.allclose(_eq3(changed), _eq3(F)))


OPERATIONS = (
    "shuffle the positions",
    "mirror every map",
    "exchange two filters",
    "double every activation",
    "shuffle each filter on its own",
)

unchanged = Prediction(
    "3.3 Predict: what leaves G as it is?",
    _unchanged,
    options=OPERATIONS,
    wrong={
        frozenset(OPERATIONS[:1]): "There is another one that only moves the positions.",
        frozenset(OPERATIONS[1:2]): "There is another one that only moves the positions.",
        frozenset((*OPERATIONS[:2], OPERATIONS[4])): (
            "Shuffled each on its own, filters that fired at the same place no longer do."
        ),
        frozenset(OPERATIONS[:3]): "Exchanging two filters exchanges two rows and two columns of G.",
    },
    otherwise="In Σ_k F_ik F_jk: which operations only change the order of the sum over k, the same for i and j?",
    hints=["The order of the terms of a sum does not matter. Which of the five only change that order?"],
    why="Moving all filters' positions in the same way only reorders the sum over k. Exchanging filters exchanges rows "
    "and columns; doubling F makes G four times as large; shuffling each filter on its own separates what fired "
    "together.",
)


def _numbers() -> float:
    return float(len(torch.triu_indices(512, 512)[0]))


numbers = Prediction(
    "3.4 Predict: how much G remembers",
    _numbers,
    wrong={
        512 * 512: "G is symmetric: G_ij = G_ji. Count each pair once.",
        512 * 511 / 2: "The diagonal counts, too: each filter with itself.",
        512: "There is one number for each *pair* of filters.",
        512 * 12 * 12: "That is F. How large is G, whatever the size of the picture?",
        512 * 512 / 2: "Half of the matrix holds only half of the diagonal; all of it counts.",
    },
    otherwise="G is 512 × 512 and symmetric. Count the entries on and above the diagonal.",
    hints=["G is symmetric. Count each pair once, and then the diagonal.", "N (N + 1) / 2."],
    why="512 · 513 / 2 = 131 328, the same for a stamp and for a poster. Not all of them are free (the rank of "
    "G is at most "
    "M), but already at conv4_1 of a picture of 128 × 128 pixels, M = 256, about 98 000 are: more than the 49 "
    "152 numbers "
    "of the picture. All layers together nearly determine a small picture.",
)

EXERCISES = (gram, closest_pair, unchanged, numbers, hidden_weights)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
