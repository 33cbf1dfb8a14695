from __future__ import annotations

import threading
import time

import pytest

from styletools.explorers.worker import SYNCHRONOUS, Worker, synchronous


@pytest.fixture
def failures():
    return []


@pytest.fixture
def worker(failures):
    worker = Worker("styletools test", failures.append, lambda: None)
    yield worker
    worker.close()


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def endless(started, ended):
    def job(ticket):
        started.set()
        while ticket.wanted:
            time.sleep(0.002)
        ended.append(ticket)

    return job


def test_runs_in_one_thread_of_its_own(worker):
    names = []
    for _ in range(3):
        worker.submit(lambda ticket: names.append(threading.current_thread().name))
        assert worker.wait(60)
    assert names == ["styletools test"] * 3
    assert not worker.busy


def test_the_newest_request_wins(worker):
    started, ended, done = threading.Event(), [], []
    first = worker.submit(endless(started, ended))
    assert started.wait(60)
    worker.submit(lambda ticket: done.append("overtaken"))
    worker.submit(lambda ticket: done.append("newest"))
    assert worker.wait(60)
    assert not first.wanted
    assert len(ended) == 1
    assert done == ["newest"]


def test_cancel_ends_a_job_quietly(worker, failures):
    started = threading.Event()

    def job(ticket):
        started.set()
        while True:
            ticket.check()
            time.sleep(0.002)

    worker.submit(job)
    assert started.wait(60)
    worker.cancel()
    assert worker.wait(60)
    assert failures == []


def test_an_exception_is_told_and_the_next_job_runs(worker, failures):
    done = []

    def fails(ticket):
        raise ValueError("no")

    worker.submit(fails)
    assert worker.wait(60)
    assert [str(error) for error in failures] == ["no"]
    worker.submit(lambda ticket: done.append(1))
    assert worker.wait(60)
    assert done == [1]


def test_close_ends_the_thread_also_in_the_middle(failures):
    worker = Worker("styletools closing", failures.append, lambda: None)
    started = threading.Event()
    worker.submit(endless(started, []))
    assert started.wait(60)
    worker.close()
    until(lambda: "styletools closing" not in [thread.name for thread in threading.enumerate()])
    with pytest.raises(RuntimeError, match="this panel was closed; run its cell again"):
        worker.submit(lambda ticket: None)


def test_synchronous_needs_no_thread(monkeypatch, worker):
    monkeypatch.setenv(SYNCHRONOUS, "1")
    assert synchronous()
    here = []
    worker.submit(lambda ticket: here.append(threading.current_thread()))
    assert here == [threading.current_thread()]
    monkeypatch.setenv(SYNCHRONOUS, "0")
    assert not synchronous()


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("true", True), ("0", False), ("false", False), ("No", False), ("", False)]
)
def test_the_variable_in_words(monkeypatch, value, expected):
    monkeypatch.setenv(SYNCHRONOUS, value)
    assert synchronous() is expected
