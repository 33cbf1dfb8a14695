"""Predictions: what is accepted, what is told, and that no answer whatever raises an error."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from styletools.exercises.prediction import Prediction


def make(truth, **options):
    return Prediction(
        "0.2 Guess", lambda: truth, **{"otherwise": "No.", "hints": ["Think."], "why": "So it is.", **options}
    )


def test_numbers():
    exercise = make(0.25, wrong={4: "Upside down."}, tolerance=1e-3)
    assert exercise.check(0.25).ok
    assert exercise.check(1 / 4.0001).ok
    assert exercise.check(torch.tensor(0.25)).ok
    assert exercise.check(4).message == "Upside down."
    assert exercise.check(3).message == "No."
    assert exercise.check(0).message == "No."
    assert "Expected a number, got 'a'" in exercise.check("a").message
    assert not exercise.check(True).ok


def test_options():
    exercise = make("left", options=("left", "right"))
    assert exercise.check(" left ").ok
    assert exercise.check("right").message == "No."
    assert "'up' is not an option; there are left, right" in exercise.check("up").message
    assert "Expected one text" in exercise.check(3).message


def test_sets_and_tuples():
    exercise = make(frozenset({"a", "b"}), options=("a", "b", "c"))
    assert exercise.check(["b", "a"]).ok
    assert not exercise.check({"a"}).ok
    assert not exercise.check({"a", "b", "c"}).ok
    assert "Expected a set" in exercise.check("a").message
    shape = make((1, 2, 3))
    assert shape.check(torch.Size([1, 2, 3])).ok
    assert shape.check([1, 2, 3]).ok
    assert not shape.check((1, 3, 2)).ok
    assert not shape.check((1, 2)).ok


def test_nothing_is_not_attempted():
    exercise = make("left", options=("left", "right"))
    for nothing in (None, "", ..., [], set()):
        assert exercise.check(nothing).state == "not attempted yet"


def test_the_message_does_not_give_the_answer_away():
    assert "left" not in repr(make("left", options=("left", "right")).check("right"))


def test_capital_letters_and_blanks_do_not_matter():
    exercise = make("the Gram matrices", options=("the pixels", "the Gram matrices"), wrong={"the pixels": "No two."})
    for answer in ("The Gram Matrices", " the gram  matrices\n", "THE GRAM MATRICES"):
        assert exercise.check(answer).ok
    assert exercise.check("THE PIXELS ").message == "No two."
    both = make(frozenset({"mirror", "double all"}), options=("mirror", "double all", "shuffle"))
    assert both.check(["Mirror ", " double  ALL"]).ok
    assert "'up' is not an option" in both.check({"up", "mirror"}).message


def test_numbers_of_other_kinds():
    exercise = make(0.25)
    for answer in (Fraction(1, 4), Decimal("0.25"), np.float32(0.25), np.array(0.25), torch.tensor(0.25)):
        assert exercise.check(answer).ok, answer
    for answer in (float("nan"), np.nan, 0.25j, complex(0.25), True, "0.25", [0.25], 10**400, Decimal("NaN")):
        verdict = exercise.check(answer)
        assert verdict.state == "not yet"
        assert verdict.message.startswith("Expected a number, got "), verdict
    assert exercise.check(float("inf")).message == "No."


class Unkind:
    """Raises at whatever is asked."""

    def _raise(self, *_):
        raise RuntimeError

    __eq__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = __hash__ = __float__ = __getattr__ = _raise


class UnkindList(list):
    __eq__ = __repr__ = __bool__ = __len__ = __iter__ = __hash__ = Unkind._raise


class UnkindText(str):
    __slots__ = ()
    __eq__ = __repr__ = __bool__ = __len__ = __hash__ = strip = casefold = Unkind._raise


class Nearly:
    def tolist(self):
        raise RuntimeError


# fmt: off
ODD = [
    {}, {"a": 1}, {1: {2: 3}}, OrderedDict(a=1), object(), np.zeros(3), np.zeros((2, 2)), np.array("left"),
    np.array(["left"]), np.array([None]), [[1, 2], [3]], [[[]]], [None], [1, "a"], ["a", 1], (1, [2], 3), (1,
    torch.rand(2), 3), float("nan"), float("inf"), [float("nan")] * 3, 1j, (1j, 2, 3), print, lambda: 0, b"left",
    b"", bytearray(b"x"), int, Prediction, np.ndarray, torch.Tensor, torch.rand(2, 2), torch.tensor([]), Unkind(),
    UnkindList([1, 2, 3]), UnkindText("left"), Nearly(), Nearly, [Unkind()], {"x"}, {frozenset()}, frozenset({1}),
    range(3), iter([1, 2]), 10**5000, 10**400, Exception(), type, NotImplemented, "left\0", "x" * 10**6,
    list(range(10**5)), torch.complex(torch.ones(1), torch.ones(1)), torch.zeros(1, device="meta"),
    memoryview(b"x"), slice(1), np.datetime64("2020-01-01"), Decimal("NaN"), Decimal("Infinity"),
]
# fmt: on


@pytest.mark.parametrize(
    "truth", ["left", frozenset({"left"}), (1, 2, 3), 0.25], ids=["text", "set", "tuple", "number"]
)
@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_odd_answers_raise_nothing(truth, answer):
    texts = isinstance(truth, str | frozenset)
    exercise = make(truth, options=("left", "right") if texts else (), wrong={truth: "Never told."}, tolerance=1e-3)
    verdict = exercise.check(answer)
    assert verdict.state in ("not yet", "not attempted yet") or isinstance(answer, np.ndarray | UnkindText)
    assert len(repr(verdict)) < 500
    assert exercise.check(truth).ok
