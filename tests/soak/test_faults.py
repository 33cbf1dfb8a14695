"""Faults at random moments and at every place: the old file or the new one is there, whole, and nothing else.

A process that has imported everything makes a child for each run: a run takes a second, not five.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from amount import FULL, report

import styletools as st
from styletools.film import FilmFile
from styletools.pictures import saving

MOMENTS = 60 if FULL else 5
BYTES = 200 if FULL else 12
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals, and forks")

# Reads a line with the words of a command, forks, and says first the child's number, then how it ended.
NURSERY = """
import os, signal, sys
import torch
torch.set_num_threads(1)
from styletools import cli
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        told = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(told, 1)
        os.dup2(told, 2)
        code = 255
        try:
            code = cli.main(line.split())
        except KeyboardInterrupt as interrupt:  # in the moments that styletools_command guards
            code = 128 + (interrupt.args[0] if interrupt.args else 2)
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    told = tmp_path_factory.mktemp("nursery") / "told"
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY, told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.told = told
        yield process
        assert process.stdin is not None
        process.stdin.close()


def run(nursery, words, number=None, after=0.0):
    """The exit code of a command, to which a signal was sent after some time."""
    nursery.stdin.write(" ".join(map(str, words)) + "\n")
    nursery.stdin.flush()
    child = int(nursery.stdout.readline())
    if number is not None:
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):  # it was quicker
            os.kill(child, number)
    return int(nursery.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_at_any_moment(number, nursery, tmp_path):
    chance, old, new, none, resumed = random.Random(int(number)), 0, 0, 0, 0
    plain = ["transfer", "chelsea", "dots", "--size", "48", "--steps", "4", "--quiet"]
    began = time.perf_counter()
    assert run(nursery, [*plain, "-o", tmp_path / "trial.png"]) == 0
    longest = time.perf_counter() - began
    whole = st.load_image(tmp_path / "trial.png")
    (tmp_path / "trial.png").unlink()
    for moment in range(MOMENTS):
        out, there = tmp_path / "a.png", moment % 2 == 0
        before = b""
        if there:
            st.save_image(st.white_noise(8, 8, moment), out)
            before = out.read_bytes()
        code = run(nursery, [*plain, "-f", "-o", out], number, chance.uniform(0, 1.2 * longest))
        assert code in (0, -number, 128 + number), nursery.told.read_text()
        state = tmp_path / "a.png.state"  # of a run that was cut short, to go on from; whole, too
        kept = state.read_bytes() if state.exists() else None
        state.unlink(missing_ok=True)
        left = [path.name for path in tmp_path.iterdir()]
        assert left in ([], ["a.png"])
        assert left or not there
        if left and out.read_bytes() != before:
            assert st.load_image(out).shape == (1, 3, 32, 48)
            settings = st.load_settings(out)
            assert (code == 0) == ("stopped_after" not in settings) or number == signal.SIGKILL
            new += 1
        else:
            assert code != 0
            old, none = old + there, none + (not there)
        if kept is not None:  # even before the first step
            state.write_bytes(kept)
            assert run(nursery, [*plain, "-f", "-o", out]) == 0, nursery.told.read_text()
            assert torch.equal(st.load_image(out), whole)
            assert not state.exists()
            resumed += 1
        out.unlink(missing_ok=True)
    found = f"{new} new pictures, {old} old ones, {none} times none, {resumed} resumed"
    report(f"{signal.Signals(number).name}: {MOMENTS} moments, {found}")


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "gif"])
def test_the_disk_is_full_at_every_byte(ending, tmp_path, monkeypatch):
    """A limit on a file's size ends a write where a full disk does."""
    resource = pytest.importorskip("resource")
    out = tmp_path / f"a.{ending}"
    image = st.white_noise(24, 24)
    monkeypatch.setattr(saving, "check_writable", lambda *_: None)  # which would find out before

    def save():
        if ending == "gif":
            with FilmFile(out, height=24, width=24) as film:
                film.add(image)
        else:
            st.save_image(image, out, {"recipe": "transfer"})

    save()
    before = out.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for most in sorted({0, 1, len(before) - 1, *random.Random(0).sample(range(len(before)), BYTES)}):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
            with pytest.raises((st.StyletoolsError, OSError), match=r"large|space|cannot write"):
                save()
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert out.read_bytes() == before
            assert [path.name for path in tmp_path.iterdir()] == [out.name]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, heard)
    report(f"full disk, {ending}: {BYTES} places, the old file each time")
