"""Style by changing the photograph's features directly, and finding the picture that has them.

Fast style transfer changes features at one layer and lets a trained decoder paint them. The change itself is one line,
and the content reconstruction of Eq. 1 inverts it without a decoder.
"""

from __future__ import annotations

import torch
from torch import Tensor

from styletools.descent.progress import OnStep, watch
from styletools.descent.synthesis import Stage, Synthesis
from styletools.door import explained
from styletools.errors import InputError, check_whole, shown
from styletools.losses.content import Content
from styletools.losses.objective import Objective
from styletools.losses.positions import in_float64, moments
from styletools.network.network import Network
from styletools.pictures.images import white_noise

__all__ = ["adain", "invert", "surrogates", "whiten_colour"]


@explained
def adain(F: Tensor, S: Tensor) -> Tensor:
    """Give each filter the painting's mean and standard deviation: adaptive instance normalisation.

    F̂_i = σ^S_i (F_i − μ_i) / σ_i + μ^S_i

    Args:
        F: the photograph's features, (B, C, H, W).
        S: the painting's, (1, C, H', W').

    Returns:
        (B, C, H, W). A filter that is the same everywhere becomes μ^S everywhere.

    Raises:
        InputError: another number of filters.

    Example:
        >>> F = torch.tensor([0.0, 2.0]).view(1, 1, 1, 2)
        >>> adain(F, torch.tensor([3.0, 7.0]).view(1, 1, 1, 2)).flatten()
        tensor([3., 7.])

    Reference:
        Huang and Belongie 2017, Eq. 8.
    """
    _check(F, S)
    mean, deviation = (G(F) for G in (_mean, _deviation))
    spread = torch.where(deviation > 0, (F - mean) / deviation.clamp_min(torch.finfo(F.dtype).tiny), 0)
    return _deviation(S) * spread + _mean(S)


@explained
def whiten_colour(F: Tensor, S: Tensor, strength: float = 1.0) -> Tensor:
    """Give the features the painting's mean and whole covariance: the whitening and colouring transform.

    F̂ = Σ^S½ Σ^−½ (F − μ) + μ^S

    Args:
        F: the photograph's features, (1, C, H, W).
        S: the painting's, (1, C, H', W').
        strength: 0 leaves F as it is, 1 is the whole transform.

    Returns:
        (1, C, H, W).

    Raises:
        InputError: another number of filters, several pictures, or a strength outside [0, 1].

    Example:
        >>> F, S = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 9, 9) ** 2
        >>> ours, theirs = (moments(G)[1] for G in (whiten_colour(F, S), S))
        >>> torch.allclose(ours, theirs, atol=1e-5)
        True

    Note:
        Directions in which the photograph does not vary cannot be whitened, and are left out.

    Reference:
        Li, Fang, Yang, Wang, Lu and Yang 2017, *Universal Style Transfer via Feature Transforms*.
    """
    _check(F, S)
    if len(F) != 1:
        raise InputError(f"F: expected the features of one picture, got a batch of {len(F)}")
    if not 0 <= strength <= 1:
        raise InputError(f"strength: expected 0 … 1, got {shown(strength)}")
    (mean, ours), (target, theirs) = moments(in_float64(F)), moments(in_float64(S))
    whitened = _power(ours[0], -0.5) @ (in_float64(F) - mean[..., None, None]).flatten(2)
    coloured = _power(theirs[0], 0.5) @ whitened + target[..., None]
    return torch.lerp(F, coloured.view(F.shape).to(F), strength)


