from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools import content_loss
from styletools.losses.content import Content


def test_is_equation_1_with_the_gradient_of_equation_2():
    generator = torch.Generator().manual_seed(0)
    P, F = (torch.rand(1, 3, 4, 5, generator=generator) for _ in range(2))
    term, g = Content("conv4_2", P), torch.ones_like(F)
    torch.testing.assert_close(term.add_gradient(F, g, 2.0), content_loss(F, P))
    torch.testing.assert_close(g, 1 + 2 * (F - P))
    assert term.unit() == pytest.approx(0.5 * float((P**2).sum()))


def test_a_picture_of_another_size_is_said_on_the_fast_path_too():
    vgg = st.VGG("random")
    objective = st.Objective(vgg, content=torch.rand(1, 3, 32, 32), content_layers="conv1_1")
    with pytest.raises(st.InputError, match="both pictures need the same size"):
        objective.value_and_gradient(torch.rand(1, 3, 32, 48))
