"""The paper's equations as pure functions, in its words and symbols.

Gatys, Ecker and Bethge, *Image Style Transfer Using Convolutional Neural Networks*, CVPR 2016. At layer l there
are N_l filters and M_l positions. F, P and S are the features of the generated picture, the photograph
(content) and the painting (style), each N_l × M_l; G and A are the Gram matrices of F and S. In code features
are (B, C, H, W) with C = N_l and H·W = M_l. A loss of a batch is the sum over its pictures, so that each picture
gets the gradient it would get alone; a target of batch size 1 serves a whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from styletools.door import explained
from styletools.errors import InputError, check_weight, shown

__all__ = [
    "content_loss",
    "gram_loss",
    "gram_matrix",
    "style_layer_loss",
    "style_loss",
    "total_loss",
    "total_variation",
]


@explained
def content_loss(features: Tensor, target: Tensor, *, reduction: Literal["sum", "mean"] = "sum") -> Tensor:
    """How far the content of a picture is from the photograph's, at one layer.

    L_content = ½ Σ_ij (F_ij − P_ij)²                                                     (Eq. 1)

    Args:
        features: F, (B, C, H, W).
        target: P, (B, C, H, W) or (1, C, H, W).
        reduction: `"sum"` is Eq. 1. `"mean"` is the mean over i and j of (F_ij − P_ij)² (no ½), which does not
            grow with the picture: exactly Eq. 1 times 2 / (N_l M_l).

    Returns:
        A scalar, ≥ 0, in squared units of the activations; for a batch the sum over its pictures.

    Raises:
        InputError: shapes that do not fit, or an unknown reduction.

    Example:
        >>> import torch
        >>> F, P = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2), torch.tensor([4.0, 6.0]).view(1, 1, 1, 2)
        >>> content_loss(F, P)  # ½ (3² + 4²)
        tensor(12.5000)

    Note:
        Some printings of Eq. 1 have lost the square. It belongs there: Eq. 2 is its derivative.

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 1; its gradient, where F > 0, is F − P (Eq. 2).
    """
    _check_features("features", features)
    _check_features("target", target)
    if features.shape[1:] != target.shape[1:] or target.shape[0] not in (1, features.shape[0]):
        raise InputError(
            f"target: expected the shape of features, {tuple(features.shape)}, got {tuple(target.shape)}; "
            "content is compared position by position, so both pictures need the same size"
        )
    squared = (features - target) ** 2
    if reduction == "sum":
        return 0.5 * squared.sum()
    if reduction == "mean":
        return squared.mean((1, 2, 3)).sum()
    raise InputError(f"reduction: expected 'sum' or 'mean', got {shown(reduction)}")


@explained
def gram_matrix(features: Tensor, *, divide_by: Literal["nothing", "M", "NM"] = "nothing") -> Tensor:
    """Which filters fire together: the style of a picture at one layer.

    G_ij = Σ_k F_ik F_jk                                                                  (Eq. 3)

    Args:
        features: F, (B, C, H, W).
        divide_by: `"nothing"` is Eq. 3. `"M"` divides by the number of positions, Ĝ = G / M_l: the mean product of
            two filters, which does not grow with the picture. `"NM"` divides by N_l M_l, as many programs do.

    Returns:
        G, (B, C, C), symmetric and positive semi-definite, in squared units of the activations; in float32 for
        features in half precision.

    Raises:
        InputError: features that are not (B, C, H, W), or an unknown divisor.

    Example:
        >>> import torch
        >>> F = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 2, 1, 2)  # two filters, two positions
        >>> gram_matrix(F)[0]
        tensor([[ 5., 11.],
                [11., 25.]])

    Note:
        With `"M"` the mean squared difference of two Gram matrices is exactly 4 E_l. With `"NM"` it is 4 E_l / N_l²,
        which hides layer weights of 64 : 16 : 4 : 1 : 1 for conv1_1 … conv5_1.

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 3.
    """
    _check_features("features", features)
    batch, channels, height, width = features.shape
    F = features.reshape(batch, channels, height * width)
    if F.dtype in (torch.float16, torch.bfloat16):  # sums of squares overflow in one, and round in the other
        F = F.float()
    G = F @ F.transpose(1, 2)
    if divide_by == "nothing":
        return G
    if divide_by == "M":
        return G / (height * width)
    if divide_by == "NM":
        return G / (channels * height * width)
    raise InputError(f"divide_by: expected 'nothing', 'M' or 'NM', got {shown(divide_by)}")


@explained
def gram_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Eq. 4 on Gram matrices already divided by their number of positions.

    E_l = 1 / (4 N_l²) Σ_ij (Ĝ_ij − Â_ij)²,   Ĝ = G / M_l,   Â = A / M_l                  (Eq. 4)

    Ĝ and Â contain the factor 1 / M_l² of Eq. 4, and E_l is a quarter of their mean squared difference.

    Args:
        gram: Ĝ, (B, C, C), from `gram_matrix(F, divide_by="M")`.
        target: Â, (B, C, C) or (1, C, C), likewise.

    Returns:
        A scalar, ≥ 0; for a batch the sum over its pictures.

    Raises:
        InputError: shapes that do not fit.

    Example:
        >>> import torch
        >>> gram_loss(torch.zeros(1, 2, 2), torch.full((1, 2, 2), 2.0))  # ¼ · 2²
        tensor(1.)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 4.
    """
    for name, matrix in (("gram", gram), ("target", target)):
        if matrix.dim() != 3 or matrix.shape[1] != matrix.shape[2]:
            raise InputError(f"{name}: expected Gram matrices (B, C, C), got shape {tuple(matrix.shape)}")
    _check_pair(gram, target)
    return 0.25 * ((gram - target) ** 2).mean((1, 2)).sum()


