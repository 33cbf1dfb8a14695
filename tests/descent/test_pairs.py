from __future__ import annotations

import io

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from styletools.descent.pairs import CurvaturePairs, _Rows

N = 40


def steps(number, seed=0, dtype=torch.float64):
    """Steps in a bowl, and the changes of its gradient."""
    generator = torch.Generator().manual_seed(seed)
    Q, _ = torch.linalg.qr(torch.randn(N, N, generator=generator, dtype=torch.float64))
    H = Q @ torch.diag(torch.logspace(0, 4, N, dtype=torch.float64)) @ Q.T
    S = torch.randn(number, N, generator=generator, dtype=torch.float64)
    return [(s.to(dtype), (H @ s).to(dtype)) for s in S]


def remembering(steps, most, compact=False):
    pairs = CurvaturePairs(most, compact)
    for s, y in steps:
        pairs.add(s, y, s @ y)
    return pairs


def two_loops(pairs, g, initial):
    """Algorithm 7.4 as the book has it."""
    q, alphas = g.clone(), []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))
        q -= alphas[-1] * y
    r = initial(q)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - y @ r / (s @ y))
    return r


def initial(r):
    return 0.3 * r * torch.linspace(1, 2, N, dtype=r.dtype)


def gradient(dtype=torch.float64):
    return torch.linspace(-1, 1, N, dtype=dtype)


@given(number=st.integers(0, 14), most=st.integers(0, 6), seed=st.integers(0, 99))
def test_is_the_two_loops_over_the_newest_pairs(number, most, seed):
    made = steps(number, seed)
    pairs = remembering(made, most)
    kept = made[max(0, number - most) :] if most else []
    assert len(pairs) == len(kept)
    assert_close(pairs.inverse_times(gradient(), initial), two_loops(kept, gradient(), initial), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("number", [3, 9])
def test_in_single_precision_as_near_as_the_two_loops(number):
    made = steps(number)
    exact = two_loops(made[-5:], gradient(), initial)
    single = [(s.float(), y.float()) for s, y in made]
    ours = remembering(single, 5).inverse_times(gradient(torch.float32), initial)
    theirs = two_loops(single[-5:], gradient(torch.float32), initial)
    error, usual = ((r - exact).norm() / exact.norm() for r in (ours, theirs))
    assert error < max(3 * usual, 1e-5)


@pytest.mark.parametrize("number", [3, 4, 9])
def test_in_half_the_memory(number, monkeypatch):
    monkeypatch.setattr("styletools.descent.pairs.CHUNK", 64)  # so that there are several parts
    made = [(1e-6 * s.float(), 1e3 * y.float()) for s, y in steps(number)]  # too small and too large for float16
    compact = remembering(made, 4, compact=True)
    expected = remembering(made, 4).inverse_times(gradient(torch.float32), initial)
    assert_close(compact.inverse_times(gradient(torch.float32), initial), expected, rtol=0.02, atol=0.02)
    assert {compact.state()[name][0].dtype for name in "SY"} == {torch.float16}


def test_a_vector_of_zeros_in_half_the_memory():
    pairs = CurvaturePairs(3, compact=True)
    zero, one = torch.zeros(N), torch.ones(N)
    pairs.add(zero, one, torch.tensor(1.0))
    assert torch.isfinite(pairs.inverse_times(gradient(torch.float32), initial)).all()


@pytest.mark.parametrize("number", [2, 4, 5, 11])
@pytest.mark.parametrize("compact", [False, True])
def test_goes_on_from_its_state_to_the_last_bit(number, compact):
    made = steps(16, dtype=torch.float32)
    one = remembering(made[:number], 4, compact)
    file = io.BytesIO()
    torch.save(one.state(), file)
    assert file.tell() < 2 * 5 * N * (2 if compact else 4) + 4000  # no row that is not needed
    two = CurvaturePairs(4, compact)
    file.seek(0)
    two.restore(torch.load(file, weights_only=True))
    for s, y in made[number:]:
        for pairs in (one, two):
            pairs.add(s, y, s @ y)
        g = gradient(torch.float32)
        assert torch.equal(one.inverse_times(g.clone(), initial), two.inverse_times(g.clone(), initial))


def test_nothing_is_restored_from_nothing():
    pairs = remembering(steps(3), 4)
    pairs.restore(CurvaturePairs(4).state())
    assert len(pairs) == 0
    assert_close(pairs.inverse_times(gradient(), initial), initial(gradient()))


@pytest.mark.parametrize("call", range(3))
def test_a_first_pair_that_is_interrupted_leaves_no_trace(call, monkeypatch):
    """Wherever memory is taken for it."""
    (s, y), pairs, calls = steps(1)[0], CurvaturePairs(4), iter(range(9))

    def interrupted(function):
        def call_or_stop(*arguments, **options):
            if next(calls) == call:
                raise KeyboardInterrupt
            return function(*arguments, **options)

        return call_or_stop

    with monkeypatch.context() as patch:
        patch.setattr(torch, "zeros", interrupted(torch.zeros))
        patch.setattr(_Rows, "__init__", interrupted(_Rows.__init__))
        with pytest.raises(KeyboardInterrupt):
            pairs.add(s, y, s @ y)
    assert len(pairs) == 0
    pairs.add(s, y, s @ y)
    assert_close(pairs.inverse_times(gradient(), initial), two_loops([(s, y)], gradient(), initial))


@pytest.mark.parametrize("number", [1, 4, 5, 6, 9])
@pytest.mark.parametrize("call", range(1, 4))
def test_an_interrupted_pair_leaves_no_trace(number, call, monkeypatch):
    made = steps(number + 2)
    pairs = remembering(made[:number], 4)
    before = pairs.inverse_times(gradient(), initial)
    calls = iter(range(1, 9))

    class Rows(type(pairs._S)):
        """Interrupts one of the three things that a new pair needs."""

        def put(self, row, vector):
            if next(calls) == call:
                raise KeyboardInterrupt
            super().put(row, vector)

        def dot(self, x, count):
            found = super().dot(x, count)
            if next(calls) == call:
                raise KeyboardInterrupt
            return found

    with monkeypatch.context() as patch:
        patch.setattr(pairs._S, "__class__", Rows)
        patch.setattr(pairs._Y, "__class__", Rows)
        with pytest.raises(KeyboardInterrupt):
            pairs.add(*made[number], torch.tensor(1.0))
    assert torch.equal(pairs.inverse_times(gradient(), initial), before)
    s, y = made[number + 1]
    pairs.add(s, y, s @ y)
    after = [*made[:number], (s, y)][-4:]
    assert_close(pairs.inverse_times(gradient(), initial), two_loops(after, gradient(), initial), rtol=1e-7, atol=1e-9)


class Operations(TorchDispatchMode):
    """Count what is started."""

    number = 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        self.number += 1
        return function(*arguments, **(options or {}))


def test_as_many_operations_for_twenty_pairs_as_for_five():
    numbers = []
    for most in (5, 20):
        pairs = remembering(steps(30), most)
        with Operations() as operations:
            pairs.inverse_times(gradient(), initial)
        numbers.append(operations.number)
    assert numbers[0] == numbers[1] < 80
