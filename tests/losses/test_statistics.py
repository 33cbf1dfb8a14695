from __future__ import annotations

import pytest
import torch

import styletools as st
from styletools import InputError, Term
from styletools.losses.gram import Gram
from styletools.losses.means import Mean
from styletools.losses.neighbours import Contextual
from styletools.losses.statistics import find_statistics, statistic_name, statistics


def test_all_files_are_found():
    assert {"gram", "mean", "mean-deviation"} <= statistics().keys()
    assert "features" in statistics("content")
    assert not statistics().keys() & statistics("content").keys()
    assert all(issubclass(cls, Term) and cls.statistic == name for name, cls in statistics().items())


def test_one():
    assert find_statistics("gram") == [(Gram, 1.0, None)]
    assert find_statistics(Gram) == [(Gram, 1.0, None)]


def test_several_share_the_weight():
    assert find_statistics(["gram", Mean]) == [(Gram, 0.5, "gram"), (Mean, 0.5, "mean")]
    assert find_statistics({"gram": 3}) == [(Gram, 3.0, None)]


def test_a_function_that_makes_terms():
    def factory(layer, S, **options):
        return Mean(layer, S, **options)

    assert find_statistics(factory) == [(factory, 1.0, None)]
    assert statistic_name(factory) == "factory"


def test_what_can_be_read_once_is_read_once():
    made = st.reconstruct_style(
        "dots", "conv1_1", statistic=(n for n in ("gram", "mean")), size=48, steps=1, progress=False
    )
    assert made.settings["arguments"]["statistic"] == {"gram": 0.5, "mean": 0.5}
    assert {"gram conv1_1", "mean conv1_1"} <= set(made.history)


def test_settings_name_a_class_of_the_package_as_it_can_be_asked_for():
    made = st.reconstruct_style("dots", "conv1_1", statistic={Gram, Mean}, size=48, steps=1, progress=False)
    assert made.settings["arguments"]["statistic"] == {"gram": 0.5, "mean": 0.5}


@pytest.mark.parametrize(
    ("statistic", "message"),
    [
        ("grams", "statistic: expected one of .*gram.*, or a class of terms; got 'grams'"),
        ("features", "got 'features'"),  # content's
        (dict, "expected a subclass of styletools.Term, got the class dict"),
        (3, "expected a name, a class of terms, or several, got 3"),
        ([], "at least one"),
        (["gram", "gram"], "named twice in gram, gram"),
        ({"gram": -1}, "statistic: the weight of gram"),
    ],
)
def test_bad(statistic, message):
    with pytest.raises(InputError, match=message):
        find_statistics(statistic)


def test_is_said_before_the_work(monkeypatch):
    monkeypatch.setattr(st.VGG, "forward", lambda *_: pytest.fail("computed"))
    with pytest.raises(InputError, match="statistic: expected one of"):
        st.transfer("chelsea", "dots", statistic="grams", progress=False)


STYLE, CONTENT = statistics(), statistics("content")
KNOW_WHERE = {"shifted-gram", "autocorrelation", "pixel-spectrum", "features", "self-similarity"}
ALL = [pytest.param(cls, id=name) for name, cls in {**STYLE, **CONTENT}.items()]


