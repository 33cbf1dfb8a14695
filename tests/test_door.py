"""What a wrong argument breaks is explained by the argument, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor

import styletools as st
from styletools.door import explained, fits
from styletools.errors import InputError


@explained
def halves(sizes: Sequence[int], by: float = 2.0, *, name: str = "sizes", shown: bool = False) -> list[float]:
    """Of each size."""
    return [size / by for size in sizes]


class TestExplained:
    """Only after something has failed, and only where an argument is to blame."""

    def test_a_right_call_is_the_functions_own(self):
        assert halves([2, 4]) == [1.0, 2.0]
        assert halves.__name__ == "halves"
        assert halves.__kwdefaults__ == {"name": "sizes", "shown": False}

    def test_the_first_wrong_argument_is_named(self):
        with pytest.raises(InputError, match=r"^sizes: expected Sequence\[int\], got \['a'\]$"):
            halves(["a"], "b")
        with pytest.raises(InputError, match=r"^by: expected float, got 'b'$"):
            halves([1], by="b")

    def test_where_nothing_is_wrong_the_error_stays(self):
        with pytest.raises(ZeroDivisionError):
            halves([1], 0)

    def test_what_does_not_matter_is_not_blamed(self):
        with pytest.raises(ZeroDivisionError):
            halves([1], 0, shown=1)

    def test_pythons_own_word_for_a_word_too_many(self):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            halves([1], colour=2)

    def test_errors_of_our_own_pass(self):
        @explained
        def check(size: int) -> None:
            raise InputError("size: at least 8, got something else")

        with pytest.raises(InputError, match="at least 8"):
            check("x")

    def test_the_outer_function_knows_the_readers_name(self):
        @explained
        def outer(photograph: Sequence[int]) -> list[float]:
            return halves(photograph)

        with pytest.raises(InputError, match=r"^photograph: "):
            outer([None])

    def test_the_readers_own_callback_is_not_hidden(self):
        def broken(step):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            st.reconstruct_style("dots", "conv1_1", size=16, steps=1, weights="random", progress=0, on_step=broken)

    def test_a_generator(self):
        @explained
        def count(up_to: int) -> Iterator[int]:
            yield from range(up_to)

        assert list(count(3)) == [0, 1, 2]
        with pytest.raises(InputError, match="up_to: expected int, got 'x'"):
            next(count("x"))

    def test_default_values_can_be_changed(self, monkeypatch):
        @explained
        def give(*, value: int = 1) -> int:
            return value

        monkeypatch.setitem(give.__kwdefaults__, "value", 2)
        assert give() == 2


@pytest.mark.parametrize(
    ("value", "kind", "whether"),
    [
        (1, int, True),
        (np.int64(1), int, True),
        (True, int, False),
        (2**63, int, False),
        (1, float, True),
        (np.float32(1), float, True),
        (float("inf"), float, False),
        (10**400, float, False),
        (np.True_, bool, True),
        ("no", bool, False),
        ("a\0b", str, False),
        ("\ud800", str, False),
        (None, int | None, True),
        ("max", Literal["max", "avg"], True),
        ("min", Literal["max", "avg"], False),
        (["a"], Iterable[str], True),
        ("a", Iterable[str], True),
        ("a", Sequence[int], False),
        (b"a", Sequence[int], False),
        (torch.zeros(2), Iterable[str], False),
        (np.zeros(()), Iterable[str], False),
        ({"a": 1}, Mapping[str, float], True),
        ({1: 1}, Mapping[str, float], False),
        ((1, 2), tuple[int, int], True),
        ((1,), tuple[int, int], False),
        ([1, 2], tuple[int, int], False),
        (torch.zeros(2), Tensor, True),
        (torch.zeros(2, dtype=torch.bool), Tensor, True),
        (torch.zeros(2, dtype=torch.uint8), Tensor, False),
        (torch.zeros(2, device="meta"), Tensor, False),
        (torch.zeros(2, 2).to_sparse(), Tensor, False),
        (len, Callable[[Any], int], True),
        (3, Callable[[Any], int], False),
        (Path("a"), str, False),
        (object(), Any, True),
    ],
)
def test_fits(value, kind, whether):
    assert fits(value, kind) is whether
