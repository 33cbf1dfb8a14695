"""Lesson 04, style loss: Eq. 4, 5 and 6."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, network, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import gram_matrix, style_layer_loss
from styletools.pictures.images import load_image
from styletools.pictures.variations import scatter

__all__ = ["factor", "layer_loss", "noticed", "report", "style_gradient", "style_loss"]


def _layer_loss(F: Tensor, S: Tensor) -> Tensor:
    N, M = F.shape[1], F.shape[2] * F.shape[3]
    G, A = gram_matrix(F), gram_matrix(S)
    return ((G - A) ** 2).sum() / (4 * N**2 * M**2)


def _squared(F: Tensor, S: Tensor) -> Tensor:
    return ((gram_matrix(F) - gram_matrix(S)) ** 2).sum()


def _n(F: Tensor) -> int:
    return F.shape[1]


def _m(F: Tensor) -> int:
    return F.shape[2] * F.shape[3]


def _one(g: Generator) -> tuple[Tensor, Tensor]:
    shape = (1, whole(g, 2, 4), whole(g, 5, 7), whole(g, 8, 9))
    return features(g, *shape), features(g, *shape)


def _batch(g: Generator) -> tuple[Tensor, Tensor]:
    """More than one picture: only here does it show which axis an answer reads."""
    return features(g, 2, 3, 5, 8), features(g, 2, 3, 5, 8)


def _divided(N: int, M: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Eq. 4 with N and M from these axes of F."""

    def mistaken(F: Tensor, S: Tensor) -> Tensor:
        return _squared(F, S) / (4 * F.shape[N] ** 2 * F.shape[M] ** 2)

    return mistaken