@explained
def style_layer_loss(features: Tensor, target: Tensor) -> Tensor:
    """How far the style of a picture is from the painting's, at one layer.

    E_l = 1 / (4 N_l² M_l²) Σ_ij (G_ij − A_ij)²                                           (Eq. 4)

    Args:
        features: F, (B, C, H, W).
        target: S, the painting's *features*, (B, C, H', W') or (1, C, H', W'), of any size.

    Returns:
        A scalar, ≥ 0, in the fourth power of the activations' units; for a batch the sum over its pictures.

    Raises:
        InputError: not features, or another number of filters.

    Example:
        >>> import torch
        >>> F, S = torch.ones(1, 1, 1, 2), torch.zeros(1, 1, 1, 2)
        >>> style_layer_loss(F, S)  # G = 2, A = 0, N = 1, M = 2: 2² / (4 · 1 · 4)
        tensor(0.2500)

    Note:
        Differs from the paper where the two pictures differ in size: each Gram matrix is divided by its own
        number of positions, E_l = 1 / (4 N_l²) Σ_ij (G_ij / M_F − A_ij / M_S)². With M_F = M_S this is Eq. 4.

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 4; its gradient, where F > 0, is Fᵀ (G − A) / (N_l² M_l²) (Eq. 6).
    """
    _check_features("features", features)
    _check_features("target", target)
    _check_pair(features, target)
    return gram_loss(gram_matrix(features, divide_by="M"), gram_matrix(target, divide_by="M"))


@explained
def style_loss(
    features: Mapping[str, Tensor], targets: Mapping[str, Tensor], weights: Mapping[str, float] | None = None
) -> Tensor:
    """How far the style of a picture is from the painting's, over several layers.

    L_style = Σ_l w_l E_l                                                                 (Eq. 5)

    Args:
        features: F by layer, each (B, C, H, W); layers without a weight are left out.
        targets: S by layer, the painting's features.
        weights: w_l by layer. None gives each of the n layers of `targets` the same weight, 1 / n, as in the paper.

    Returns:
        A scalar, ≥ 0.

    Raises:
        InputError: no layers, or a layer that is missing in `features` or `targets`.

    Example:
        >>> import torch
        >>> F = {"conv1_1": torch.ones(1, 1, 1, 2), "conv2_1": torch.ones(1, 1, 1, 1)}
        >>> S = {"conv1_1": torch.zeros(1, 1, 1, 2), "conv2_1": torch.zeros(1, 1, 1, 1)}
        >>> style_loss(F, S)  # ½ · ¼ + ½ · ¼
        tensor(0.2500)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 5.
    """
    if weights is None:
        weights = {layer: 1 / len(targets) for layer in targets}
    if not weights:
        raise InputError("weights: expected at least one layer, got none")
    for name, mapping in (("features", features), ("targets", targets)):
        missing = [layer for layer in weights if layer not in mapping]
        if missing:
            have = ", ".join(mapping) or "none"
            raise InputError(f"{name}: layer {missing[0]!r} has a weight but is missing; there are {have}")
    terms = [w * style_layer_loss(features[layer], targets[layer]) for layer, w in weights.items()]
    return sum(terms[1:], start=terms[0])


