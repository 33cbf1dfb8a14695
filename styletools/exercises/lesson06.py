"""Lesson 06, choices: relative losses, colours, regions, and what training has to do with it."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text
from styletools.exercises.exercise import report as _report
from styletools.exercises.inputs import features, image, network, pair, whole
from styletools.exercises.prediction import Prediction
from styletools.losses.equations import gram_matrix
from styletools.pictures.images import load_image
from styletools.reading import cosines

__all__ = ["guided_gram", "keep_colours", "relative_loss", "report", "settled", "untrained"]


def _relative_loss(F: Tensor, P: Tensor) -> Tensor:
    return ((F - P) ** 2).sum() / (P**2).sum()


relative_loss = Coding(
    "6.1 A loss without units",
    _relative_loss,
    pair,
    gradient=(0,),
    mistakes={
        "It is divided by the features of the new picture; that changes while it is made. Divide by P's.": (
            lambda F, P: ((F - P) ** 2).sum() / (F**2).sum()
        ),
        "The ½ of Eq. 1 is above, but not below: it cancels.": lambda F, P: 0.5 * ((F - P) ** 2).sum() / (P**2).sum(),
        "The ½ of Eq. 1 is below, but not above: it cancels.": lambda F, P: ((F - P) ** 2).sum() / (0.5 * (P**2).sum()),
        "It is a mean: at F = 0 it is not 1.": lambda F, P: ((F - P) ** 2).mean(),
        "It is Eq. 1 itself: at F = 0 it is not 1.": lambda F, P: 0.5 * ((F - P) ** 2).sum(),
        "P is not squared below: at F = 0 it is not 1.": lambda F, P: ((F - P) ** 2).sum() / P.sum(),
        "It takes the root; at F = 0 that is 1, too, but it is no longer Eq. 1 in other units.": (
            lambda F, P: (((F - P) ** 2).sum() / (P**2).sum()).sqrt()
        ),
        "It is the difference of the squares.": lambda F, P: (F**2 - P**2).sum() / (P**2).sum(),
        "These are absolute values; Eq. 1 has squares.": lambda F, P: (F - P).abs().sum() / P.abs().sum(),
        "Above is a mean and below a sum: at F = 0 it is not 1.": lambda F, P: ((F - P) ** 2).mean() / (P**2).sum(),
        "Above is a sum and below a mean: at F = 0 it is not 1.": lambda F, P: ((F - P) ** 2).sum() / (P**2).mean(),
        "The unit is in it twice: divide by Σ P² once.": lambda F, P: ((F - P) ** 2).sum() / (P**2).sum() ** 2,
        "The sum is squared, not each entry.": lambda F, P: ((F - P).sum() / P.sum()) ** 2,
        "Below is the square of a sum; Eq. 1 sums the squares.": lambda F, P: ((F - P) ** 2).sum() / P.sum() ** 2,
        "It is upside down.": lambda F, P: (P**2).sum() / ((F - P) ** 2).sum(),
    },
    hints=[
        "What is Eq. 1 for a picture without any features, F = 0? That is the unit.",
        "½ Σ (F − P)² divided by ½ Σ P².",
    ],
    why="Σ (F − P)² / Σ P² is 0 for the same features and 1 for none: at every size, layer and network.",
)


def _keep_colours(result: Tensor, photograph: Tensor, weights: Tensor) -> Tensor:
    def brightness(image: Tensor) -> Tensor:
        return (image * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)

    return (photograph + brightness(result) - brightness(photograph)).clamp(0, 1)


def _two_pictures(g: Generator) -> tuple[Tensor, Tensor, Tensor]:
    result, weights = image(g), torch.rand(3, generator=g, dtype=torch.float64)
    return result, image(g, *result.shape), weights / weights.sum()


def _luma(x: Tensor, w: Tensor) -> Tensor:
    return (x * w.view(1, 3, 1, 1)).sum(1, keepdim=True)


keep_colours = Coding(
    "6.4 Keep the colours",
    _keep_colours,
    _two_pictures,
    mistakes={
        "It is the wrong way round: the brightness comes from the result, the colour from the photograph.": (
            lambda x, p, w: (x + _luma(p, w) - _luma(x, w)).clamp(0, 1)
        ),
        "The brightness is a plain mean of the three colours; use the weights: green looks brighter than blue.": (
            lambda x, p, w: (p + x.mean(1, keepdim=True) - p.mean(1, keepdim=True)).clamp(0, 1)
        ),
        "The usual weights of red, green and blue are written out; take those that are given.": (
            lambda x, p, w: _keep_colours(x, p, w.new_tensor([0.299, 0.587, 0.114]))
        ),
        "Other usual weights of red, green and blue are written out; take those that are given.": (
            lambda x, p, w: _keep_colours(x, p, w.new_tensor([0.2126, 0.7152, 0.0722]))
        ),
        "The weights are in it twice.": lambda x, p, w: _keep_colours(x, p, w**2),
        "The weights are missing: the brightness is their weighted sum.": (
            lambda x, p, w: _keep_colours(x, p, torch.ones_like(w))
        ),
        "It is a mean over the colours; the brightness is the weighted *sum*.": lambda x, p, w: _keep_colours(
            x, p, w / 3
        ),
        "The colours are not added up: the same number must be added to red, green and blue.": (
            lambda x, p, w: (p + (x - p) * w.view(1, 3, 1, 1)).clamp(0, 1)
        ),
        "Only one brightness for the whole picture is added; each pixel has its own.": (
            lambda x, p, w: (p + (_luma(x, w) - _luma(p, w)).mean()).clamp(0, 1)
        ),
        "It goes the wrong way: add the result's brightness, and take the photograph's away.": (
            lambda x, p, w: (p - _luma(x, w) + _luma(p, w)).clamp(0, 1)
        ),
        "The pixels are not kept in [0, 1].": lambda x, p, w: p + _luma(x, w) - _luma(p, w),
        "The colours are gone: this is the brightness of the result alone.": lambda x, p, w: _luma(x, w).expand_as(x),
        "This is the brightness of the result, with one channel: the photograph's colours are missing.": (
            lambda x, p, w: _luma(x, w)
        ),
        "The photograph's own brightness is still in it: take it away before you add the result's.": (
            lambda x, p, w: (p + _luma(x, w)).clamp(0, 1)
        ),
        "This is the result as it was.": lambda x, p, w: x,
        "This is the photograph as it was.": lambda x, p, w: p,
        "It multiplies by the ratio of brightnesses, which is a possible way, too; here, add their difference.": (
            lambda x, p, w: (p * _luma(x, w) / _luma(p, w)).clamp(0, 1)
        ),
        "It mixes both pictures half and half.": lambda x, p, w: 0.5 * (x + p),
        "It is the photograph multiplied by the result's brightness; add the difference of the two.": (
            lambda x, p, w: (p * _luma(x, w)).clamp(0, 1)
        ),
    },
    hints=[
        "Brightness is the weighted sum over the colour axis; keepdim=True lets it be added to all three colours.",
        "Add to each colour of the photograph the amount by which the result is brighter there, and clamp.",
    ],
    why="Each pixel keeps its differences between red, green and blue, which are its colour, and gets the result's "
    "brightness. Strokes are mostly brightness: they stay.",
)


def _guided_gram(F: Tensor, mask: Tensor) -> Tensor:
    T = mask / (mask**2).mean().sqrt()
    return gram_matrix(F * T)


def _once(F: Tensor, T: Tensor) -> Tensor:
    return (F * T).flatten(2) @ F.flatten(2).transpose(1, 2)


def _masked(g: Generator) -> tuple[Tensor, Tensor]:
    F = features(g)
    mask = torch.rand(F.shape[2:], generator=g, dtype=torch.float64)
    mask[:, : whole(g, 1, 3)] = 0
    return F, mask


guided_gram = Coding(
    "6.5 Restrict it to a region",
    _guided_gram,
    _masked,
    gradient=(0,),
    mistakes={
        "The mask is not normalised: a small region would hardly count.": lambda F, m: gram_matrix(F * m),
        "The mask is divided by its mean; G has T twice, so the mean of T² must be 1.": (
            lambda F, m: gram_matrix(F * m / m.mean())
        ),
        "The mask is divided by its largest value; the mean of T² must be 1.": lambda F, m: gram_matrix(
            F * m / m.max()
        ),
        "The mask is divided by its sum; the *mean* of T² must be 1.": lambda F, m: gram_matrix(F * m / m.sum()),
        "The sum of T² is 1, not the *mean*; or G was divided by M, and Eq. 3 is a plain sum.": lambda F, m: (
            gram_matrix(F * m / (m**2).sum().sqrt())
        ),
        "The root is missing: divide the mask by √mean(T²).": lambda F, m: gram_matrix(F * m / (m**2).mean()),
        "That is right for a mask of 0 and 1 only: here the mean of T² is not 1. Square the mask before the mean.": (
            lambda F, m: gram_matrix(F * m / m.mean().sqrt())
        ),
        "The mask counts only as 0 or 1; between them it says how much a position counts.": (
            lambda F, m: gram_matrix(F * (m > 0) / (m > 0).to(F).mean().sqrt())
        ),
        "The positions are only chosen, as 0 or 1; the mask says how much each counts.": (
            lambda F, m: gram_matrix(F * (m > 0))
        ),
        "The positions are only chosen, those above one half; the mask says how much each counts.": (
            lambda F, m: gram_matrix(F * (m > 0.5))
        ),
        "The mask is on one factor only: both F of Σ F_ik F_jk have it.": lambda F, m: _once(
            F, m / (m**2).mean().sqrt()
        ),
        "The mask is on one factor only, and it is not normalised.": _once,
        "The mask is on the matrix G; it belongs to the positions, before the sum.": lambda F, m: (
            gram_matrix(F) * m.mean()
        ),
        "G is divided by the mean of T² only; the mask itself is missing.": lambda F, m: gram_matrix(F) / (m**2).mean(),
        "G is divided by the sum of the mask; T must be normalised before it is squared: mean(T²) = 1.": lambda F, m: (
            gram_matrix(F * m) / m.sum()
        ),
        "These are the masked features; the Gram matrix of them is missing.": lambda F, m: F * m / (m**2).mean().sqrt(),
        "The mask stands squared before F, and so to the fourth power in G.": (
            lambda F, m: gram_matrix(F * m**2 / (m**2).mean())
        ),
        "The region is left out of it: the mask is not used.": lambda F, m: gram_matrix(F),
        "It is the region outside the mask.": (lambda F, m: gram_matrix(F * (1 - m) / ((1 - m) ** 2).mean().sqrt())),
    },
    hints=[
        "Multiply each position of every map by the mask: (H, W) fits the last two axes as it is. Which mask makes "
        "mean(T²) = 1?",
        "T = mask / √mean(mask²), then st.gram_matrix(F · T).",
    ],
    why="G of T·F hears only the region, Σ_k T_k² F_ik F_jk, and mean(T²) = 1 keeps its size whatever the "
    "region's area.",
)


@torch.no_grad()
def _untrained() -> str:
    """Cosine between the Gram matrices of two very different paintings, without the filters' mean strength."""
    layer, alike = "conv4_1", {}
    for name in ("bundled", "random"):
        vgg = network(name)
        G = [cosines(gram_matrix(vgg(load_image(picture, 128), layer)[layer])) for picture in ("dots", "the_kiss")]
        alike[name] = float(torch.nn.functional.cosine_similarity(G[0].flatten(), G[1].flatten(), dim=0))
    return {"bundled": "trained", "random": "random"}[max(alike, key=lambda name: alike[name])]


