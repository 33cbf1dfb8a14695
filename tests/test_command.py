"""The command as it is installed: ^C at any moment of its start."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

import styletools_command
from styletools import cli

# It says that it is there from within what guards it: its first look at the handler.
START = "import signal, sys, styletools_command; sys.argv = ['styletools', 'samples']; look = signal.getsignal; "
START += "signal.getsignal = lambda number: (print('here', flush=True), look(number))[1]; "
START += "sys.exit(styletools_command.main())"


@pytest.fixture(autouse=True)
def usual_handler():
    """A shell lets what it runs in the background ignore ^C, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("after", [0.0, 0.05, 0.3, 0.7, 1.2, 1.7])
def test_interrupted_while_torch_is_imported(after):
    with subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert b"Traceback" not in told
    assert b"terminate" not in told
    # Ended by the signal, which a shell gives as 130, or by the command line, or done before it came.
    assert process.returncode in (-signal.SIGINT, 130, 0)


def test_python_has_its_handler_again(monkeypatch):
    seen = []
    monkeypatch.setattr(cli, "main", lambda: seen.append(signal.getsignal(signal.SIGINT)) or 7)
    assert styletools_command.main() == 7
    assert seen == [signal.default_int_handler]


def test_what_is_ignored_stays_ignored(monkeypatch):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setattr(cli, "main", lambda: 0)
    assert styletools_command.main() == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_interrupted_outside_of_a_command(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    assert styletools_command.main() == 130