@explained
def total_loss(content: Tensor, style: Tensor, alpha: float, beta: float) -> Tensor:
    """What style transfer minimises.

    L_total = α L_content + β L_style                                                     (Eq. 7)

    Args:
        content: L_content, Eq. 1.
        style: L_style, Eq. 5.
        alpha: α, ≥ 0.
        beta: β, ≥ 0.

    Returns:
        A scalar.

    Raises:
        InputError: a weight that is negative or not finite.

    Example:
        >>> import torch
        >>> total_loss(torch.tensor(2.0), torch.tensor(3.0), alpha=1.0, beta=10.0)
        tensor(32.)

    Reference:
        Gatys, Ecker and Bethge 2016, Eq. 7.
    """
    check_weight("alpha", alpha)
    check_weight("beta", beta)
    return alpha * content + beta * style


@explained
def total_variation(image: Tensor, *, power: Literal[1, 2] = 2) -> Tensor:
    """How rough a picture is: the mean difference between neighbouring pixels, to a power.

    TV = mean_ij |x_{i+1,j} − x_ij|^p + mean_ij |x_{i,j+1} − x_ij|^p

    Of the many variants under this name this is the anisotropic one, *averaged* over positions and channels, so
    that its size does not depend on the picture's; squared by default, which is smooth.

    Args:
        image: (B, C, H, W).
        power: p, 2 (squared) or 1 (absolute).

    Returns:
        A scalar, ≥ 0; for a batch the sum over its pictures.

    Raises:
        InputError: another shape, fewer than 2 × 2 pixels, or another power.

    Example:
        >>> import torch
        >>> total_variation(torch.tensor([[0.0, 1.0], [0.0, 1.0]]).view(1, 1, 2, 2))
        tensor(1.)

    Note:
        Not in the paper; Mahendran and Vedaldi 2015 use it for reconstructions.
    """
    _check_features("image", image)
    if min(image.shape[2:]) < 2:
        raise InputError(f"image: expected at least 2 × 2 pixels, got {image.shape[2]} × {image.shape[3]}")
    if power not in (1, 2):
        raise InputError(f"power: expected 1 or 2, got {shown(power)}")
    down = image[:, :, 1:, :] - image[:, :, :-1, :]
    right = image[:, :, :, 1:] - image[:, :, :, :-1]
    return sum(
        ((d.abs() if power == 1 else d**2).mean((1, 2, 3)).sum() for d in (down, right)),
        start=image.new_zeros(()),
    )


def _check_features(name: str, features: Tensor) -> None:
    if not isinstance(features, Tensor):
        raise InputError(f"{name}: expected a tensor (B, C, H, W), got {type(features).__name__}")
    if features.dim() != 4 or 0 in features.shape:
        raise InputError(f"{name}: expected shape (B, C, H, W), got {tuple(features.shape)}")
    if not features.is_floating_point():  # sums of small integers wrap around
        raise InputError(f"{name}: expected floats, got {features.dtype}; use .float()")


def _check_pair(ours: Tensor, target: Tensor) -> None:
    if ours.shape[1] != target.shape[1] or target.shape[0] not in (1, ours.shape[0]):
        raise InputError(
            f"target: expected {ours.shape[1]} filters and a batch of 1 or {ours.shape[0]}, got "
            f"{target.shape[1]} filters and a batch of {target.shape[0]}; are both of the same layer?"
        )