@explained
def invert(
    network: Network,
    layer: str,
    features: Tensor,
    size: tuple[int, int],
    *,
    steps: int = 100,
    tv: float = 0.3,
    seed: int = 0,
    progress: bool = True,
    on_step: OnStep | None = None,
) -> Tensor:
    """Find a picture with given features at a layer, from white noise (Eq. 1).

    Args:
        network: a `VGG`, or another network.
        layer: its layer.
        features: (1, C, H', W'), as the layer gives them for a picture of that size.
        size: height and width of the picture in pixels.
        steps: of L-BFGS.
        tv: γ, the weight of total variation.
        seed: random seed of the white-noise start.
        progress: whether to show a bar.
        on_step: called after each step; return True to stop.

    Returns:
        (1, 3, H, W) in [0, 1].

    Raises:
        InputError: features of another shape, or an unknown layer.

    Example:
        >>> from styletools import VGG
        >>> vgg, image = VGG("random"), torch.rand(1, 3, 32, 32)
        >>> F = vgg(image, "conv1_2")["conv1_2"]
        >>> found = invert(vgg, "conv1_2", F, (32, 32), steps=30, tv=0, progress=False)
        >>> bool((found - image).abs().mean() < 0.2)
        True
    """
    start = (0.4 + 0.2 * white_noise(*size, seed)).to(network.device, network.dtype)
    expected = tuple(network(start, layer)[layer].shape)
    if tuple(features.shape) != expected:
        raise InputError(f"features: expected {expected} of {layer} at {size} pixels, got {tuple(features.shape)}")
    objective = Objective(network, terms=[Content(layer, features.detach().to(network.device, network.dtype))], tv=tv)
    synthesis = Synthesis([Stage(objective, *size, steps)], start)
    watch(synthesis, f"invert {layer}", progress, on_step)
    return synthesis.image.float().cpu()


@explained
@torch.no_grad()
@explained
def surrogates(F: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Features that share one thing with F and nothing else: a statistic that takes them for F has forgotten the rest.

    Args:
        F: features, (1, C, H, W).
        seed: of what is drawn at random.

    Returns:
        By what was done, each of F's shape:

        - *moved*: a quarter of the width to the right; what falls off at the border comes back on the left;
        - *shuffled*: the same positions in another order;
        - *normal*: normally distributed, with F's mean and covariance;
        - *each filter alone*: each filter's values in a different order;
        - *mean everywhere*: the mean at each position.

    Raises:
        InputError: not the features of one picture.

    Example:
        >>> F = torch.rand(1, 4, 6, 8).relu()
        >>> made = surrogates(F)
        >>> torch.allclose(made["shuffled"].mean((2, 3)), F.mean((2, 3)))
        True

    Reference:
        Theiler et al. 1992, *Testing for nonlinearity in time series: the method of surrogate data*, for the idea.
    """
    if not isinstance(F, Tensor) or F.dim() != 4 or len(F) != 1:
        raise InputError(f"F: expected features (1, C, H, W), got {getattr(F, 'shape', type(F).__name__)}")
    if not bool(F.isfinite().all()):
        raise InputError("F: expected finite numbers, got NaN or infinity")
    check_whole("seed", seed, most=2**63 - 1)
    generator = torch.Generator().manual_seed(int(seed))
    flat = F[0].flatten(1)
    channels, positions = flat.shape
    order = torch.randperm(positions, generator=generator).to(F.device)
    alone = torch.stack([row[torch.randperm(positions, generator=generator).to(F.device)] for row in flat])
    drawn = torch.randn(channels, positions, generator=generator).to(F).view(F.shape)
    return {
        "moved": F.roll(F.shape[3] // 4, 3),
        "shuffled": flat[:, order].view(F.shape),
        "normal": whiten_colour(drawn, F),
        "each filter alone": alone.view(F.shape),
        "mean everywhere": F.mean((2, 3), keepdim=True).expand_as(F).clone(),
    }


def _mean(F: Tensor) -> Tensor:
    return F.mean((2, 3), keepdim=True)


def _deviation(F: Tensor) -> Tensor:
    return F.var((2, 3), correction=0, keepdim=True).sqrt()


def _power(covariance: Tensor, exponent: float) -> Tensor:
    """Σ to a power, without the directions that hardly vary."""
    values, vectors = torch.linalg.eigh(covariance)
    living = values > 1e-8 * values.max().clamp_min(torch.finfo(values.dtype).tiny)
    scaled = torch.where(living, values.clamp_min(torch.finfo(values.dtype).tiny) ** exponent, 0)
    power: Tensor = (vectors * scaled) @ vectors.T
    return power


def _check(F: Tensor, S: Tensor) -> None:
    for name, G in (("F", F), ("S", S)):
        if not isinstance(G, Tensor) or G.dim() != 4:
            raise InputError(f"{name}: expected features (B, C, H, W), got {getattr(G, 'shape', type(G).__name__)}")
    if F.shape[1] != S.shape[1] or len(S) != 1:
        raise InputError(f"S: expected (1, {F.shape[1]}, H, W) as F, got {tuple(S.shape)}; are both of the same layer?")
