"""Every option once: the recipes' signatures and the plan's fields say the same."""

from __future__ import annotations

import inspect
from dataclasses import fields

import pytest

import styletools as st
from styletools.plan import NAMES, Plan

OF_THE_RUN = {"progress", "on_step"}
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
