from __future__ import annotations

import gc
import weakref

import pytest
import torch
from torch.testing import assert_close

from styletools.errors import InputError
from styletools.losses.equations import (
    content_loss,
    gram_matrix,
    style_layer_loss,
    style_loss,
    total_loss,
    total_variation,
)
from styletools.losses.objective import Objective, layer_weights
from styletools.network.vgg import VGG
from styletools.pictures.images import load_image

STYLE = ["conv1_1", "conv2_1", "conv3_1"]


@pytest.fixture(scope="module")
def pictures():
    generator = torch.Generator().manual_seed(5)
    P, S, x = (torch.rand(1, 3, *size, generator=generator) for size in ((32, 40), (48, 36), (32, 40)))
    return P, S, x


class TestLiteral:
    """With literal units the total is Eq. 7 as printed."""

    def test_total_is_eq_7(self, random_vgg, pictures):
        P, S, x = pictures
        objective = Objective(
            random_vgg,
            content=P,
            style=S,
            content_layers="conv2_2",
            style_layers=STYLE,
            alpha=3,
            beta=50,
            units="literal",
        )
        F = random_vgg(x, [*STYLE, "conv2_2"])
        content = content_loss(F["conv2_2"], random_vgg(P, "conv2_2")["conv2_2"])
        style = style_loss(F, random_vgg(S, STYLE))
        assert_close(sum(objective(x).values()), total_loss(content, style, 3, 50))

    def test_a_term_divided_by_its_factor_is_the_equation(self, random_vgg, pictures):
        P, S, x = pictures
        for units in ("relative", "literal"):
            objective = Objective(
                random_vgg,
                content=P,
                style=S,
                content_layers={"conv2_2": 2, "conv3_1": 1},
                style_layers={"conv1_1": 0.5, "conv3_1": 3},
                tv=0.7,
                units=units,
            )
            terms = {name: term / objective.factors[name] for name, term in objective(x).items()}
            F = random_vgg(x, ["conv1_1", "conv2_2", "conv3_1"])
            targets = {**random_vgg(P, ["conv2_2"]), "content3": random_vgg(P, "conv3_1")["conv3_1"]}
            A = random_vgg(S, ["conv1_1", "conv3_1"])
            assert_close(terms["content conv2_2"], content_loss(F["conv2_2"], targets["conv2_2"]))
            assert_close(terms["content conv3_1"], content_loss(F["conv3_1"], targets["content3"]))
            assert_close(terms["style conv1_1"], style_layer_loss(F["conv1_1"], A["conv1_1"]))
            assert_close(terms["style conv3_1"], style_layer_loss(F["conv3_1"], A["conv3_1"]))
            assert_close(terms["total variation"], total_variation(x))
            assert list(terms) == list(objective.factors)


class TestRelative:
    """A term of 1 is a picture without any features."""

    def test_the_exact_factors(self, random_vgg, pictures):
        P, S, _ = pictures
        objective = Objective(
            random_vgg, content=P, style=S, content_layers="conv2_2", style_layers={"conv3_1": 0.25}, alpha=2, beta=8
        )
        whole_content = 0.5 * (random_vgg(P, "conv2_2")["conv2_2"] ** 2).sum()
        A = gram_matrix(random_vgg(S, "conv3_1")["conv3_1"], divide_by="M")
        whole_style = (A**2).sum() / (4 * 256**2)
        assert objective.factors["content conv2_2"] == pytest.approx(2 / float(whole_content))
        assert objective.factors["style conv3_1"] == pytest.approx(8 * 0.25 / float(whole_style))

    def test_the_scale_of_the_network_cancels(self, pictures):
        """The same α/β for raw weights, and for weights whose every activation is 10 times as large."""
        P, S, x = pictures
        small, large = VGG("random"), VGG("random")
        for name in ("conv1_1_weight", "conv1_1_bias"):
            large.get_buffer(name).mul_(10)
        for name in large.layers[4::2]:
            if name.startswith("conv") and not name.endswith("_pre"):
                large.get_buffer(f"{name}_bias").mul_(10)
        options = {"content": P, "style": S, "content_layers": "conv2_2", "style_layers": STYLE}
        one, other = (Objective(vgg, **options)(x) for vgg in (small, large))
        for name in one:
            assert_close(one[name], other[name], rtol=1e-3, atol=1e-6)

    def test_the_size_of_the_picture_cancels(self):
        """A tiled picture has as much wrong with it as its tile; literal Eq. 1 grows with the area."""
        photograph, other = load_image("chelsea", 64), load_image("coffee", 64)
        other = other[:, :, : photograph.shape[2]]
        tiled = [image.repeat(1, 1, 3, 3) for image in (photograph, other)]
        terms = {}
        for units in ("relative", "literal"):
            for size, (P, x) in {"small": (photograph, other), "large": tiled}.items():
                objective = Objective(VGG(padding="zeros"), content=P, content_layers="conv1_1", units=units)
                terms[units, size] = float(objective(x)["content conv1_1"])
        assert terms["relative", "large"] == pytest.approx(terms["relative", "small"], rel=0.1)
        assert terms["literal", "large"] == pytest.approx(9 * terms["literal", "small"], rel=0.1)


