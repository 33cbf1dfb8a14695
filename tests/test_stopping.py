from __future__ import annotations

import signal
import threading

import pytest

from styletools.stopping import Stopping

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture(autouse=True)
def usual_handlers():
    """A shell lets what it runs in the background ignore ^C, and children inherit that."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_asks_and_does_not_interrupt(number):
    with Stopping() as stopping:
        assert stopping(None) is False
        signal.raise_signal(number)
        assert stopping.number == number
        assert stopping(None) is True


@pytest.mark.parametrize("number", SIGNALS)
def test_before_the_first_step_there_is_nothing_to_lose(number):
    with pytest.raises(KeyboardInterrupt) as interrupt, Stopping():
        signal.raise_signal(number)
    assert interrupt.value.args == (number,)


def test_a_second_one_interrupts_a_long_step():
    with Stopping() as stopping:
        stopping(None)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_nothing_ends_what_is_shielded():
    with Stopping() as stopping:
        stopping.shield()
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
    assert stopping.number == signal.SIGINT


def test_the_handlers_come_back():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Stopping():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_is_ignored_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Stopping() as stopping:
        signal.raise_signal(signal.SIGINT)
    assert stopping.number == 0


def test_another_thread_has_no_signals():
    found = []

    def work():
        with Stopping() as stopping:
            found.append(stopping(None))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_what_a_signal_breaks_is_told_as_the_signal():
    """A library in C may turn the interruption into an error of its own."""

    def broken():
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise ValueError("the file is damaged") from None

    with pytest.raises(KeyboardInterrupt) as interrupt, Stopping():
        broken()
    assert interrupt.value.args == (signal.SIGTERM,)


def test_an_error_of_its_own_stays_one():
    with pytest.raises(ValueError, match="something else"), Stopping():
        raise ValueError("something else")
