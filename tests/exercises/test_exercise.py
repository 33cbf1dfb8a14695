"""The frame: what a check says of answers that have nothing to do with a particular equation."""

from __future__ import annotations

import numpy as np
import torch

from styletools.exercises.coding import Coding
from styletools.exercises.exercise import Text, report
from styletools.exercises.inputs import pair


def dot(F, P):
    return (F * P).sum()


def coding(**options):
    defaults = {
        "mistakes": {"The product is missing.": lambda F, P: F.sum()},
        "hints": ["One.", "Two."],
        "why": "Because.",
        "gradient": (0,),
    }
    return Coding("0.1 Dot", dot, pair, **{**defaults, **options})


class TestCoding:
    """Write a function."""

    def test_the_solution_passes_and_says_why(self):
        verdict = coding().check(dot)
        assert verdict.ok
        assert repr(verdict) == "✔ 0.1 Dot: right. Because."

    def test_stubs_are_not_attempted(self):
        def nothing(F, P):
            """Only words."""

        def ellipsis(F, P): ...

        def returns_none(F, P):
            # your code here
            return None

        for stub in (None, nothing, ellipsis, returns_none, lambda F, P: None):
            verdict = coding().check(stub)
            assert verdict.state == "not attempted yet", stub
            assert not verdict.ok
            assert repr(verdict) == "… 0.1 Dot: not attempted yet."

    def test_a_forgotten_return_is_not_a_stub(self):
        def forgotten(F, P):
            total = (F * P).sum()  # noqa: F841

        assert "returns None: a `return` is missing" in coding().check(forgotten).message

    def test_a_constant_is_an_answer(self):
        assert coding().check(lambda F, P: 3).state == "not yet"

    def test_what_a_function_returns_is_not_the_function(self):
        assert "Give the function itself" in coding().check(torch.tensor(3.0)).message

    def test_an_exception_is_told(self):
        def raises(F, P):
            return F @ P

        verdict = coding().check(raises)
        assert "It raises RuntimeError" in verdict.message
        assert "F: shape (" in verdict.message

    def test_wrong_arguments_are_told(self):
        assert "It raises TypeError" in coding().check(lambda F: F.sum()).message

    def test_a_mutated_argument_is_named(self):
        def mutates(F, P):
            P *= F
            return P.sum()

        assert "It changes its argument P." in coding().check(mutates).message

    def test_a_named_mistake(self):
        assert coding().check(lambda F, P: F.sum()).message == "The product is missing."

    def test_a_mistake_for_some_inputs_only_is_still_wrong(self):
        def sometimes(F, P):
            return (F * P).sum() if F.shape[0] > 1 else F.sum()

        verdict = coding().check(sometimes)
        assert verdict.state == "not yet"
        assert "numbers do not agree" in verdict.message or "times what it should be" in verdict.message

    def test_detached_from_the_graph(self):
        for answer in (
            lambda F, P: (F.detach() * P).sum(),
            lambda F, P: torch.tensor((F * P).sum().item(), dtype=F.dtype),
            torch.no_grad()(dot),
        ):
            assert "detached from the graph" in coding().check(answer).message
        assert (
            "with a gradient it fails: Can't call numpy()"
            in coding().check(lambda F, P: torch.from_numpy(F.numpy() * P.numpy()).sum()).message
        )
        with torch.no_grad():  # the reader's own surroundings do not matter to a right answer's value
            assert "detached" not in coding(gradient=()).check(dot).message

    def test_shape_sign_and_factor(self):
        assert "Wrong shape: expected (), got (1,)" in coding().check(lambda F, P: dot(F, P)[None]).message
        assert "sign is wrong" in coding().check(lambda F, P: -dot(F, P)).message
        assert "It is 3 times" in coding().check(lambda F, P: 3 * dot(F, P)).message
        assert "NaN" in coding().check(lambda F, P: dot(F, P) / 0 * 0).message
        assert "got a str" in coding().check(lambda F, P: "12").message

    def test_a_factor_is_only_told_where_it_is_one(self):
        message = coding().check(lambda F, P: dot(F, P) + F.shape[0]).message
        assert "times" not in message
        assert "numbers do not agree" in message

    def test_sizes_that_are_too_much_or_written_out(self):
        assert "It is B times too large (B pictures" in coding().check(lambda F, P: dot(F, P) * F.shape[0]).message
        assert "It is B N M times too small" in coding().check(lambda F, P: (F * P).mean()).message
        message = coding().check(lambda F, P: dot(F, P) / F.shape[1] * 512).message
        assert "it grows with 1 / N (" in message
        assert "written out as numbers" in message

    def test_another_container_is_no_mistake(self):
        def halves(N):
            return [n / 2 for n in N]

        exercise = Coding("0.3", halves, lambda g: ([2, 3, 5],), mistakes={}, hints=["One."], why="Because.")
        for answer in (
            lambda N: torch.tensor(N) / 2,
            lambda N: tuple(n / 2 for n in N),
            lambda N: (n / 2 for n in N),
            lambda N: np.array(N) / 2,
        ):
            assert exercise.check(answer).ok
        assert not exercise.check(lambda N: [n / 2 for n in N][:2]).ok

    def test_nothing_escapes(self):
        exercise = Coding("0.3", lambda N: [n for n in N], lambda g: ([2, 3],), mistakes={}, hints=["."], why=".")  # noqa: C416
        assert "It raises NameError" in exercise.check(lambda N: (foo for n in N)).message  # noqa: F821
        assert not exercise.check(set).ok
        complex_answer = coding(gradient=()).check(lambda F, P: torch.complex(dot(F, P), dot(F, P)))
        assert complex_answer.state == "not yet"

    def test_float32_inside_is_no_mistake(self):
        exercise = Coding("0.3", lambda F, P: F - P, pair, mistakes={}, hints=["."], why=".")
        assert exercise.check(lambda F, P: F.float() - P.float()).ok
        assert "float64" in exercise.check(lambda F, P: F @ torch.zeros(F.shape[3], 2)).message

    def test_a_list_for_a_tensor_is_told(self):
        exercise = Coding("0.4", lambda F, P: F + P, pair, mistakes={}, hints=["One."], why="Because.")
        assert "are right, but this is a list" in exercise.check(lambda F, P: (F + P).tolist()).message

    def test_a_name_that_the_notebook_does_not_have(self):
        def unknown(F, P):
            return gram_matrix(F)  # noqa: F821

        assert "begin with st." in coding().check(unknown).message

    def test_almost_right_is_wrong(self):
        assert not coding().check(lambda F, P: dot(F, P) * 1.001).ok
        assert not coding().check(lambda F, P: dot(F, P) + 1e-3).ok

    def test_hints_and_solution(self):
        exercise = coding()
        assert exercise.hint() == "Hint 1 of 2. One. More: hint(2)."
        assert exercise.hint(2) == exercise.hint(9) == "Hint 2 of 2. Two."
        for number in ("2", 2.0, 2.9, " 2 ", torch.tensor(2), np.int64(2), 1e300):
            assert exercise.hint(number) == exercise.hint(2)
        for number in (
            None,
            10**400,
            "x",
            "",
            0,
            -5,
            float("nan"),
            float("inf"),
            1j,
            [],
            [2],
            {},
            dict,
            b"x",
            ...,
            print,
        ):
            assert exercise.hint(number) == exercise.hint(1), number
        assert "return (F * P).sum()" in exercise.solution()
        assert exercise.solution().endswith("Because.")


def test_what_was_right_once_stays_right_in_the_report():
    exercise = coding()
    assert exercise.check(dot).ok
    assert exercise.check(lambda F, P: F.sum()).message == "The product is missing."
    assert exercise.verdict.state == "not yet"
    assert repr(report([exercise])) == "✔ 0.1 Dot: right\n1 of 1 right"
    exercise.check()
    assert repr(report([exercise])).endswith("1 of 1 right")
    other = coding()
    other.check(lambda F, P: F.sum())
    assert repr(report([other])) == "✘ 0.1 Dot: not yet\n0 of 1 right"


def test_report_counts():
    one, two = coding(), coding()
    one.check(dot)
    text = report([one, two])
    assert isinstance(text, Text)
    assert repr(text) == "✔ 0.1 Dot: right\n… 0.1 Dot: not attempted yet\n1 of 2 right"
