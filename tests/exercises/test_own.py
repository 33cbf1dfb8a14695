"""Which functions of the capstone are the reader's."""

from __future__ import annotations

from styletools.exercises import lesson03, lesson05
from styletools.exercises.own import Own


def right(content, style, alpha, beta):
    return alpha * content + beta * style


def wrong(content, style, alpha, beta):
    return beta * content + alpha * style


def stub(content, style, alpha, beta):
    return None


def fallback(content, style, alpha, beta):
    return right(content, style, alpha, beta)


class TestOwn:
    """One function at a time."""

    def test_what_is_right_is_used(self):
        own = Own()
        assert own.choose("Eq. 7", lesson05.total_loss, right, fallback) is right
        assert own.yours == ["Eq. 7"]
        assert repr(own) == "Eq. 7  ✔ yours\n1 of 1 are yours"

    def test_what_is_wrong_or_not_attempted_is_replaced_and_named_so(self):
        own = Own()
        assert own.choose("Eq. 7", lesson05.total_loss, wrong, fallback) is fallback
        assert own.choose("again", lesson05.total_loss, stub, fallback) is fallback
        assert own.yours == []
        assert repr(own).splitlines() == [
            "Eq. 7  ✘ the package's (not yet)",
            "again  … the package's (not attempted yet)",
            "0 of 2 are yours",
        ]

    def test_the_solution_stands_in_where_nothing_else_is_given(self):
        assert Own().choose("Eq. 7", lesson05.total_loss, stub)(1.0, 10.0, 2.0, 3.0) == 32

    def test_a_function_that_raises_is_replaced(self):
        assert Own().choose("Eq. 3", lesson03.gram, lambda F: F @ undefined, fallback) is fallback  # noqa: F821

    def test_a_cell_that_is_run_again_replaces_its_row(self):
        own = Own()
        own.choose("Eq. 7", lesson05.total_loss, stub, fallback)
        own.choose("Eq. 7", lesson05.total_loss, right, fallback)
        assert repr(own) == "Eq. 7  ✔ yours\n1 of 1 are yours"

    def test_an_empty_table(self):
        assert repr(Own()) == "0 of 0 are yours"
