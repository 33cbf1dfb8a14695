"""What a finished picture is judged by, apart from the loss that made it.

None of these alone is quality: a good picture scores well in all of them, and looks good. The network that measures is
the paper's (average pooling, zeros beyond the border), whatever network the picture was made with.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from styletools.losses.equations import gram_matrix
from styletools.network.vgg import VGG

__all__ = ["measure"]

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
CONTENT = "conv4_2"
TILES = 4  # to a side; they overlap by half, so there are 7 × 7
OUTER, INNER = 4, 12  # pixels from the edge: the border, and the ring inside it
PERIODS = 8  # the lattice of three poolings repeats every 8 px


def measure(picture: Tensor, content: Tensor, style: Tensor) -> dict[str, float]:
    """Compute all measures, by name.

    nn: mean over tiles of the distance to the painting's nearest tile: is each part like some part of the painting?
    worst: the same for the worst tenth of the tiles.
    sw: sliced Wasserstein distance of the features to the painting's, 1 for the photograph.
    content: what is missing at conv4_2, as a share of the photograph's features.
    border: step between the outer 4 px and the ring inside them, 1 for the photograph.
    hf: root of the share of energy above half the Nyquist frequency, 1 for the source that has more of it.
    lattice: peaks at the frequencies of an 8-px lattice, in dB above the source with the higher ones.

    Args:
        picture: the picture to judge, (1, 3, H, W) in [0, 1].
        content: the photograph, of the same shape.
        style: the painting, (1, 3, H', W').

    Returns:
        Numbers; lower is better everywhere.

    Example:
        >>> from styletools.pictures.images import load_image
        >>> photograph, painting = load_image("chelsea", 64), load_image("dots", 64)
        >>> found = measure(photograph, photograph, painting)
        >>> list(found), found["content"], found["sw"]
        (['nn', 'worst', 'sw', 'content', 'border', 'hf', 'lattice'], 0.0, 1.0)
    """
    X, P, S = (features(image) for image in (picture, content, style))
    distance = tile_distances(X, S)
    return {
        "nn": float(distance.mean()),
        "worst": float(distance.sort().values[-max(1, len(distance) // 10) :].mean()),
        "sw": sliced_wasserstein(X, S) / sliced_wasserstein(P, S),
        "content": float(((X[CONTENT] - P[CONTENT]) ** 2).sum() / (P[CONTENT] ** 2).sum()),
        "border": border(picture) / border(content),
        "hf": high_frequencies(picture) / max(map(high_frequencies, (content, style))),
        "lattice": lattice(picture) - max(map(lattice, (content, style))),
    }


@cache
def network() -> VGG:
    """The paper's network."""
    return VGG(pooling="avg", padding="zeros")


@torch.no_grad()
def features(image: Tensor) -> dict[str, Tensor]:
    """What the measures compare."""
    return network()(image, [*LAYERS, CONTENT])


def tile_distances(X: dict[str, Tensor], S: dict[str, Tensor]) -> Tensor:
    """For each tile of X, the squared distance of its Gram matrices to the nearest tile's of S; mean over layers."""
    distance = torch.zeros(())
    for layer in LAYERS:
        ours, theirs = _tile_grams(X[layer]), _tile_grams(S[layer])
        distance = distance + torch.cdist(ours, theirs) ** 2 / (theirs**2).sum(1).mean()
    return (distance / len(LAYERS)).min(1).values


def _tile_grams(F: Tensor) -> Tensor:
    """Gram matrices of overlapping tiles, (49, N²)."""
    height, width = (max(2, side // TILES) for side in F.shape[2:])
    grams = []
    for row in range(2 * TILES - 1):
        for column in range(2 * TILES - 1):
            y, x = min(row * height // 2, F.shape[2] - height), min(column * width // 2, F.shape[3] - width)
            grams.append(gram_matrix(F[:, :, y : y + height, x : x + width], divide_by="M")[0].flatten())
    return torch.stack(grams)


def sliced_wasserstein(X: dict[str, Tensor], S: dict[str, Tensor], directions: int = 64) -> float:
    """Squared distance between quantiles along random directions, over the painting's variance; mean over layers."""
    total = 0.0
    quantiles = torch.linspace(0.001, 0.999, 500)
    for layer in LAYERS:
        generator = torch.Generator().manual_seed(0)
        direction = torch.randn(directions, X[layer].shape[1], generator=generator)
        direction = direction / direction.norm(dim=1, keepdim=True)
        x, s = (_some(F[layer], generator) for F in (X, S))
        difference = torch.quantile(direction @ x, quantiles, dim=1) - torch.quantile(direction @ s, quantiles, dim=1)
        total += float((difference**2).mean() / (direction @ s).var())
    return total / len(LAYERS)


def _some(F: Tensor, generator: torch.Generator, most: int = 20_000) -> Tensor:
    """Features at random positions, (N, at most `most`)."""
    flat = F[0].flatten(1)
    return flat[:, torch.randperm(flat.shape[1], generator=generator)[:most]]


def border(image: Tensor) -> float:
    """Mean absolute difference between the outer pixels and the ring inside them, over colours and the four sides."""
    steps = []
    for turns in range(4):
        side = torch.rot90(image[0], turns, (1, 2))
        steps.append((side[:, :OUTER].mean(1) - side[:, OUTER:INNER].mean(1)).abs().mean())
    return float(torch.stack(steps).mean())


def high_frequencies(image: Tensor) -> float:
    """Root of the share of the grey picture's energy above a quarter of a cycle per pixel."""
    grey = _grey(image)
    energy = torch.fft.fft2(grey - grey.mean()).abs() ** 2
    frequency = torch.hypot(torch.fft.fftfreq(grey.shape[0])[:, None], torch.fft.fftfreq(grey.shape[1])[None])
    return float((energy[frequency > 0.25].sum() / energy.sum()).sqrt())


def lattice(image: Tensor) -> float:
    """Mean of the six highest peaks on the grid of the poolings, relative to their surroundings, in dB."""
    grey = _grey(image)
    height, width = (side // PERIODS * PERIODS for side in grey.shape)
    grey = grey[:height, :width]
    window = torch.hann_window(height, False)[:, None] * torch.hann_window(width, False)[None]
    energy = torch.fft.fft2((grey - grey.mean()) * window).abs() ** 2
    half = PERIODS // 2
    peaks = []
    for up in range(half + 1):
        for across in range(-half, half + 1):
            if (up, across) == (0, 0):
                continue
            at = height * up // PERIODS, width * across // PERIODS
            peak, around = _around(energy, at, 1).mean(), _around(energy, at, 8).median()
            peaks.append(10 * torch.log10(peak / around))
    return float(torch.stack(peaks).sort().values[-6:].mean())


def _around(energy: Tensor, at: tuple[int, int], reach: int) -> Tensor:
    offsets = torch.arange(-reach, reach + 1)
    rows, columns = (at[0] + offsets) % energy.shape[0], (at[1] + offsets) % energy.shape[1]
    return energy[rows[:, None], columns[None]]


def _grey(image: Tensor) -> Tensor:
    return (image[0] * image.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0)
