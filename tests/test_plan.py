"""Every option once: the recipes' signatures and the plan's fields say the same."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest
import torch

import styletools as st
from styletools.names import NAMES
from styletools.plan import Plan
from styletools.recipes import planned

OF_THE_RUN = {"progress", "on_step", "state"}
OPTIONS = [item.name for item in fields(Plan) if item.name != "recipe"]


@pytest.mark.parametrize("recipe", NAMES)
def test_a_recipe_has_the_plans_options_under_its_own_names(recipe):
    expected = {NAMES[recipe].get(option, option) for option in OPTIONS} - {None}
    assert set(inspect.signature(getattr(st, recipe)).parameters) - OF_THE_RUN == expected


@pytest.mark.parametrize("recipe", NAMES)
def test_a_recipe_hands_every_argument_on(recipe, monkeypatch):
    """Each with a value of its own, so that two that are exchanged would be seen."""
    plans = []
    monkeypatch.setattr(Plan, "run", lambda plan, *_: plans.append(plan))
    arguments = {name: object() for name in inspect.signature(getattr(st, recipe)).parameters}
    getattr(st, recipe)(**arguments)
    assert plans[0].recipe == recipe
    for option in OPTIONS:
        argument = NAMES[recipe].get(option, option)
        if argument is not None:
            assert getattr(plans[0], option) is arguments[argument], option


def test_settings_are_the_arguments_of_the_call():
    settings = st.transfer("chelsea", "dots", size=48, steps=1, seed=3, progress=False).settings
    again = getattr(st, settings["recipe"])(**settings["arguments"], progress=False)
    assert again.settings == settings


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("units", "metric"),
        ("optimiser", "sgd"),
        ("steps", -1),
        ("precision", "half"),
        ("tv", -1),
        ("statistic", "grams"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(option, value, monkeypatch):
    monkeypatch.setattr(st.VGG, "forward", lambda *_: pytest.fail("computed"))
    with pytest.raises(st.InputError, match=option):
        st.transfer("chelsea", "dots", progress=False, **{option: value})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 8}, "content: 5 × 8 pixels are too few for conv4_2, which needs at least .* a larger size"),
        ({"style_size": 8}, "style: 8 × 8 pixels are too few for conv5_1, which needs at least .* a larger style_size"),
        ({"style": ["dots", torch.rand(1, 3, 4, 90)]}, "style: 3 × 64 pixels are too few for conv5_1"),
    ],
)
def test_a_picture_that_is_too_small_is_named(options, message, monkeypatch):
    monkeypatch.setattr(st.VGG, "forward", lambda *_: pytest.fail("computed"))
    with pytest.raises(st.InputError, match=message):
        st.transfer("chelsea", **{"style": "dots", "size": 64, "progress": False, **options})


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0, "beta": 0},
        {"alpha": 0, "style_layers": {"conv1_1": 0}},
        {"beta": 0, "content_layers": {"conv4_2": 0}},
    ],
)
def test_a_run_with_nothing_to_do_is_refused(options):
    with pytest.raises(st.InputError, match="nothing to do: α, β or the weights of all layers are 0"):
        st.transfer("chelsea", "dots", size=64, steps=2, progress=False, **options)


class TestPosters:
    """Beyond 1024 pixels."""

    def sizes(self, longer, largest=2048, **options):
        pictures = planned("transfer", "chelsea", ["starry_night"], size=largest, **options).pictures
        return [max(S.shape[2:]) for S in pictures.paintings_at(longer, largest, 16)]

    def test_a_painting_is_as_large_as_the_picture_until_it_would_be_enlarged(self):
        assert [self.sizes(longer) for longer in (128, 724, 1024, 1448, 2048)] == [[128], [724], [1024], [1024], [1024]]

    def test_one_with_more_pixels_is_used_in_full(self):
        large = torch.rand(1, 3, 900, 1500)
        pictures = planned("transfer", "chelsea", large, size=2048).pictures
        assert torch.equal(pictures.originals[0], large)
        assert [max(pictures.paintings_at(n, 2048, 16)[0].shape) for n in (1024, 1448, 2048)] == [1024, 1448, 1500]

    def test_what_is_asked_for_is_scaled_alike(self):
        assert [self.sizes(longer, style_size=1024) for longer in (128, 1024, 2048)] == [[64], [512], [1024]]

    @pytest.mark.parametrize("size", [256, 1024])
    def test_up_to_there_it_is_as_large_as_the_picture(self, size):
        assert self.sizes(size, size) == [size]
        assert self.sizes(size // 2, size) == [size // 2]
