"""What the diagrams show: real pictures, features and Gram matrices, all computed by the package, all small."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

import styletools as st
from styletools.reading import order, strongest

PHOTOGRAPH, PAINTING = "chelsea", "the_kiss"
CONTENT_LAYER, STYLE_LAYERS = st.recipes.CONTENT_LAYER, st.recipes.STYLE_LAYERS
USED = sorted({CONTENT_LAYER, *STYLE_LAYERS})  # from the picture upwards: the names sort so


@lru_cache
def network() -> st.VGG:
    """The bundled network."""
    return st.VGG()


@lru_cache
def picture(name: str, size: int) -> Tensor:
    """A bundled picture, (1, 3, H, W)."""
    return st.load_image(name, size)


def features(image: Tensor, *layers: str) -> dict[str, Tensor]:
    """Features of a picture by layer."""
    with torch.no_grad():
        return network()(image, layers)


def pixels(image: Tensor) -> np.ndarray:
    """(1, 3, H, W) → (H, W, 3), to be shown."""
    shown: np.ndarray = image[0].detach().permute(1, 2, 0).numpy()
    return shown


def maps(F: Tensor, count: int) -> list[np.ndarray]:
    """The strongest filters' maps, each from 0 to its own largest value."""
    found = [F[0, i].numpy() for i in strongest(F, count)]
    return [values / max(float(values.max()), 1e-12) for values in found]


def gram(F: Tensor, filters: list[int]) -> np.ndarray:
    """Eq. 3 of some filters, divided by the number of positions."""
    G: np.ndarray = st.gram_matrix(F[:, filters], divide_by="M")[0].numpy()
    return G


@lru_cache
def unfinished(size: int, steps: int) -> Tensor:
    """A picture in the making: a transfer from white noise, stopped early."""
    image: Tensor = st.transfer(
        PHOTOGRAPH, PAINTING, size=size, steps=steps, coarse_to_fine=False, precision="full", progress=False
    ).image
    return image


def sorted_filters(S: Tensor, count: int) -> list[int]:
    """Every third of the strongest filters, those that fire together side by side."""
    strong = strongest(S, 3 * count)[::3]
    best = order(st.gram_matrix(S[:, strong]))
    return [strong[i] for i in best.tolist()]
