from __future__ import annotations

import torch

from styletools import total_variation
from styletools.losses.smoothness import Smoothness


def test_is_total_variation_of_the_pixels():
    image = torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(0))
    term, g = Smoothness(0.3), torch.zeros_like(image)
    torch.testing.assert_close(term.add_gradient(image, g, 2.0), total_variation(image))
    x = image.clone().requires_grad_()
    (expected,) = torch.autograd.grad(2 * total_variation(x), x)
    torch.testing.assert_close(g, expected)
    assert (term.name, term.layer, term.weight, term.unit()) == ("total variation", None, 0.3, 1.0)
