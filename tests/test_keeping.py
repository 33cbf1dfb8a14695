"""A run in one file: what is gone on from is what was left, whole, and nothing else."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from functools import wraps
from pathlib import Path

import pytest
import torch

import styletools as st
from styletools import InputError, files, keeping
from styletools.cli import main

OPTIONS = {"size": 64, "steps": 4, "progress": False, "precision": "full"}


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch):
    monkeypatch.setattr(keeping, "EVERY", 0.0)


def cut_at(number):
    return lambda step: step.number == number


@pytest.mark.parametrize("options", [{}, {"optimiser": "adam"}, {"block": 32}, {"block": "48/pool2", "minutes": 60.0}])
@pytest.mark.parametrize("number", [2, 4, 7])  # within a stage, at its end, in the next one
def test_the_same_picture_as_without_a_break(options, number, tmp_path):
    whole = st.transfer("chelsea", "dots", **OPTIONS, **{**options, "minutes": None})
    state = tmp_path / "run.state"
    options = {**OPTIONS, **options, "state": state}
    part = st.transfer("chelsea", "dots", **options, on_step=cut_at(number))
    assert part.interrupted
    steps = []
    rest = st.transfer("chelsea", "dots", **options, on_step=lambda step: steps.append(step.number))
    assert steps[0] == number + 1
    assert torch.equal(rest.image, whole.image)
    assert rest.history["total"] == whole.history["total"]
    assert "stopped_after" not in rest.settings
    again = st.transfer("chelsea", "dots", **options, on_step=lambda _: pytest.fail("a step too many"))
    assert torch.equal(again.image, whole.image)


def test_what_a_killed_save_left_is_removed(tmp_path):
    left = files._part(tmp_path / "run.state")
    left.write_bytes(b"complete, but without its name")
    st.transfer("chelsea", "dots", **OPTIONS, state=tmp_path / "run.state", on_step=cut_at(1))
    assert [path.name for path in tmp_path.iterdir()] == ["run.state"]


def test_what_was_decided_stays(tmp_path, monkeypatch):
    """With another measured speed, or other free memory, the rest of the run is as it was planned."""
    from styletools import plan

    options = {**OPTIONS, "minutes": 5.0, "state": tmp_path / "run.state"}
    monkeypatch.setattr(plan, "seconds_per_megapixel", lambda *_: 1e-3)
    first = st.transfer("chelsea", "dots", **options, on_step=cut_at(2))
    monkeypatch.setattr(plan, "seconds_per_megapixel", lambda *_: pytest.fail("measured again"))
    second = st.transfer("chelsea", "dots", **options)
    assert first.settings["stages"] == second.settings["stages"]
    assert second.settings["arguments"]["steps"] == [4, 4, 4]
    assert second.settings["arguments"]["minutes"] is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"size": 65}, "whose arguments size was 64 and is now 65"),
        ({"beta": 9.0}, "whose arguments beta was 7.0 and is now 9.0"),
        ({"content": "astronaut"}, "whose arguments content was 'chelsea' and is now 'astronaut'"),
    ],
)
def test_another_picture_is_not_gone_on_from(changed, message, tmp_path):
    options = {"content": "chelsea", "style": "dots", **OPTIONS, "state": tmp_path / "run.state"}
    st.transfer(**options, on_step=cut_at(2))
    with pytest.raises(InputError, match=f"run.state: it is of another picture, {message}; delete it"):
        st.transfer(**{**options, **changed})


def test_a_file_that_has_changed_since(tmp_path):
    st.sample("chelsea").save(tmp_path / "a.png")
    options = {**OPTIONS, "state": tmp_path / "run.state"}
    st.transfer(tmp_path / "a.png", "dots", **options, on_step=cut_at(2))
    st.sample("astronaut").resize((300, 200)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="another picture, whose pictures content was"):
        st.transfer(tmp_path / "a.png", "dots", **options)


def test_damaged_states_say_so(tmp_path):
    state = tmp_path / "run.state"
    options = {**OPTIONS, "state": state}
    st.transfer("chelsea", "dots", **options, on_step=cut_at(2))
    whole = state.read_bytes()
    generator = random.Random(0)
    damaged = [b"", b"hello", whole[: len(whole) // 2], whole[:-1], st.sample("chelsea").tobytes()]
    for _ in range(30):
        flipped = bytearray(whole)
        flipped[generator.randrange(len(whole))] ^= 0x10
        damaged.append(bytes(flipped))
    refused = 0
    kept = keeping.Keeping(state, {})
    for content in damaged:
        state.write_bytes(content)
        try:
            kept.load()
        except InputError as error:
            refused += "\n" not in str(error) and ("damaged" in str(error) or "another picture" in str(error))
    assert refused == len(damaged)
    with pytest.raises(InputError, match=r"run.state: damaged, or not a state of this program .*; delete it"):
        st.transfer("chelsea", "dots", **options)


def test_a_disk_that_is_full_does_not_end_the_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping, "write_whole", full)
    with pytest.warns(UserWarning, match=r"run.state: cannot be written \(No space left"):
        result = st.transfer("chelsea", "dots", **OPTIONS, state=tmp_path / "run.state")
    assert not result.interrupted


WORDS = ["--size", "64", "--steps", "6", "--quiet", "--precision", "full"]
PROGRAM = """
import sys
from styletools import cli, keeping
keeping.EVERY = 0.0
sys.exit(cli.main(sys.argv[1:]))
"""


def command(output):
    return [sys.executable, "-c", PROGRAM, "transfer", "chelsea", "dots", "-o", str(output), *WORDS]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_at_random_moments(tmp_path):
    """Again and again, until it is done: no step that was kept is made twice, and the picture is the same."""
    assert main(["transfer", "chelsea", "dots", "-o", str(tmp_path / "whole.png"), *WORDS]) == 0
    output, generator, killed, reached = tmp_path / "out.png", random.Random(1), 0, 0
    state = tmp_path / "out.png.state"
    for _ in range(40):
        process = subprocess.Popen(command(output), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        while process.poll() is None and not state.exists() and time.monotonic() - began < 120:
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 0.5))
        if process.poll() is not None:
            break
        before = reached
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
        found = torch.load(state, weights_only=True)["synthesis"]  # whole, whenever it was killed
        reached = sum(found["done"])
        assert reached >= before
        if reached >= 15:
            break
    assert killed >= 1
    assert subprocess.run(command(output), check=False, capture_output=True).returncode == 0
    assert not state.exists()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["out.png", "whole.png"]
    assert torch.equal(st.load_image(output), st.load_image(tmp_path / "whole.png"))


def test_the_command_goes_on_by_itself(tmp_path, capsys, monkeypatch):
    output = tmp_path / "out.png"
    words = ["transfer", "chelsea", "dots", "-o", str(output), *WORDS]
    options = {"size": 64, "steps": 6, "progress": False, "precision": "full"}
    assert main(words) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert main(words) == 2  # it is there
    assert "exists" in capsys.readouterr().err
    from styletools import recipes

    real = recipes.transfer
    with monkeypatch.context() as patch:
        cut = wraps(real)(lambda *a, **o: real(*a, **{**o, "on_step": cut_at(3)}))
        patch.setattr(recipes, "transfer", cut)
        assert main([*words, "--force"]) == 130
    said = capsys.readouterr().err
    assert f"the same command goes on from {output}.state" in said
    assert main(words) == 0  # in place of the unfinished picture, unasked
    assert f"going on from {output}.state" in capsys.readouterr().err
    assert torch.equal(st.load_image(output), st.transfer("chelsea", "dots", **options).image.mul(255).round() / 255)
    Path(f"{output}.state").write_text("nonsense")
    assert main([*words, "--force"]) == 2
    assert "damaged" in capsys.readouterr().err


def test_a_named_state(tmp_path):
    state = tmp_path / "run.state"
    st.transfer("chelsea", "dots", **OPTIONS, state=state, on_step=cut_at(2))
    words = ["--size", "64", "--steps", "4", "--quiet", "--precision", "full"]
    assert main(["transfer", "chelsea", "dots", "-o", str(tmp_path / "o.png"), *words, "--resume", str(state)]) == 0
    assert not state.exists()


def test_steps_in_the_command(tmp_path):
    words = ["transfer", "chelsea", "dots", "-o", str(tmp_path / "o.png"), "--size", "48", "--quiet", "--block", "32"]
    assert main([*words, "--steps", "2,1"]) == 2  # three sizes
    assert main([*words, "--steps", "2,1,1", "--minutes", "30"]) == 0
    settings = st.load_settings(tmp_path / "o.png")
    assert [stage["steps"] for stage in settings["stages"]] == [2, 1, 1]
    assert settings["arguments"]["block"] == "32"


def test_a_state_that_cannot_be_written_is_said_before_the_work(tmp_path):
    for state in (tmp_path / "none" / "run.state", tmp_path):
        with pytest.raises(InputError, match=r"state .*: cannot be written"):
            st.transfer("chelsea", "dots", **OPTIONS, state=state, on_step=lambda _: pytest.fail("a step"))