class TestTargets:
    """Fixed once, without a graph."""

    def test_zero_at_the_targets(self, random_vgg, pictures):
        P, S, _ = pictures
        content = Objective(random_vgg, content=P, content_layers=["conv2_2", "conv3_1"])
        style = Objective(random_vgg, style=S, style_layers=STYLE)
        assert all(float(term) == 0 for term in content(P).values())
        assert all(float(term) < 1e-12 for term in style(S).values())

    def test_only_the_picture_gets_a_gradient(self, random_vgg, pictures):
        P, S, x = (picture.clone().requires_grad_() for picture in pictures)
        objective = Objective(random_vgg, content=P, style=S, content_layers="conv2_2", style_layers=STYLE)
        sum(objective(x).values()).backward()
        assert P.grad is None
        assert S.grad is None
        assert x.grad is not None

    def test_a_later_change_of_the_photograph_does_not_move_the_target(self, random_vgg, pictures):
        P, _, x = pictures
        photograph = P.clone()
        objective = Objective(random_vgg, content=photograph, content_layers="conv1_1")
        before = float(objective(x)["content conv1_1"])
        photograph.zero_()
        assert float(objective(x)["content conv1_1"]) == before

    def test_batch_is_the_sum_of_singles(self, random_vgg, pictures):
        P, S, x = pictures
        objective = Objective(random_vgg, content=P, style=S, content_layers="conv2_2", style_layers=STYLE, tv=1)
        together = objective(torch.cat([x, P]))
        for name, term in together.items():
            assert_close(term, objective(x)[name] + objective(P)[name])

    def test_the_network_runs_once(self, random_vgg, pictures, monkeypatch):
        P, S, x = pictures
        objective = Objective(random_vgg, content=P, style=S, content_layers="conv2_1", style_layers=STYLE)
        calls = []
        forward = random_vgg.forward
        monkeypatch.setattr(random_vgg, "forward", lambda *args: calls.append(1) or forward(*args))
        objective(x)
        assert len(calls) == 1

    def test_without_layers_only_smoothness(self, random_vgg, pictures):
        assert list(Objective(random_vgg, tv=2)(pictures[2])) == ["total variation"]


class TestBadInput:
    """Said at the door."""

    def test_nothing_to_do(self, random_vgg):
        with pytest.raises(InputError, match="nothing to do: give content_layers, style_layers, terms or tv"):
            Objective(random_vgg)

    def test_a_missing_picture(self, random_vgg, pictures):
        with pytest.raises(InputError, match="style: expected a picture, because there are style_layers"):
            Objective(random_vgg, content=pictures[0], content_layers="conv1_1", style_layers=STYLE)

    @pytest.mark.parametrize("name", ["alpha", "beta", "tv"])
    def test_weights(self, random_vgg, pictures, name):
        with pytest.raises(InputError, match=f"{name}: expected a finite number ≥ 0, got -1"):
            Objective(random_vgg, content=pictures[0], content_layers="conv1_1", **{name: -1})

    def test_layer_weights(self):
        assert layer_weights("conv1_1", "x") == {"conv1_1": 1}
        assert layer_weights((), "x") == {}
        assert layer_weights({"conv1_1": 2, "conv2_1": 0}, "x") == {"conv1_1": 2, "conv2_1": 0}
        for bad, words in (
            ({"conv1_1": float("nan")}, "style_layers: the weight of conv1_1: expected a finite number"),
            ({"conv1_1": "1"}, "the weight of conv1_1: expected a finite number ≥ 0, got '1'"),
            (["conv1_1", "conv2_1", "conv1_1"], "style_layers: a layer is named twice"),
            (5, "style_layers: expected a layer, several, or weights by layer, got 5"),
        ):
            with pytest.raises(InputError, match=words):
                layer_weights(bad, "style_layers")

    def test_units(self, random_vgg):
        with pytest.raises(InputError, match="units: expected 'relative' or 'literal', got 'mean'"):
            Objective(random_vgg, tv=1, units="mean")  # type: ignore[arg-type]

    def test_another_size_than_the_photograph(self, random_vgg, pictures):
        objective = Objective(random_vgg, content=pictures[0], content_layers="conv1_1")
        with pytest.raises(InputError, match="both pictures need the same size"):
            objective(torch.rand(1, 3, 20, 20))


@pytest.mark.parametrize("block", [None, 32])
def test_its_memory_is_free_as_soon_as_nobody_holds_it(random_vgg, pictures, block):
    """Not only when Python next looks for cycles: a large picture's buffers and targets take gigabytes."""
    P, S, x = pictures
    objective = Objective(
        random_vgg, content=P, style=S, content_layers="conv2_2", style_layers=STYLE, tv=0.1, block=block
    )
    objective.value_and_gradient(x)
    held = [weakref.ref(objective), *(weakref.ref(term) for term in objective.terms)]
    gc.disable()
    try:
        del objective
        assert [each() for each in held] == [None] * len(held)
    finally:
        gc.enable()