untrained = Prediction(
    "6.3 Predict: trained or random?",
    _untrained,
    options=("trained", "random"),
    wrong={"trained": "Which network has filters that respond to *one* thing, and are silent for others?"},
    otherwise="Which network tells less apart?",
    hints=["A random filter is a random mixture: deep in the network, nearly everything looks the same to it."],
    why="In a random network the deep Gram matrices of a drawing of dots and of Klimt's Kiss are nearly the same: it "
    "hardly tells them apart. It is training that made filters respond to something.",
)


@torch.no_grad()
def _settled() -> str:
    """Two noises: which of the three measures differs least between them, relative to its size?"""
    vgg, layer = network(), "conv3_1"
    one, two = (torch.rand(1, 3, 128, 128, generator=Generator().manual_seed(seed)) for seed in (0, 1))
    F, P = (vgg(picture, layer)[layer] for picture in (one, two))
    G, A = gram_matrix(F), gram_matrix(P)
    apart = {
        "the pixels": float((one - two).norm() / one.norm()),
        "the features": float((F - P).norm() / P.norm()),
        "the Gram matrices": float((G - A).norm() / A.norm()),
    }
    return min(apart, key=lambda name: apart[name])


settled = Prediction(
    "6.2 Predict: two noises",
    _settled,
    options=("the pixels", "the features", "the Gram matrices"),
    wrong={
        "the pixels": "Each pixel is drawn anew: no two are alike.",
        "the features": "Features say where; and where the specks are has changed.",
    },
    otherwise="Which of them forgets places?",
    hints=["Two noises have the same texture. Which of the three measures texture?"],
    why="Two noises differ in every pixel and in their features, but they are the same *texture*, and that is what G "
    "sees. So there are many pictures of one style: which one comes out depends on the start.",
)

EXERCISES = (relative_loss, settled, untrained, keep_colours, guided_gram)


def report() -> Text:
    """List what has been solved in this session."""
    return _report(EXERCISES)
