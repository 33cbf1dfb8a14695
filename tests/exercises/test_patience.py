"""What does not end is ended, in any thread, and nothing of that reaches later code."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
import torch

from styletools.exercises import coding, patience
from styletools.exercises.coding import Coding
from styletools.exercises.inputs import pair
from styletools.exercises.patience import TookTooLong, patiently

SHORT = 0.1


def endless():
    while True:
        pass


def endless_steps():
    n = 0
    while True:
        n += len(str(n))


def catches_exceptions():
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


def catches_everything():
    while True:
        try:
            for i in range(10**9):
                abs(i)
        except:  # noqa: E722
            pass


def catches_everything_and_goes_on():
    while True:
        try:
            while True:
                try:
                    for i in range(10**9):
                        abs(i)
                except BaseException:
                    continue
        except:  # noqa: E722
            pass


def catches_and_returns():
    while True:
        catches_in_a_function()


def catches_in_a_function():
    try:
        for i in range(10**9):
            abs(i)
    except:  # noqa: E722
        return 0


def raises_another():
    try:
        endless()
    except BaseException:
        raise ValueError from None


def finally_endless():
    try:
        endless()
    finally:
        for i in range(10**9):
            abs(i)


def computes():
    x = torch.rand(10, 10)
    while True:
        x = x @ x / x.norm()


ENDLESS = [
    endless, endless_steps, catches_exceptions, catches_everything, catches_everything_and_goes_on, catches_and_returns,
    finally_endless, computes,
]  # fmt: skip


def busy(seconds=0.12):
    """Enough bytecode for anything still on its way to arrive."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        abs(1)


@pytest.mark.parametrize("function", ENDLESS, ids=lambda function: function.__name__)
def test_it_is_ended(function):
    start = time.monotonic()
    with pytest.raises(TookTooLong):
        patiently(function, SHORT)
    assert time.monotonic() - start < 60
    busy()


def test_what_ends_is_not_touched():
    assert patiently(lambda: 3, SHORT) == 3
    busy(2 * SHORT)
    with pytest.raises(ZeroDivisionError):
        patiently(lambda: 1 / 0, SHORT)
    busy(2 * SHORT)
    with pytest.raises(KeyboardInterrupt):
        patiently(interrupts, SHORT)
    busy(2 * SHORT)


def interrupts():
    raise KeyboardInterrupt


def test_another_error_in_its_place_passes_or_it_is_ended():
    with pytest.raises((TookTooLong, ValueError)):
        patiently(raises_another, SHORT)
    busy()


def test_in_another_thread():
    seen = []

    def run():
        try:
            patiently(catches_everything, SHORT)
        except TookTooLong:
            busy()
            seen.append("ended")

    thread = threading.Thread(target=run)
    thread.start()
    busy(2 * SHORT)  # nothing arrives here
    thread.join(10)
    assert seen == ["ended"]


def test_one_within_the_other():
    def outer():
        with pytest.raises(TookTooLong):
            patiently(catches_everything, SHORT)
        return "went on"

    assert patiently(outer, 10) == "went on"
    busy()


@pytest.mark.slow
def test_it_never_leaks_where_both_come_at_once(monkeypatch, request):
    """The function ends just when it is to be ended; whoever comes first, nothing arrives afterwards."""
    monkeypatch.setattr(patience, "AGAIN", 1e-5)
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-5)
    # What arrives while Hypothesis notes a collection of garbage is reported as ignored, and pytest takes that for a
    # failure. The function is ended all the same, by the next one.
    request.addfinalizer(partial(gc.callbacks.extend, gc.callbacks.copy()))
    gc.callbacks.clear()
    outcomes = set()
    for i in range(600):
        try:
            outcomes.add(patiently(lambda: busy(0.003), (i % 41) * 1e-4))
        except TookTooLong:
            outcomes.add("ended")
        busy(0.0005)
    assert outcomes == {None, "ended"}


@pytest.mark.slow
def test_a_profiler_or_debugger_still_works_afterwards():
    """It would wait for ever if Python still had a note that something is to be raised."""
    program = (
        "import cProfile, time\n"
        "from styletools.exercises.patience import TookTooLong, patiently\n"
        "def endless():\n"
        "    while True:\n"
        "        pass\n"
        "patiently(int, 5)\n"
        "cProfile.run('sum([abs(n) for n in range(100)])')\n"
        "try:\n"
        "    patiently(endless, 0.1)\n"
        "except TookTooLong:\n"
        "    cProfile.run('sum([abs(n) for n in range(100)])')\n"
        "    print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("went on\n")


def test_its_threads_end():
    before = threading.active_count()
    for _ in range(20):
        patiently(lambda: 0, 10)
    busy()
    assert threading.active_count() <= before


def test_without_threads_it_is_simply_called(monkeypatch):
    def cannot(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", cannot)
    assert patiently(lambda: 3, SHORT) == 3


def test_it_costs_next_to_nothing():
    start = time.process_time()
    for _ in range(100):
        patiently(lambda: 0, 10)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("where", ["value", "gradient", "later"])
def test_a_check_tells_of_it(monkeypatch, where, capsys):
    monkeypatch.setattr(coding, "PATIENCE", 0.3)
    exercise = Coding("0.1", lambda F, P: (F * P).sum(), pair, mistakes={}, hints=["."], why=".", gradient=(0,))

    def answer(F, P):
        if where == "value" or (where == "gradient" and F.requires_grad) or (where == "later" and len(F) > 1):
            catches_everything()
        return (F * P).sum()

    verdict = exercise.check(answer)
    assert verdict.state == "not yet"
    assert "ended after 0.3 seconds" in verdict.message
    assert "a loop that never ends" in verdict.message
    busy()
    monkeypatch.setattr(coding, "PATIENCE", 60)
    assert exercise.check(exercise.solve).ok
    print("printed")
    assert capsys.readouterr().out == "printed\n"