layer_loss = Coding(
    "4.1 One layer's style loss (Eq. 4)",
    _layer_loss,
    _one,
    probe=_batch,
    gradient=(0,),
    mistakes={
        "^ is bitwise exclusive or in Python; a power is written **.": lambda F, S: (
            _squared(F, S) / (4 * _n(F) ^ 2 * _m(F) ^ 2)
        ),
        "It squares the sum; Eq. 4 sums the squares.": lambda F, S: (
            (gram_matrix(F) - gram_matrix(S)).sum() ** 2 / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        "The ¼ is missing.": lambda F, S: _squared(F, S) / (_n(F) ** 2 * _m(F) ** 2),
        "N and M are not squared.": lambda F, S: _squared(F, S) / (4 * _n(F) * _m(F)),
        "M² is missing: without it the loss grows with the size of the picture.": (
            lambda F, S: _squared(F, S) / (4 * _n(F) ** 2)
        ),
        "N² is missing: without it layers with many filters count more. (H · W is M alone.)": lambda F, S: (
            _squared(F, S) / (4 * _m(F) ** 2)
        ),
        "The factor 1 / (4 N² M²) is missing.": _squared,
        "It is a mean of raw Gram differences: M² and the ¼ are missing.": (
            lambda F, S: ((gram_matrix(F) - gram_matrix(S)) ** 2).mean()
        ),
        "The Gram matrices are divided by N·M *and* averaged: that divides by N twice as often as Eq. 4.": (
            lambda F, S: _squared(F, S) / (_n(F) * _m(F)) ** 2 / _n(F) ** 2
        ),
        "The Gram matrices are divided by N·M *and* the factor of Eq. 4 is there, which does that already.": (
            lambda F, S: _squared(F, S) / (_n(F) * _m(F)) ** 2 / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        "It is divided by N² twice: a mean over N × N entries has done so already.": (
            lambda F, S: ((gram_matrix(F) - gram_matrix(S)) ** 2).mean() / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        "Brackets are missing: 1/4*N**2*M**2 multiplies by N² M²; write 1 / (4 * N**2 * M**2).": (
            lambda F, S: _squared(F, S) / 4 * _n(F) ** 2 * _m(F) ** 2
        ),
        "The square is missing.": lambda F, S: (gram_matrix(F) - gram_matrix(S)).sum() / (4 * _n(F) ** 2 * _m(F) ** 2),
        "These are absolute differences; Eq. 4 squares them.": (
            lambda F, S: (gram_matrix(F) - gram_matrix(S)).abs().sum() / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        "The features themselves are compared; Eq. 4 compares their Gram matrices.": (
            lambda F, S: ((F - S) ** 2).sum() / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        "It is the Gram matrix of the difference; Eq. 4 has the difference of the Gram matrices.": (
            lambda F, S: (gram_matrix(F - S) ** 2).sum() / (4 * _n(F) ** 2 * _m(F) ** 2)
        ),
        # The same as one of those above, for one picture; the probe tells them apart.
        "N and M are read from F.shape[0] and F.shape[1]; features are (B, C, H, W): N = C, and M = H · W.": (
            _divided(0, 1)
        ),
        "M is the height alone; it is the number of positions, F.shape[2] * F.shape[3].": _divided(1, 2),
        "M is the width alone; it is the number of positions, F.shape[2] * F.shape[3].": _divided(1, 3),
        "N is read from F.shape[0]; that is the batch. The filters are F.shape[1].": lambda F, S: (
            _squared(F, S) / (4 * F.shape[0] ** 2 * _m(F) ** 2)
        ),
    },
    hints=[
        "G = st.gram_matrix(F), A = st.gram_matrix(S); then the sum of the squared differences.",
        "N = F.shape[1] and M = F.shape[2] · F.shape[3]; divide the sum by 4 · N² · M².",
    ],
    why="E_l = Σ (G − A)² / (4 N² M²). The factor makes layers of any size and width comparable; ¼ makes Eq. 6 simple.",
)


def _style_loss(F: dict[str, Tensor], S: dict[str, Tensor], w: dict[str, float]) -> Tensor:
    return torch.stack([w[layer] * style_layer_loss(F[layer], S[layer]) for layer in w]).sum()


def _layers(g: Generator) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, float]]:
    """Features of more layers than have a weight."""
    known = [f"conv{block}_{i}" for block in range(1, 6) for i in (1, 2)]
    names = [known[int(i)] for i in torch.randperm(len(known), generator=g)[:4]]
    shape = (1, whole(g, 2, 4), whole(g, 5, 7), whole(g, 8, 9))  # one for all: layers can be mixed up, and that shows
    pairs = {name: (features(g, *shape), features(g, *shape)) for name in names}
    some = [names[int(i)] for i in torch.randperm(4, generator=g)[: whole(g, 2, 3)]]
    w = {name: 0.1 + float(torch.rand((), generator=g)) for name in some}
    return {n: F for n, (F, _) in pairs.items()}, {n: pairs[n][1] for n in reversed(names)}, w


def _each(F: dict[str, Tensor], S: dict[str, Tensor], names: object) -> Tensor:
    return torch.stack([style_layer_loss(F[n], S[n]) for n in names])  # type: ignore[attr-defined]


style_loss = Coding(
    "4.2 Several layers (Eq. 5)",
    _style_loss,
    _layers,
    gradient=(0,),
    mistakes={
        "The weights w_l are missing.": lambda F, S, w: _each(F, S, w).sum(),
        "It is a mean over the layers, without w_l.": lambda F, S, w: _each(F, S, w).mean(),
        "It is divided by the number of layers as well; w_l alone says how much each layer counts.": (
            lambda F, S, w: _style_loss(F, S, w) / len(w)
        ),
        "It is divided by the sum of the weights; Eq. 5 takes them as they are.": (
            lambda F, S, w: _style_loss(F, S, w) / sum(w.values())
        ),
        "The weights are squared: w_l stands before E_l, outside its square.": (
            lambda F, S, w: _style_loss(F, S, {n: x**2 for n, x in w.items()})
        ),
        "The features are multiplied by the weights; w_l stands before E_l, outside of it.": lambda F, S, w: _each(
            {n: w[n] * F[n] for n in w}, {n: w[n] * S[n] for n in w}, w
        ).sum(),
        "Layers without a weight are counted, too: the sum runs over the layers of w.": (
            lambda F, S, w: _style_loss(F, S, {n: w.get(n, 1.0) for n in F})
        ),
        "All layers of F are added, without w_l.": lambda F, S, w: _each(F, S, F).sum(),
        "Only the last layer is left: is the sum reset in each turn of the loop?": (
            lambda F, S, w: _style_loss(F, S, dict([list(w.items())[-1]]))
        ),
        "Only the first layer is left: does the function return from inside the loop?": (
            lambda F, S, w: _style_loss(F, S, dict([next(iter(w.items()))]))
        ),
        "The layers are paired by their order; pair them by name: F[layer], S[layer], w[layer].": (
            lambda F, S, w: torch.stack(
                [x * style_layer_loss(f, s) for f, s, x in zip(F.values(), S.values(), w.values(), strict=False)]
            ).sum()
        ),
        "They are multiplied instead of added.": lambda F, S, w: (_each(F, S, w)).prod(),
    },
    hints=[
        "Go through the layers of w, and add w[layer] times that layer's E_l.",
        "sum(… for layer in w) does it; st.style_layer_loss(F[layer], S[layer]) is Eq. 4.",
    ],
    why="L_style = Σ_l w_l E_l. The paper gives each of its five layers w_l = 1/5, and all others 0.",
)


def _style_gradient(F: Tensor, S: Tensor) -> Tensor:
    N, M = F.shape
    G, A = F @ F.T, S @ S.T
    return (F.T @ (G - A)).T * (F > 0) / (N**2 * M**2)


def _matrices(g: Generator) -> tuple[Tensor, Tensor]:
    N, M = whole(g, 3, 5), whole(g, 7, 9)
    return features(g, N, M), features(g, N, M)


def _plain(F: Tensor, S: Tensor) -> Tensor:
    return (F @ F.T - S @ S.T) @ F


style_gradient = Coding(
    "4.4 Its gradient (Eq. 6)",
    _style_gradient,
    _matrices,
    by_hand=True,
    mistakes={
        "^ is bitwise exclusive or in Python; a power is written **.": lambda F, S: (
            _plain(F, S) * (F > 0) / (F.shape[0] ^ 2 * F.shape[1] ^ 2)
        ),
        "A is missing: it is the difference G − A that is multiplied.": lambda F, S: (
            F @ F.T @ F * (F > 0) / F.numel() ** 2
        ),
        "N² is missing.": lambda F, S: _plain(F, S) * (F > 0) / F.shape[1] ** 2,
        "M² is missing.": lambda F, S: _plain(F, S) * (F > 0) / F.shape[0] ** 2,
        "Negative entries are cut off; it is F that must be above 0.": lambda F, S: (
            _plain(F, S).relu() / F.numel() ** 2
        ),
        "The second case is missing: where F = 0 the ReLU is shut, and the gradient is 0.": (
            lambda F, S: _plain(F, S) / F.numel() ** 2
        ),
        "It is transposed: [Fᵀ (G − A)]_ki is M × N, and its entry ki belongs to F_ik.": (
            lambda F, S: (_plain(F, S) * (F > 0)).T / F.numel() ** 2
        ),
        "It is transposed, and the second case, 0 where F = 0, is missing.": lambda F, S: (
            _plain(F, S).T / F.numel() ** 2
        ),
        "N and M are not squared.": lambda F, S: _plain(F, S) * (F > 0) / F.numel(),
        "The factor 1 / (N² M²) is missing.": lambda F, S: _plain(F, S) * (F > 0),
        "There is still a ¼: differentiating the square, and G with its two F, gives a factor 4.": (
            lambda F, S: _plain(F, S) * (F > 0) / (4 * F.numel() ** 2)
        ),
        "The sign is wrong: it is G − A.": lambda F, S: -_plain(F, S) * (F > 0) / F.numel() ** 2,
        "It asks whether S is above 0; it is F whose ReLU the gradient has to pass.": (
            lambda F, S: _plain(F, S) * (S > 0) / F.numel() ** 2
        ),
        "It is multiplied by S; the derivative of F Fᵀ by F brings F.": (
            lambda F, S: (F @ F.T - S @ S.T) @ S * (F > 0) / F.numel() ** 2
        ),
    },
    hints=[
        "Write G, A and the product Fᵀ (G − A) as printed, and look at its shape. Which way round must it be?",
        "Since G − A is symmetric, [Fᵀ (G − A)]ᵀ = (G − A) F.",
        "Then times (F > 0), divided by N² M².",
    ],
    why="(G − A) F / (N² M²) where F > 0. The ¼ of Eq. 4 is used up: 2 from the square, 2 because F is in G twice.",
)


def _factor() -> float:
    F, S = _one(Generator().manual_seed(0))
    mean = ((gram_matrix(F, divide_by="M") - gram_matrix(S, divide_by="M")) ** 2).mean()
    return round(float(style_layer_loss(F, S) / mean), 6)


factor = Prediction(
    "4.3 Predict a factor",
    _factor,
    wrong={
        4: "The other way round: E_l has the 4 below.",
        1: "Where has the 4 of Eq. 4 gone?",
        0.5: "Look at the number in Eq. 4.",
    },
    otherwise="Put Ĝ = G/M into Eq. 4: M² goes away. The mean over N × N entries is the sum divided by N². What "
    "is left?",
    hints=["Σ (G − A)² / (4 N² M²) = Σ (Ĝ − Â)² / (4 N²), and mean = Σ / N²."],
    tolerance=1e-3,
    why="E_l = ¼ mean((Ĝ − Â)²) with Ĝ = G/M: that is how the package computes it, and why Eq. 4 is not as odd "
    "as it looks.",
)


@torch.no_grad()
def _noticed() -> str:
    vgg, layers = network(), ("conv1_1", "conv3_1", "conv5_1")
    picture = load_image("starry_night", 160)[:, :, :112]
    F, S = vgg(scatter(picture, 16), layers), vgg(picture, layers)
    missing = {n: float(style_layer_loss(F[n], S[n]) / style_layer_loss(0 * S[n], S[n])) for n in layers}
    return max(missing, key=lambda layer: missing[layer])


noticed = Prediction(
    "4.5 Predict: who notices?",
    _noticed,
    options=("conv1_1", "conv3_1", "conv5_1"),
    wrong={
        "conv1_1": "It sees 3 × 3 pixels. How many of these squares lie across a cut?",
        "conv3_1": "It sees 24 × 24 pixels, and notices the cuts. But there is one that sees more.",
    },
    otherwise="Compare the side of the blocks with the layers' receptive fields.",
    hints=["The receptive fields are 3, 24 and 132 pixels wide; the blocks 16."],
    why="To conv1_1 a block of 16 pixels is a large world, and only its rim has changed. A position of conv5_1 sees "
    "many blocks at once, and none of what it knew is still together: G keeps arrangements up to the receptive field.",
)

EXERCISES = (layer_loss, style_loss, factor, style_gradient, noticed)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
