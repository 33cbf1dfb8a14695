"""The primer's exercises: the solutions pass, nothing else does, and typical mistakes are named."""

from __future__ import annotations

import pytest
import torch

from styletools.exercises import lesson00b as lesson


def test_the_solution_passes():
    assert lesson.descend.check(lesson.descend.solve).ok


@pytest.mark.parametrize("message", lesson.descend.mistakes)
def test_every_mistake_is_told_apart(message):
    verdict = lesson.descend.check(lesson.descend.mistakes[message])
    assert verdict.state == "not yet"
    assert verdict.message == message


def _in_place(x, gradient, rate):
    x -= rate * gradient
    return x


def _no_return(x, gradient, rate):
    x - rate * gradient


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (_in_place, "changes its argument x"),
        (_no_return, "`return` is missing"),
        (lambda x, gradient, rate: torch.add(x, gradient, alpha=rate), "goes uphill"),
        (lambda x, gradient, rate: x - rate * gradient.abs(), "do not agree"),
        (lambda x, gradient, rate: (x - rate * gradient)[0], "first picture"),
    ],
)
def test_typical_mistakes_are_named(answer, message):
    verdict = lesson.descend.check(answer)
    assert verdict.state == "not yet"
    assert message in verdict.message


def test_a_stub_is_not_attempted():
    def stub(x, gradient, rate):
        """Nothing yet."""
        return

    assert lesson.descend.check(stub).state == "not attempted yet"


@pytest.mark.parametrize("exercise", [lesson.shape, lesson.rate], ids=lambda exercise: exercise.title)
def test_what_is_measured_is_the_answer_and_nothing_else(exercise):
    assert exercise.check(exercise.measure()).ok
    assert exercise.check().state == "not attempted yet"
    for value, message in exercise.wrong.items():
        verdict = exercise.check(value)
        assert verdict.state == "not yet"
        assert verdict.message == message


def test_measured_answers_are_those_that_the_texts_explain():
    assert lesson.shape.measure() == (2, 3, 32, 48)
    assert lesson.rate.measure() == 1


def test_it_reports_all_of_them():
    assert [exercise.title.split()[0] for exercise in lesson.EXERCISES] == ["0.1", "0.2", "0.3"]
    assert all(exercise.hints for exercise in lesson.EXERCISES)
    assert repr(lesson.report()).endswith("of 3 right")
