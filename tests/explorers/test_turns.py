"""Panels that share a machine: only so many work at once, in the order in which they came."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest
from driving import SMALL

from styletools.explorers import explore_studio, turns
from styletools.explorers.turns import AT_ONCE, LARGEST, QUEUE, largest, turn
from styletools.explorers.worker import SYNCHRONOUS, Cancelled


@pytest.fixture
def queue(monkeypatch, tmp_path):
    monkeypatch.setenv(QUEUE, str(tmp_path))
    monkeypatch.setenv(AT_ONCE, "1")
    monkeypatch.delenv(SYNCHRONOUS, raising=False)
    monkeypatch.setattr(turns, "PAUSE", 0.01)
    return tmp_path


def waiting(order, name, said, wanted=lambda: True):
    """A thread that waits for its turn."""

    def run():
        try:
            with turn(wanted, said.append):
                order.append(name)
        except Cancelled:
            order.append(f"not {name}")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_after_the_other_and_each_sees_its_place(queue):
    order, first, second = [], [], []
    with turn(lambda: True, order.append):
        a = waiting(order, "a", first)
        until(lambda: first)
        b = waiting(order, "b", second)
        until(lambda: second)
        assert order == []
        assert first == ["waiting for a place: next in the queue"]
        assert second == ["waiting for a place: 2 in the queue"]
    a.join(60)
    b.join(60)
    assert order == ["a", "b"]
    assert list(queue.iterdir()) == []


def test_two_at_once(queue, monkeypatch):
    monkeypatch.setenv(AT_ONCE, "2")
    said, order = [], []
    with turn(lambda: True, said.append), turn(lambda: True, said.append):
        third = waiting(order, "c", said)
        until(lambda: said)
        assert said == ["waiting for a place: next in the queue"]
    third.join(60)
    assert order == ["c"]


def test_who_does_not_want_it_any_more_leaves_the_queue(queue):
    order, said, wanted = [], [], [True]
    with turn(lambda: True, said.append):
        thread = waiting(order, "a", said, lambda: wanted[0])
        until(lambda: said)
        wanted[0] = False
        thread.join(60)
        assert order == ["not a"]
    assert list(queue.iterdir()) == []


def test_a_place_whose_holder_was_killed_is_free(queue):
    program = (
        "import time; from styletools.explorers.turns import turn\n"
        "with turn(lambda: True, print):\n    print('mine', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "mine\n"
        order, said = [], []
        thread = waiting(order, "a", said)
        until(lambda: said)
        assert order == []
        holder.kill()
        thread.join(60)
    assert order == ["a"]
    assert list(queue.iterdir()) == []


def test_without_a_queue_nobody_waits(monkeypatch):
    monkeypatch.delenv(QUEUE, raising=False)
    with turn(lambda: False, print), turn(lambda: False, print):
        assert multiprocessing.current_process().pid == os.getpid()


def test_the_largest_size(monkeypatch):
    monkeypatch.setenv(LARGEST, "320")
    assert largest(1024) == 320
    assert largest(256) == 256
    for word in ("", "x", "0", "-3"):
        monkeypatch.setenv(LARGEST, word)
        assert largest(1024) == 1024


def test_the_studio_waits_says_so_and_is_no_larger(queue, monkeypatch):
    monkeypatch.setenv(LARGEST, "128")
    panel = explore_studio("coffee", "dots", **{**SMALL["studio"], "size": 512})
    try:
        assert panel.size.max == panel.size.value == 128
        panel.size.value = 4000
        assert panel.size.value == 128
        panel.size.value = 64
        with turn(lambda: True, print):
            panel.start_button.click()
            until(lambda: "next in the queue" in panel.status.value)
            assert panel.result is None
        assert panel.wait(120)
        assert panel.error is None
        assert panel.result is not None
    finally:
        panel.close()
