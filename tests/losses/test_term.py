from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import styletools as st
from styletools import VGG, InputError, Objective, Term


class Means(Term):
    """As in the docstring."""

    def prepare(self, S):
        return S.mean((2, 3))

    def value(self, F):
        return ((F.mean((2, 3)) - self.target) ** 2).sum()


class Brightness(Term):
    of_pixels = True

    def prepare(self, S):
        return S.mean()

    def value(self, F):
        return (F.mean((1, 2, 3)) - self.target).square().sum()


def features(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


class TestTerm:
    def test_name_weight_and_target(self):
        S = features(1, 3, 4, 5)
        term = Means("conv2_1", S, weight=0.5, kind="means")
        assert (term.name, term.layer, term.weight) == ("means conv2_1", "conv2_1", 0.5)
        assert_close(term.target, S.mean((2, 3)))

    def test_the_unit_is_the_value_of_nothing(self):
        S = features(1, 3, 4, 5)
        assert Means("conv2_1", S).unit() == pytest.approx(float((S.mean((2, 3)) ** 2).sum()))

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_adds_its_gradient_to_what_is_there(self, dtype):
        F = features(2, 3, 4, 5, seed=1).to(dtype)
        term = Means("conv2_1", features(1, 3, 4, 5).to(torch.float64 if dtype == torch.float64 else torch.float32))
        g = torch.ones_like(F)
        value = term.add_gradient(F, g, 10.0)
        x = F.float() if dtype == torch.bfloat16 else F
        expected = 10 * 2 / 20 * (x.mean((2, 3)) - term.target)
        assert_close(g.to(x), 1 + expected[..., None, None].expand_as(x), atol=2e-2, rtol=1e-2)
        assert_close(value, term.value(x))
        assert not value.requires_grad

    @pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
    def test_whatever_the_caller_has_switched_off(self, mode):
        F, term = features(1, 3, 4, 5, seed=1), Means("conv2_1", features(1, 3, 4, 5))
        with mode():
            g = torch.zeros_like(F)
            term.add_gradient(F, g, 1.0)
        assert g.abs().sum() > 0


@pytest.fixture(scope="module")
def vgg():
    return VGG(weights="random")


class TestInAnObjective:
    """What a reader adds is seen when calling and when optimising alike."""

    def pair(self, objective, image):
        terms, gradient = objective.value_and_gradient(image)
        x = image.clone().requires_grad_()
        expected = objective(x)
        (reference,) = torch.autograd.grad(sum(expected.values()), x)
        assert_close(terms, {name: term.detach() for name, term in expected.items()}, rtol=1e-4, atol=1e-7)
        assert (gradient - reference).norm() < 1e-4 * reference.norm()
        return terms, gradient

    def test_a_list(self, vgg):
        image, S = features(1, 3, 32, 32, seed=3), features(1, 3, 40, 32)
        usual = {"content": features(1, 3, 32, 32, seed=2), "content_layers": "conv2_2", "precision": "full"}
        extra = [Means("conv2_1", vgg(S, "conv2_1")["conv2_1"], weight=5.0), Brightness(None, S, weight=2.0)]
        terms, gradient = self.pair(Objective(vgg, terms=extra, **usual), image)
        assert list(terms) == ["content conv2_2", "style conv2_1", "style pixels"]
        _, without = self.pair(Objective(vgg, **usual), image)
        assert (gradient - without).norm() > 0.1 * without.norm()

    def test_alone(self, vgg):
        S = features(1, 3, 40, 32)
        terms, _ = self.pair(
            Objective(vgg, terms=[Means("conv1_1", vgg(S, "conv1_1")["conv1_1"])]), features(1, 3, 32, 32)
        )
        assert list(terms) == ["style conv1_1"]

    def test_before_the_relu(self, vgg):
        S = features(1, 3, 40, 32)
        objective = Objective(vgg, style=S, style_layers=["conv2_1_pre", "conv2_1"], statistic=Means)
        self.pair(objective, features(1, 3, 32, 32, seed=5))

    def test_a_subclass_with_a_call_of_its_own(self, vgg):
        class WithRed(Objective):
            def __call__(self, image):
                return {**super().__call__(image), "red": image[:, 0].mean()}

        objective = WithRed(vgg, content=features(1, 3, 32, 32), content_layers="conv1_1")
        terms, _ = self.pair(objective, features(1, 3, 32, 32, seed=1))
        assert list(terms) == ["content conv1_1", "red"]
        synthesis = st.synthesise(objective, features(1, 3, 32, 32, seed=1), steps=3)
        list(synthesis)
        assert "red" in synthesis.history

    def test_two_of_one_name(self, vgg):
        S = vgg(features(1, 3, 40, 32), "conv1_1")["conv1_1"]
        with pytest.raises(InputError, match="terms: two are called 'style conv1_1'; give one another kind"):
            Objective(vgg, terms=[Means("conv1_1", S), Means("conv1_1", S)])
        Objective(vgg, terms=[Means("conv1_1", S), Means("conv1_1", S, kind="again")])

    def test_relative_units(self, vgg):
        S = features(1, 3, 40, 32)
        objective = Objective(vgg, style=S, style_layers="conv2_1", statistic=Means, beta=3.0)
        nothing = objective.terms[0].unit()
        assert objective.factors["style conv2_1"] == pytest.approx(3 / nothing)
        literal = Objective(vgg, style=S, style_layers="conv2_1", statistic=Means, beta=3.0, units="literal")
        assert literal.factors["style conv2_1"] == 3.0


class TestInARecipe:
    """A reader's own statistic, in one cell."""

    def test_transfer(self):
        result = st.transfer("chelsea", "dots", statistic=Means, size=64, steps=5, progress=False)
        assert "style conv3_1" in result.history
        assert result.settings["arguments"]["statistic"] == "Means"
        assert result.history["total"][-1] < result.history["total"][-5]

    def test_several_have_names_of_their_own(self):
        result = st.reconstruct_style(
            "dots", ["conv1_1", "conv2_1"], statistic={"gram": 1, Means: 2}, size=64, steps=3, progress=False
        )
        assert {"gram conv1_1", "gram conv2_1", "Means conv1_1", "Means conv2_1"} <= set(result.history)
        factors = result.synthesis.stages[-1].objective.factors
        assert set(factors) == {"gram conv1_1", "gram conv2_1", "Means conv1_1", "Means conv2_1"}

    def test_pixels(self):
        result = st.reconstruct_style("dots", statistic=Brightness, size=64, steps=5, progress=False)
        assert result.image.mean() == pytest.approx(float(st.load_image("dots", 64).mean()), abs=1e-3)

    def test_for_the_content(self):
        """A layer of its own for both: the names say which is which, and bfloat16 may be used as ever."""
        options = {"content_layers": "conv4_1", "style_layers": ["conv1_1", "conv4_1"], "size": 64, "steps": 2}
        result = st.transfer("chelsea", "dots", content_statistic=Means, **options, progress=False)
        assert {"content conv4_1", "style conv4_1"} <= set(result.history)
        usual = st.transfer("chelsea", "dots", **options, progress=False)
        assert result.settings["arguments"]["precision"] == usual.settings["arguments"]["precision"]

    def test_in_double_precision_with_bfloat16_inside(self):
        vgg = VGG("random").double()
        S, image = features(1, 3, 40, 32).double(), features(1, 3, 32, 32, seed=1).double()
        objective = Objective(vgg, style=S, style_layers="conv2_1", statistic="sliced", precision="bfloat16")
        terms, gradient = objective.value_and_gradient(image)
        assert terms["style conv2_1"].dtype == gradient.dtype == torch.float64
