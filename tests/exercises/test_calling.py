"""An answer reaches nothing but its own result."""

from __future__ import annotations

import io
import random
import sys
from types import SimpleNamespace

import pytest
import torch

from styletools.exercises.calling import called
from styletools.exercises.coding import Coding
from styletools.exercises.inputs import pair


def dot(F, P):
    return (F * P).sum()


def coding(**options):
    return Coding("0.1 Dot", dot, pair, **{"mistakes": {}, "hints": ["."], "why": "So.", "gradient": (0,), **options})


def test_the_arguments_stay_and_come_back():
    x = torch.zeros(2)
    outcome = called(lambda x: x.add_(1), (x,))
    assert not x.any()
    assert outcome.given[0].tolist() == outcome.value.tolist() == [1, 1]


def test_what_it_prints_first_is_shown_once_and_not_without_end(capsys):
    def prints(F, P):
        print("shape", tuple(F.shape), F.requires_grad)
        return dot(F, P)

    assert coding().check(prints).ok
    shown = capsys.readouterr().out
    assert shown.startswith("shape (")
    assert shown.count("shape") == 1

    def prints_a_lot(F, P):
        for i in range(10_000):
            print(i)
        return dot(F, P)

    assert coding(gradient=()).check(prints_a_lot).ok
    shown = capsys.readouterr().out
    assert len(shown) < 2100
    assert shown.endswith("… (it prints more)\n")


@pytest.mark.parametrize("leave", [sys.exit, exit, lambda: sys.exit("words"), quit])
def test_exit_is_told(leave, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # exit() closes it

    def leaves(F, P):
        leave()

    assert "It calls exit()" in coding().check(leaves).message
    assert coding().check(dot).ok


def test_in_a_notebook_exit_does_not_end_the_kernel(monkeypatch):
    class Shell:
        ended = False

        def ask_exit(self):
            self.ended = True

    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    def leaves(F, P):
        shell.ask_exit()  # what exit() does there
        return dot(F, P)

    assert "It calls exit()" in coding().check(leaves).message
    assert not shell.ended
    shell.ask_exit()
    assert shell.ended


def test_a_readers_own_interruption_passes():
    def interrupts(F, P):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        coding().check(interrupts)
    assert coding().check(dot).ok


@pytest.mark.parametrize("error", [GeneratorExit, StopIteration, RecursionError, MemoryError, BaseException])
def test_any_other_error_is_told(error):
    def raises(F, P):
        raise error

    assert f"It raises {error.__name__}" in coding().check(raises).message


def test_an_error_without_words_is_told():
    class Mute(Exception):  # noqa: N818
        def __str__(self):
            raise RuntimeError

    def raises(F, P):
        raise Mute

    assert "It raises Mute: (no message)" in coding().check(raises).message


@pytest.mark.parametrize("good", [True, False])
def test_what_it_sets_is_put_back(good):
    def sets(F, P):
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        torch.manual_seed(0)
        random.seed(0)
        sys.stdout = None
        if not good:
            raise ValueError
        return dot(F, P)

    out, seeds, pythons = sys.stdout, torch.get_rng_state(), random.getstate()
    verdict = coding(gradient=()).check(sets)
    assert verdict.ok == good
    assert torch.get_default_dtype() == torch.float32
    assert torch.zeros(1).device.type == "cpu"
    assert torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), seeds)
    assert random.getstate() == pythons
    assert sys.stdout is out
    assert coding().check(dot).ok


def test_what_the_reader_has_set_does_not_matter():
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode():
            exercise = coding()
            assert exercise.check(dot).ok
        with torch.no_grad():
            assert exercise.check(dot).ok
        with torch.device("meta"):
            assert coding().check(dot).ok
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_what_never_ends_giving_is_cut_off():
    def counts(F, P):
        while True:
            yield 1

    assert coding().check(counts).state == "not yet"