def features(channels=4, height=9, width=8, seed=0, dtype=torch.float64, batch=1):
    """Rectified, as a network has them: about a third of the values is 0."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(batch, channels, height, width, generator=generator, dtype=dtype) + 0.4).relu()


def value_and_gradient(term, F):
    x = F.clone().requires_grad_()
    value = term.value(x)
    return value.detach(), torch.autograd.grad(value, x)[0]


@pytest.mark.parametrize("cls", ALL)
class TestEveryStatistic:
    def test_the_painting_itself_is_the_best_there_is(self, cls):
        S = features(3 if cls.of_pixels else 4)
        term = cls("conv1_1", S)
        at_home, elsewhere = float(term.value(S)), float(term.value(features(S.shape[1], seed=1)))
        assert at_home < elsewhere
        if cls is not Contextual:  # a logarithm of similarities that are never all 1
            assert abs(at_home) < 1e-5 * term.unit()  # the ridge of a root may show

    def test_gradient(self, cls):
        S = features(3 if cls.of_pixels else 4)
        F = features(S.shape[1], seed=1) + 0.01 * torch.rand(S.shape, dtype=torch.float64)  # no two values alike
        assert torch.autograd.gradcheck(cls("conv1_1", S).value, (F.requires_grad_(),), atol=1e-5, rtol=1e-3)

    def test_added_gradient_is_the_values(self, cls):
        S, F = features(seed=0, dtype=torch.float32), features(seed=1, dtype=torch.float32)
        term, g = cls("conv1_1", S), torch.ones_like(F)
        value = term.add_gradient(F, g, 3.0)
        expected, gradient = value_and_gradient(term, F)
        assert value.item() == pytest.approx(expected.item(), rel=1e-4)
        assert torch.allclose(g, 1 + 3 * gradient, rtol=1e-3, atol=1e-5 * float(gradient.abs().max() + 1))

    def test_shuffled_positions(self, cls):
        S, F = features(), features(seed=1)
        order = torch.randperm(72, generator=torch.Generator().manual_seed(2))
        shuffled = F.flatten(2)[..., order].view_as(F)
        term = cls("conv1_1", S)
        same = float(term.value(shuffled)) == pytest.approx(float(term.value(F)), rel=1e-9)
        assert same == (cls.statistic not in KNOW_WHERE)

    @pytest.mark.parametrize("kind", ["nothing", "one colour", "dead filters", "one position lives"])
    def test_finite_for_degenerate_features(self, cls, kind):
        ordinary = features(dtype=torch.float32)
        odd = torch.zeros_like(ordinary)
        if kind == "one colour":
            odd[:] = torch.tensor([0.5, 0.0, 2.0, 1.0]).view(1, 4, 1, 1)
        if kind == "dead filters":
            odd[:, :2] = ordinary[:, :2]
        if kind == "one position lives":
            odd[:, :, 3, 3] = 2.0
        for S, F in ((ordinary, odd), (odd, ordinary), (odd, odd)):
            value, gradient = value_and_gradient(cls("conv1_1", S), F)
            assert value.isfinite()
            assert gradient.isfinite().all()

    def test_a_batch_is_the_sum_of_its_pictures(self, cls):
        F, term = features(seed=1, batch=3), cls("conv1_1", features())
        alone = sum(float(term.value(F[i : i + 1])) for i in range(3))
        assert float(term.value(F)) == pytest.approx(alone, rel=1e-9)

    def test_is_the_same_at_every_restart(self, cls):
        S, F = features(), features(seed=1)
        assert torch.equal(cls("conv1_1", S).value(F), cls("conv1_1", S).value(F))

    def test_says_what_it_is(self, cls):
        text = cls.__doc__
        assert "Example:" in text
        assert "Reference:" in text


# A tiled texture has a spectrum of lines: that one is tried in test_arrangement.
@pytest.mark.parametrize("cls", [pytest.param(c, id=name) for name, c in STYLE.items() if name != "pixel-spectrum"])
def test_pictures_of_different_sizes(cls):
    """The same texture, four times: nearer than another one."""
    S = features()
    term = cls("conv1_1", S)
    tiled = S.repeat(1, 1, 2, 2)
    assert float(term.value(tiled)) < 0.5 * float(term.value(features(height=18, width=16, seed=1)))


@pytest.mark.parametrize("name", STYLE)
def test_in_a_reconstruction(name):
    """From the name to pixels that move the right way, on the fast path."""
    result = st.reconstruct_style(
        "dots", ["conv1_1", "conv2_1"], statistic=name, size=48, steps=12, weights="random", progress=False
    )
    assert result.history["total"][-1] < 0.9 * result.history["total"][0]
    assert result.settings["arguments"]["statistic"] == name


@pytest.mark.parametrize("name", CONTENT)
def test_in_a_content_reconstruction(name):
    result = st.reconstruct_content(
        "dots", "conv2_1", content_statistic=name, size=48, steps=12, weights="random", progress=False
    )
    assert result.history["total"][-1] < 0.9 * result.history["total"][0]
