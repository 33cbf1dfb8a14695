"""An error is told with its cause, where that is known, and with no other."""

from __future__ import annotations

import pytest
import torch

from styletools.exercises.coding import Coding
from styletools.exercises.inputs import pair

EXERCISE = Coding("0.1", lambda F, P: 0.5 * ((F - P) ** 2).sum(), pair, mistakes={}, hints=["."], why=".")


def unknown(F, P):
    return nothing_like_it(F)  # noqa: F821


def without_torch(F, P):
    return torch_for_this_test.sum(F)  # noqa: F821


def without_start(F, P):
    for f in F:
        total = total + f.sum()  # noqa: F821
    return total


def small_letter(F, P):
    return f.sum()  # noqa: F821


def again(F, P):
    return again(F, P)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torch", "Write import torch first."),
        ("np", "Write import numpy as np first."),
        ("math", "Write import math first."),
        ("st", "Write import styletools as st first."),
        ("gram_matrix", "begin with st.: st.gram_matrix."),
        ("content_loss", "begin with st.: st.content_loss."),
        ("f", "Do you mean F? Capital"),
        ("gram", "gram is not defined in the notebook."),
        ("foo", "foo is not defined in the notebook."),
    ],
)
def test_a_name_that_the_notebook_does_not_have(name, words):
    answer = eval(f"lambda F, P: {name}", {})
    message = EXERCISE.check(answer).message
    assert words in message
    assert ("st." in message) == ("st." in words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda F, P: ((F - P) ^ 2).sum(), "a power is written **; ^ is bitwise exclusive or"),
        (lambda F, P: float((F - P).sum()) ^ 2, "a power is written **; ^ is bitwise exclusive or"),
        (lambda F, P: F.flatten(1) @ torch.zeros(F[0].numel(), 2), "torch.zeros_like(F)"),
        (lambda F, P: F.view(3, 512, 512), "Are sizes written out as numbers?"),
        (lambda F, P: torch.autograd.grad(F.sum(), F), "has no gradient"),
        (again, "It calls itself without end."),
        (without_start, "It is used before it has a value."),
    ],
)
def test_what_is_known_of_a_cause(answer, words):
    message = EXERCISE.check(answer).message
    assert words in message, message
    assert ("float64" in message) == ("zeros_like" in words)


def test_no_cause_is_made_up():
    message = EXERCISE.check(lambda F, P: F @ P).message
    assert ". It was called with F: shape (" in message
