"""Values between two processes: what goes through, and that nothing hostile does."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from styletools.course.wire import Other, packed, unpacked
from styletools.exercises.comparing import same

VALUES = [
    None,
    True,
    3,
    -(10**50),
    0.1,
    -0.0,
    "text ✔",
    [1, [2.5, "x"]],
    (1, (2,)),
    {"F": {"G": [1]}},
    {1, 2},
    frozenset({"a"}),
    torch.rand(2, 3, dtype=torch.float64),
    torch.zeros(0, 3),
    torch.tensor(3),
    torch.tensor([True, False]),
    torch.rand(3).to(torch.bfloat16),
    torch.arange(6).reshape(2, 3).T,
    torch.tensor([1 + 2j]).conj(),
    np.arange(4.0).reshape(2, 2),
    np.float32(0.5),
    np.array(3),
    {"x": torch.ones(2)},
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_goes_through_as_it_is(value):
    back = unpacked(packed(value))
    assert type(back) is type(value) or (isinstance(value, np.generic) and back.shape == ())
    if isinstance(value, torch.Tensor):
        assert back.dtype == value.dtype
        assert torch.equal(back, value.resolve_conj())
    elif isinstance(value, dict) and "x" in value:
        assert torch.equal(back["x"], value["x"])
    elif isinstance(value, np.ndarray | np.generic):
        assert np.array_equal(back, value)
    else:
        assert back == value


def test_numbers_to_the_last_bit():
    for number in (0.1, 1 / 3, 5e-324, float("inf")):
        assert unpacked(packed(number)) == number
    assert math.isnan(unpacked(packed(float("nan"))))
    x = torch.rand(50, dtype=torch.float64)
    assert same(unpacked(packed(x)), x)


class Mine:
    def __reduce__(self):
        raise AssertionError("nobody pickles this")


@pytest.mark.parametrize(
    "value",
    [
        Mine(),
        print,
        lambda: 0,
        object,
        torch.rand(2).to_sparse(),
        torch.zeros(2, device="meta"),
        b"x",
        1j,
        np.array(["x"]),
        torch.zeros(1).expand(10**9),
        list(range(10**6)),
    ],
)
def test_anything_else_is_another_thing_with_its_name(value):
    back = unpacked(packed(value))
    assert isinstance(back, Other)
    assert type(back).__name__ == type(value).__name__
    assert repr(back) == repr(value)[:500]


class Unkind:
    def __repr__(self):
        raise RuntimeError


def test_what_cannot_be_shown_there_cannot_be_shown_here():
    with pytest.raises(ValueError):  # noqa: PT011  # nobody reads it
        repr(unpacked(packed(Unkind())))


def test_no_text_is_so_deep_that_it_breaks_anything():
    deep = []
    for _ in range(10_000):
        deep = [deep]
    assert isinstance(unpacked(packed(deep)), list)
    loop = []
    loop.append(loop)
    assert isinstance(unpacked(packed(loop)), list)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 10_000,
        '{"is": [1]}',
        '{"float": "x"}',
        '{"tensor": "AAAA", "dtype": "torch.float64", "shape": [9]}',
        '{"tensor": "", "dtype": "os.system", "shape": []}',
        '{"tensor": "AAAAAAAAAAA=", "dtype": "torch.float64", "shape": [-5]}',
        '{"set": [{"list": []}]}',
        '{"dict": [1]}',
        '{"other": 5, "x": ',
        "\xff",
    ],
)
def test_what_is_no_value_is_said(text):
    with pytest.raises(ValueError, match="no value"):
        unpacked(text.encode("latin-1"))


def test_a_name_that_is_none_is_not_used():
    assert type(unpacked(json.dumps({"other": "<script>"}).encode())).__name__ == "object"
