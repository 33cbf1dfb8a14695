from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools.errors import InputError
from styletools.losses.objective import Objective
from styletools.losses.sources import Source, terms_of
from styletools.losses.statistics import statistics

LAYERS = {"conv1_1": 0.25, "conv3_1": 0.75}


@pytest.fixture(scope="module")
def vgg():
    return st.VGG("random", pooling="max", padding="replicate")


def picture(seed, height=48, width=64):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def left(height=48, width=64):
    mask = torch.zeros(height, width, dtype=torch.bool)
    mask[:, : width // 2] = True
    return mask


def test_blended_targets_have_the_slope_of_the_weighted_sum(vgg):
    """∇ Σ s_i ‖Ĝ − Ĝ_i‖² = ∇ ‖Ĝ − Σ s_i Ĝ_i‖², so one term does for all."""
    x = picture(9)
    shares = [0.2, 0.8]
    sources = [Source(picture(i), LAYERS, share) for i, share in enumerate(shares)]
    blended = Objective(vgg, style=sources, units="literal", precision="full").value_and_gradient(x)[1]
    apart = [
        share * Objective(vgg, style=picture(i), style_layers=LAYERS, units="literal").value_and_gradient(x)[1]
        for i, share in enumerate(shares)
    ]
    torch.testing.assert_close(blended, sum(apart), rtol=1e-3, atol=1e-4 * float(blended.abs().max()))


def test_the_gram_target_of_several(vgg):
    sources = [Source(picture(i), LAYERS, share) for i, share in ((0, 1.0), (1, 3.0))]
    terms = terms_of(vgg, sources, "gram", "style", 2.0)
    assert [(term.name, term.weight) for term in terms] == [("style conv1_1", 0.5), ("style conv3_1", 1.5)]
    A = [st.gram_matrix(vgg(picture(i), "conv3_1")["conv3_1"], divide_by="M") for i in (0, 1)]
    torch.testing.assert_close(terms[1].target, 0.25 * A[0] + 0.75 * A[1])


def test_layers_of_each(vgg):
    """Coarse strokes of one painting, fine ones of the other."""
    terms = terms_of(vgg, [Source(picture(0), {"conv3_1": 1.0}), Source(picture(1), {"conv1_1": 1.0})], "gram", "style")
    assert [(term.name, term.weight) for term in terms] == [("style conv3_1", 0.5), ("style conv1_1", 0.5)]
    A = st.gram_matrix(vgg(picture(1), "conv1_1")["conv1_1"], divide_by="M")
    torch.testing.assert_close(terms[1].target, A)


@pytest.mark.parametrize("name", statistics())
def test_every_statistic_in_a_region(vgg, name):
    """Named, of the region's share of the weight, with the gradient that autograd finds, and deaf to the rest."""
    x, regions = picture(9), {"here": left(), "there": ~left()}
    sources = [
        Source(picture(0), LAYERS, regions={"here": None}),
        Source(picture(1, 40, 40), LAYERS, regions={"there": left(40, 40)}),
    ]
    objective = Objective(vgg, style=sources, regions=regions, statistic=name, precision="full")
    layers = ["pixels"] if name == "pixel-spectrum" else list(LAYERS)
    expected = [f"style [{region}] {layer}" for region in regions for layer in layers]
    assert [term.name for term in objective.terms] == expected
    assert sum(term.weight for term in objective.terms) == pytest.approx(1.0)
    terms, gradient = objective.value_and_gradient(x)
    y = x.clone().requires_grad_()
    called = objective(y)
    sum(called.values()).backward()
    for term in terms:
        assert float(terms[term]) == pytest.approx(float(called[term].detach()), rel=1e-3, abs=1e-6)
    torch.testing.assert_close(gradient, y.grad, rtol=2e-2, atol=2e-3 * float(y.grad.abs().max()))
    other = x.clone()
    other[..., 48:] = picture(5)[..., 48:]  # far enough from the edge that no position inside sees it
    changed = objective(other)
    for term in (term for term in terms if "[here]" in term):
        assert float(changed[term]) == pytest.approx(float(called[term].detach()), rel=1e-4, abs=1e-7), term


def test_nothing_bleeds_over_the_edge(vgg):
    """The style of a region pulls at no pixel that lies further away than what its positions see."""
    region = left(64, 128)
    objective = Objective(
        vgg, style=[Source(picture(0), {"conv3_1": 1.0}, regions={"here": None})], regions={"here": region}
    )
    _, gradient = objective.value_and_gradient(picture(9, 64, 128))
    assert gradient[..., :60].abs().max() > 0
    assert gradient[..., 64 + 12 :].abs().max() == 0  # conv3_1 sees 24 px; its outermost position stands back by one


def test_a_region_pulls_at_each_pixel_as_hard_as_the_whole(vgg):
    """A uniform texture: with a mask that cuts it in two the gradient inside is the same, whatever the areas."""
    x, S = picture(9, 64, 64), 0.2 * picture(0, 64, 64)
    whole = Objective(vgg, style=S, style_layers="conv1_1", precision="full").value_and_gradient(x)[1]
    mask = torch.zeros(64, 64, dtype=torch.bool)
    mask[:, :16] = True
    sources = [Source(S, {"conv1_1": 1.0}, regions={"a": None, "b": None})]
    parts = Objective(vgg, style=sources, regions={"a": mask, "b": ~mask}, precision="full").value_and_gradient(x)[1]
    ratio = float(parts[..., 2:12].norm() / whole[..., 2:12].norm())
    assert 0.8 < ratio < 1.25


def test_a_region_without_a_painting(vgg):
    with pytest.raises(InputError, match="region 'there': expected a painting with a share above 0"):
        terms_of(vgg, [Source(picture(0), LAYERS, regions={"here": None})], "gram", "style", 1.0, {"there": left()})


def test_several_have_their_own_layers(vgg):
    with pytest.raises(InputError, match="style_layers: several pictures have their own layers"):
        Objective(vgg, style=[Source(picture(0), LAYERS)], style_layers="conv1_1")


def test_a_graphics_card_makes_targets_exactly():
    """By default torch would round the factors of its convolutions to ten bits."""
    seen = []

    class Watched(st.VGG):
        def forward(self, image, layers):
            seen.append(torch.backends.cudnn.allow_tf32)
            return super().forward(image, layers)

    before = torch.backends.cudnn.allow_tf32
    terms_of(Watched("random"), [Source(torch.rand(1, 3, 24, 24), {"conv1_1": 1.0})], "gram", "style")
    assert seen == [False]
    assert torch.backends.cudnn.allow_tf32 == before
