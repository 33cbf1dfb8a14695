"""The recipe of a widely used program of 2015, to compare pictures with, written here from its description.

Max pooling, zeros beyond the border, one size, white noise, the mean of the squared differences
at conv4_2 times 5, that of G / (N M) at five layers times 100, absolute total variation times 1e-3, pixels from 0 to
255 without bounds until the end, L-BFGS without a line search, 500 evaluations.
"""

from __future__ import annotations

import torch
from torch import Tensor

import styletools as st
from styletools.network.passes import Precision
from styletools.recipes import CONTENT_LAYER, STYLE_LAYERS

EVALUATIONS = 500
CONTENT, STYLE, VARIATION = 5.0, 100.0, 1e-3


def picture(content: Tensor, style: Tensor, evaluations: int | None = None, precision: Precision = "auto") -> Tensor:
    """What it makes of the two, (1, 3, H, W) in [0, 1]."""
    evaluations = EVALUATIONS if evaluations is None else evaluations
    vgg = st.VGG(pooling="max", padding="zeros").to(content.device)
    objective = _objective(vgg, content, style, precision)
    x = (255 * st.white_noise(*content.shape[2:], seed=0)).to(content.device).requires_grad_()
    optimiser = torch.optim.LBFGS([x], max_iter=evaluations, max_eval=evaluations, history_size=100, tolerance_change=0)

    def closure() -> Tensor:
        terms, gradient = objective.value_and_gradient(x.detach() / 255)
        variation, slope = _variation(x.detach())
        x.grad = gradient / 255 + VARIATION * slope
        return sum(terms.values()) + VARIATION * variation

    optimiser.step(closure)
    return (x.detach() / 255).clamp(0, 1)


def _objective(vgg: st.VGG, content: Tensor, style: Tensor, precision: Precision) -> st.Objective:
    """Its means, as weights of the sums of Eq. 1 and Eq. 4."""
    numbers = vgg(content, CONTENT_LAYER)[CONTENT_LAYER].numel()
    return st.Objective(
        vgg,
        content=content,
        style=style,
        content_layers={CONTENT_LAYER: CONTENT * 2 / numbers},
        style_layers={layer: STYLE * 4 / vgg.layer(layer).filters ** 2 for layer in STYLE_LAYERS},
        units="literal",
        precision=precision,
    )


def _variation(x: Tensor) -> tuple[Tensor, Tensor]:
    """Σ |x − its right neighbour| + |x − the lower one|, and its gradient."""
    gradient, total = torch.zeros_like(x), x.new_zeros(())
    for axis in (2, 3):
        difference = x.diff(dim=axis)
        total = total + difference.abs().sum()
        sign, length = difference.sign(), x.shape[axis]
        gradient.narrow(axis, 1, length - 1).add_(sign)
        gradient.narrow(axis, 0, length - 1).sub_(sign)
    return total, gradient
