from __future__ import annotations

import inspect
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

import styletools as st
from styletools import cli, options, output, servers
from styletools.cli import main

QUICK = ["--size", "64", "--steps", "2", "--quiet"]


def run(*arguments: str) -> int:
    try:
        return main(list(arguments))
    except SystemExit as end:  # argparse
        return int(end.code or 0)


class TestTransfer:
    """styletools transfer CONTENT STYLE -o OUT."""

    def test_writes_what_the_recipe_makes(self, tmp_path, capsys):
        out = tmp_path / "out.png"
        assert run("transfer", "chelsea", "dots", "-o", str(out), *QUICK) == 0
        assert capsys.readouterr().out.strip() == str(out)
        result = st.transfer("chelsea", "dots", size=64, steps=2, progress=False)
        assert torch.equal(st.load_image(out), (result.image * 255).round() / 255)
        assert st.load_settings(out) == result.settings

    def test_every_option_arrives(self, tmp_path):
        out = tmp_path / "out.jpg"
        options = {
            "alpha": "2", "beta": "7", "tv": "0.5", "init": "content", "seed": "3", "pooling": "avg",
            "padding": "reflect", "weights": "random", "optimiser": "adam", "units": "literal",
            "style-size": "48", "device": "cpu",
            "precision": "bfloat16",
            "content-layers": "conv2_2", "style-layers": "conv1_1=0.3,conv2_1=0.7",
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        assert run("transfer", "chelsea", "dots", "-o", str(out), *QUICK, *words) == 0
        arguments = st.load_settings(out)["arguments"]
        assert arguments["content_layers"] == {"conv2_2": 1}
        assert arguments["style_layers"] == {"conv1_1": 0.3, "conv2_1": 0.7}
        for name in ("init", "pooling", "padding", "weights", "optimiser", "units", "precision", "device"):
            assert arguments[name] == options[name]
        for name in ("alpha", "beta", "tv", "seed"):
            assert arguments[name] == float(options[name])
        assert arguments["style_size"] == 48

    def test_every_control_arrives(self, tmp_path):
        out = tmp_path / "out.tif"
        words = ["--style-weights", "3,1", "--style-size", "64,48", "--colours", "histogram", "--bits", "16"]
        words += ["--style-layers", "conv3_1/conv1_1=1,conv2_1=2"]
        assert run("transfer", "chelsea", "dots", "scales", "-o", str(out), *QUICK, *words) == 0
        settings = st.load_settings(out)
        arguments = settings["arguments"]
        assert arguments["style"] == ["dots", "scales"]
        assert arguments["style_weights"] == [3.0, 1.0]
        assert arguments["style_size"] == [64, 48]
        assert arguments["style_layers"] == [{"conv3_1": 1.0}, {"conv1_1": 1.0, "conv2_1": 2.0}]
        assert arguments["colours"] == "histogram"
        assert settings["bits"] == 16

    def test_regions(self, tmp_path):
        out, masks = tmp_path / "out.png", []
        for number, style in enumerate(("dots", "scales")):
            masks.append(str(tmp_path / f"{number}.png"))
            Image.new("L", st.sample(style).size, (0, 255)[number]).save(masks[-1])
        halves = Image.new("L", st.sample("chelsea").size)
        halves.paste(255, (0, 0, 200, 300))
        halves.save(tmp_path / "halves.png")
        words = ["--content-mask", str(tmp_path / "halves.png"), "--style-mask", masks[0], "--style-mask", masks[1]]
        assert run("transfer", "chelsea", "dots", "scales", "-o", str(out), *QUICK, *words) == 0
        arguments = st.load_settings(out)["arguments"]
        assert arguments["content_mask"] == str(tmp_path / "halves.png")
        assert arguments["style_mask"] == masks

    def test_a_film_and_pictures_on_the_way(self, tmp_path, capsys):
        out, film, folder = tmp_path / "out.png", tmp_path / "film.gif", tmp_path / "steps"
        words = ["--film", str(film), "--snapshots", str(folder), "--every", "2"]
        arguments = ["--size", "64", "--steps", "4", "--quiet"]
        assert run("transfer", "chelsea", "dots", "-o", str(out), *arguments, *words) == 0
        assert capsys.readouterr().out.strip() == str(out)
        with Image.open(film) as frames:
            assert frames.size == (64, 43)
            assert frames.n_frames >= 5
            frames.seek(frames.n_frames - 1)
            last = st.load_image(frames.convert("RGB"))
        assert float((last - st.load_image(out)).abs().mean()) < 0.03
        assert [path.name for path in sorted(folder.iterdir())][:2] == ["step_0002.png", "step_0004.png"]

    def test_an_interrupted_run_has_its_film(self, tmp_path, monkeypatch, capsys):
        steps = []

        class Interrupting(output.FilmFile):
            def __call__(self, step):
                steps.append(step)
                super().__call__(step)
                if len(steps) == 3:
                    raise KeyboardInterrupt

        monkeypatch.setattr(output, "FilmFile", Interrupting)
        out, film = tmp_path / "out.png", tmp_path / "film.gif"
        words = ["-o", str(out), "--film", str(film), "--every", "1"]
        assert run("transfer", "chelsea", "dots", *words, "--size", "64", "--steps", "9", "--quiet") == 130
        assert st.load_settings(out)["stopped_after"] == 3
        with Image.open(film) as frames:
            assert 2 <= frames.n_frames <= 4

    def test_a_film_that_fails_costs_no_picture(self, tmp_path, monkeypatch, capsys):
        class Failing(output.Snapshots):
            def __call__(self, step):
                raise st.ImageError("cannot write step_0002.png: No space left on device")

        monkeypatch.setattr(output, "Snapshots", Failing)
        out = tmp_path / "out.png"
        words = ["-o", str(out), "--snapshots", str(tmp_path / "steps"), *QUICK]
        assert run("transfer", "chelsea", "dots", *words) == 0
        assert capsys.readouterr().err.count("--snapshots ends here: cannot write step_0002.png") == 1
        assert st.load_image(out).shape == (1, 3, 43, 64)

    def test_files_outside_the_repository(self, tmp_path):
        for name in ("coffee", "the_kiss"):
            st.sample(name).save(tmp_path / f"my {name}.jpg")
        words = [str(tmp_path / "my coffee.jpg"), str(tmp_path / "my the_kiss.jpg")]
        assert run("transfer", *words, "-o", str(tmp_path / "out.png"), *QUICK) == 0
        assert st.load_image(tmp_path / "out.png").shape == (1, 3, 43, 64)

    def test_progress_with_losses_and_time_left(self, tmp_path, capsys):
        assert run("transfer", "chelsea", "dots", "-o", str(tmp_path / "a.png"), "--size", "64", "--steps", "2") == 0
        bar = capsys.readouterr().err
        assert "transfer: 100%" in bar
        assert "64 × 43, content " in bar
        assert "<00:00" in bar  # time left


class TestReconstruct:
    """styletools reconstruct IMAGE --style … | --content …"""

    def test_a_texture_of_another_size_than_its_source(self, tmp_path, capsys):
        out = str(tmp_path / "out.png")
        assert run("reconstruct", "dots", "--style", "conv1_1", "--style-size", "32", "-o", out, *QUICK) == 0
        assert st.load_settings(out)["arguments"]["style_size"] == 32
        assert run("reconstruct", "dots", "--content", "conv1_1", "--style-size", "32", "-o", out, *QUICK) == 2
        assert "--style-size: the content of a picture has its own size" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("words", "known"), [("mean", "mean"), ("gram=2", {"gram": 2.0}), ("gram=2,mean=1", {"gram": 2.0, "mean": 1.0})]
    )
    def test_another_statistic(self, tmp_path, words, known):
        out = str(tmp_path / "out.png")
        assert run("reconstruct", "dots", "--style", "conv1_1", "--statistic", words, "-o", out, *QUICK) == 0
        assert st.load_settings(out)["arguments"]["statistic"] == known

    def test_another_statistic_of_content(self, tmp_path, capsys):
        out, option = str(tmp_path / "out.png"), ("--statistic", "self-similarity")
        assert run("reconstruct", "dots", "--content", "conv2_2", *option, "-o", out, *QUICK) == 0
        assert st.load_settings(out)["arguments"]["content_statistic"] == "self-similarity"
        assert run("reconstruct", "dots", "--style", "conv2_2", *option, "-o", out, *QUICK, "--force") == 2
        assert "statistic: expected one of" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("option", "layers", "recipe"),
        [("--content", "conv2_2", "reconstruct_content"), ("--style", "conv1_1,conv2_1", "reconstruct_style")],
    )
    def test_writes(self, tmp_path, option, layers, recipe):
        out = tmp_path / "out.png"
        assert run("reconstruct", "dots", option, layers, "-o", str(out), *QUICK) == 0
        settings = st.load_settings(out)
        assert settings["recipe"] == recipe
        result = getattr(st, recipe)("dots", layers.split(","), size=64, steps=2, progress=False)
        assert settings == result.settings  # the recipe's own defaults, its tv among them

    def test_one_of_the_two(self, capsys):
        assert run("reconstruct", "dots", "-o", "a.png") == 2
        assert "one of the arguments --content --style is required" in capsys.readouterr().err


class TestFolder:
    """styletools transfer FOLDER STYLE -o FOLDER"""

    @pytest.fixture
    def photographs(self, tmp_path):
        folder = tmp_path / "in"
        folder.mkdir()
        for name in ("coffee", "chelsea"):
            st.sample(name).save(folder / f"{name}.jpg")
        return folder

    def test_paints_every_picture_and_goes_on_where_it_was(self, photographs, tmp_path, capsys):
        words = ["transfer", str(photographs), "dots", "-o", str(tmp_path / "out"), *QUICK]
        assert run(*words) == 0
        made = [str(tmp_path / "out" / f"{name}.png") for name in ("chelsea", "coffee")]
        assert capsys.readouterr().out.splitlines() == made
        Path(made[0]).unlink()
        assert run(*words) == 0
        assert capsys.readouterr().out.splitlines() == [made[0], f"{made[1]} (done before)"]

    def test_one_that_cannot_be_read(self, photographs, tmp_path, capsys):
        (photographs / "broken.png").write_bytes(b"no picture")
        assert run("transfer", str(photographs), "dots", "-o", str(tmp_path / "out"), *QUICK) == 2
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 2
        assert "styletools: left out: " in err
        assert "broken.png" in err

    def test_an_empty_one(self, tmp_path, capsys):
        (tmp_path / "in").mkdir()
        assert run("transfer", str(tmp_path / "in"), "dots", "-o", str(tmp_path / "out"), *QUICK) == 2
        assert "holds no pictures" in capsys.readouterr().err

    def test_no_film_of_many(self, photographs, tmp_path, capsys):
        words = ["--film", str(tmp_path / "a.gif")]
        assert run("transfer", str(photographs), "dots", "-o", str(tmp_path / "out"), *QUICK, *words) == 2
        assert "--film: expected one photograph, got the folder" in capsys.readouterr().err


class TestRemake:
    """styletools remake PICTURE -o OUT"""

    @pytest.mark.parametrize("bits", ["8", "16"])
    def test_the_same_bytes(self, tmp_path, bits):
        first, again = tmp_path / "first.png", tmp_path / "again.png"
        assert run("transfer", "chelsea", "dots", "scales", "-o", str(first), "--bits", bits, *QUICK) == 0
        assert run("remake", str(first), "-o", str(again), "--quiet") == 0
        assert again.read_bytes() == first.read_bytes()

    def test_larger(self, tmp_path):
        first, again = tmp_path / "first.jpg", tmp_path / "again.png"
        assert run("transfer", "chelsea", "dots", "-o", str(first), *QUICK) == 0
        assert run("remake", str(first), "-o", str(again), "--size", "96", "--quiet") == 0
        assert st.load_image(again).shape == (1, 3, 64, 96)

    def test_what_is_not_as_it_was_is_said(self, tmp_path, capsys):
        st.sample("coffee").save(tmp_path / "mine.png")
        first = tmp_path / "first.png"
        assert run("transfer", str(tmp_path / "mine.png"), "dots", "-o", str(first), *QUICK) == 0
        st.sample("chelsea").save(tmp_path / "mine.png")
        assert run("remake", str(first), "-o", str(tmp_path / "again.png"), "--quiet") == 0
        assert "content is not the picture that it was: the picture will be another" in capsys.readouterr().err

    def test_errors(self, tmp_path, capsys):
        st.sample("coffee").save(tmp_path / "mine.png")
        assert run("remake", str(tmp_path / "mine.png"), "-o", str(tmp_path / "a.png")) == 2
        assert "holds no settings" in capsys.readouterr().err
        assert run("remake", "no.png", "-o", str(tmp_path / "a.png")) == 2
        assert "no such file: no.png" in capsys.readouterr().err


class TestHelp:
    """A screen at a time."""

    @pytest.mark.parametrize(
        "command", ["transfer", "reconstruct", "remake", "samples", "doctor", "lab", "studio", "book", ""]
    )
    def test_fits_a_screen(self, command, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        assert run(*command.split(), "--help") == 0
        lines = capsys.readouterr().out.splitlines()
        assert 3 <= len(lines) <= 24
        assert max(map(len, lines)) <= 80

    @pytest.mark.parametrize("topic", options.TOPICS)
    def test_of_a_topic(self, topic, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        assert run("transfer", "--help", topic) == 0
        text = capsys.readouterr().out
        assert options.TOPICS[topic].split()[0] in text
        assert len(text.splitlines()) <= 24

    def test_every_option_is_under_a_topic(self, capsys):
        """What argparse knows is what the topics show."""
        shown = ""
        for topic in ("", *options.TOPICS):
            run("transfer", "--help", *([topic] if topic else []))
            shown += capsys.readouterr().out
        parameters = inspect.signature(st.transfer).parameters.keys() - {
            "on_step",
            "progress",
            "coarse_to_fine",
            "state",
        }
        assert "--resume" in shown  # the state's
        for name in parameters - {"content", "style"}:
            assert f"--{name.replace('_', '-')}" in shown, name

    def test_an_unknown_topic(self, capsys):
        assert run("transfer", "--help", "brushes") == 2
        assert "expected a topic out of paintings, regions" in capsys.readouterr().err


class TestErrors:
    """One line on stderr, exit code 2, no traceback."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["transfer", "chelsae", "dots", "-o", "a.png"], "no such file: chelsae (did you mean chelsea?)"),
            (["transfer", "chelsea", "dots", "-o", "a.bmp"], "must end in .png, .jpg, .jpeg, .tif, .tiff"),
            (["transfer", "chelsea", "dots", "-o", "no/a.png"], "there is no folder no"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--size", "8"], "too few for conv4_2"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--size", "0"], "size: expected a whole number"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--size", "big"], "invalid int value: 'big'"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--alpha", "-1"], "alpha: expected a finite number"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-layers", "conv9_9"], "unknown layer 'conv9_9'"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-layers", "conv1_1=x"], "got 'conv1_1=x'"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-layers", "conv1_1=3,conv2_1"], "each layer once"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-layers", "conv1_1,conv1_1"], "each layer once"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--seed", "9" * 30], "seed: expected a whole number"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--device", "cpu:x"], "device: 'cpu:x' is not available"),
            (
                ["transfer", "chelsea", "dots", "-o", "a.png", "--tv", "-1"],
                "tv: expected a finite number ≥ 0, got -1.0",
            ),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-layers", ","], "at least one layer"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--statistic", "grams"], "statistic: expected one of"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--statistic", "gram=x"], "got 'gram=x'"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--statistic", "gram,gram"], "each statistic once"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--weights", "vgg12"], "weights 'vgg12': no such file"),
            (["transfer", "chelsea", "-o", "a.png"], "the following arguments are required: STYLE"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--bigger"], "unrecognized arguments: --bigger"),
            (["transfer", "chelsea", "dots", "-o", "a.jpg", "--bits", "16"], "a JPEG has 8 bits"),
            (
                ["transfer", "chelsea", "dots", "-o", "a.png", "--style-weights", "1,2"],
                "one for each painting, 1, got 2",
            ),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-weights", "x"], "numbers such as 3,1, got 'x'"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-size", "x"], "pixels such as 512 or 512,256"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--style-mask", "left"], "expected a content_mask"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--content-mask", "left=2"], "a number between 0 and 1"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--film", "a.avi"], "must end in .gif or .mp4"),
            (["transfer", "chelsea", "dots", "-o", "a.png", "--film", "a.gif", "--every", "0"], "--every: expected"),
            (
                ["transfer", "chelsea", "dots", "-o", "a.png", "--film", "a.gif", "--steps", "9999999", "--every", "1"],
                "--every",
            ),
            (["paint"], "invalid choice: 'paint'"),
            ([], "the following arguments are required: COMMAND"),
        ],
    )
    def test_one_line(self, words, message, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        quiet = ["--quiet"] if words[:1] == ["transfer"] else []
        assert run(*words, *quiet) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert err.startswith("styletools: ")
        assert message in err
        assert list(tmp_path.iterdir()) == []

    def test_a_bad_target_is_said_before_the_work(self, monkeypatch, capsys):
        monkeypatch.setattr(output.recipes.Plan, "run", lambda *args, **options: pytest.fail("worked first"))
        assert run("transfer", "chelsea", "dots", "-o", "a.bmp") == 2

    def test_nan_saves_the_best_picture(self, tmp_path, capsys):
        out = tmp_path / "a.png"
        words = ["--beta", "1e38", "--units", "literal", "--steps", "3", "--size", "64", "--quiet"]
        assert run("transfer", "chelsea", "dots", "-o", str(out), *words) == 2
        assert "The best picture so far is saved as" in capsys.readouterr().err
        assert st.load_settings(out)["arguments"]["beta"] == 1e38
        assert st.load_image(out).shape == (1, 3, 43, 64)

    def test_too_little_memory(self, monkeypatch, capsys):
        def allocate(*args, **options):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 10 TB")

        monkeypatch.setattr(output.recipes.Plan, "run", allocate)
        assert run("transfer", "chelsea", "dots", "-o", "a.png") == 2
        assert capsys.readouterr().err == (
            "styletools: not enough memory for a picture of this size; use a smaller --size\n"
        )

    def test_a_console_without_greek(self):
        command = [sys.executable, "-m", "styletools.cli", "transfer", "--help", "balance"]
        env = {**os.environ, "PYTHONIOENCODING": "cp1252"}
        done = subprocess.run(command, env=env, capture_output=True, check=True)
        assert b"the weight of the content" in done.stdout

    @pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
    def test_a_reader_who_leaves_early(self):
        command = f"{sys.executable} -m styletools.cli samples | true"
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr


class TestNothingIsLost:
    """A finished picture is saved, and no file is replaced without a word."""

    WORDS = ("transfer", "chelsea", "dots")

    @pytest.mark.skipif(sys.platform != "linux", reason="a file system without an encoding")
    def test_a_name_that_is_not_utf_8(self, tmp_path):
        name = os.fsdecode(b"caf\xe9.png")
        st.sample("coffee").save(tmp_path / name)
        for ending in ("png", "jpg", "tif"):
            out = tmp_path / f"{name}.out.{ending}"
            assert run("transfer", str(tmp_path / name), "dots", "-o", str(out), *QUICK) == 0
            assert st.load_settings(out)["arguments"]["content"] == str(tmp_path / name)
        assert run("remake", str(tmp_path / f"{name}.out.png"), "-o", str(tmp_path / "again.png"), "--quiet") == 0
        assert (tmp_path / "again.png").read_bytes() == (tmp_path / f"{name}.out.png").read_bytes()

    def test_an_existing_file_is_replaced_by_force_only(self, tmp_path, capsys, monkeypatch):
        out = tmp_path / "out.png"
        out.write_bytes(b"dear to me")
        with monkeypatch.context() as patch:
            patch.setattr(output.recipes.Plan, "run", lambda *_: pytest.fail("worked first"))
            assert run(*self.WORDS, "-o", str(out), *QUICK) == 2
        assert "exists; choose another name, or replace it with --force" in capsys.readouterr().err
        assert out.read_bytes() == b"dear to me"
        assert run(*self.WORDS, "-o", str(out), *QUICK, "--force") == 0
        assert st.load_image(out).shape == (1, 3, 43, 64)
        assert run("remake", str(out), "-o", str(tmp_path / "b.png"), "--quiet") == 0
        assert run("remake", str(out), "-o", str(tmp_path / "b.png"), "--quiet") == 2
        assert run("remake", str(out), "-o", str(tmp_path / "b.png"), "--quiet", "-f") == 0

    def test_not_the_photograph_itself(self, tmp_path, capsys, monkeypatch):
        photograph = tmp_path / "mine.png"
        st.sample("coffee").save(photograph)
        (tmp_path / "link.png").symlink_to(photograph)
        before = photograph.read_bytes()
        monkeypatch.chdir(tmp_path)
        for out in ("mine.png", f"../{tmp_path.name}/mine.png", "link.png"):
            for words in (("transfer", "mine.png", "dots"), ("transfer", "dots", "mine.png")):
                assert run(*words, "-o", out, *QUICK, "--force") == 2
                assert f"cannot write {out}: it is mine.png itself" in capsys.readouterr().err
        assert run("reconstruct", "mine.png", "--style", "conv1_1", "-o", "mine.png", *QUICK, "--force") == 2
        assert photograph.read_bytes() == before

    def test_what_fails_at_the_end_is_saved_elsewhere(self, tmp_path, monkeypatch, capsys):
        save = st.Result.save

        def full(result, path, bits=8):
            if tmp_path in Path(path).parents:
                raise st.ImageError(f"cannot write {path}: No space left on device")
            save(result, path, bits)

        monkeypatch.setattr(st.Result, "save", full)
        assert run(*self.WORDS, "-o", str(tmp_path / "out.png"), *QUICK) == 2
        out, err = capsys.readouterr()
        assert "No space left on device; it is saved as " in err
        spare = Path(out.strip())
        assert str(spare) in err
        assert st.load_image(spare).shape == (1, 3, 43, 64)
        shutil.rmtree(spare.parent)

    def test_interrupted_in_the_save(self, tmp_path, monkeypatch, request):
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
        save = st.Result.save

        def slow(result, path, bits=8):
            signal.raise_signal(signal.SIGINT)
            save(result, path, bits)

        monkeypatch.setattr(st.Result, "save", slow)
        assert run(*self.WORDS, "-o", str(tmp_path / "out.png"), *QUICK) == 0
        assert st.load_image(tmp_path / "out.png").shape == (1, 3, 43, 64)

    def test_a_folder_is_not_painted_over(self, tmp_path, capsys):
        (tmp_path / "in").mkdir()
        st.sample("coffee").save(tmp_path / "in" / "coffee.png")
        words = ["transfer", str(tmp_path / "in"), "-o", str(tmp_path / "out"), *QUICK]
        assert run(*words[:2], "dots", *words[2:]) == 0
        assert run(*words[:2], "scales", *words[2:]) == 2
        assert "exists; choose another name, or replace it with --force" in capsys.readouterr().err
        assert run(*words[:2], "scales", *words[2:], "--force") == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
    @pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)])
    def test_a_server_that_ends_and_a_terminal_that_closes(self, tmp_path, number, request):
        out = tmp_path / "a.png"
        command = [sys.executable, "-m", "styletools.cli", *self.WORDS, "-o", str(out), "--size", "64"]
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        request.addfinalizer(lambda: signal.signal(signal.SIGHUP, before))
        with subprocess.Popen([*command, "--steps", "100000"], stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            seen = b""
            while b"content" not in seen:  # the bar shows a first step
                seen += os.read(process.stderr.fileno(), 4096)
            process.send_signal(number)
            _, rest = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert b"interrupted; the best picture so far is saved" in rest
        assert st.load_settings(out)["stopped_after"] > 0


class TestInterrupted:
    """^C in a real process."""

    @pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
    def test_saves_what_there_is(self, request, tmp_path):
        out = tmp_path / "a.png"
        command = [
            sys.executable,
            "-m",
            "styletools.cli",
            "transfer",
            "chelsea",
            "dots",
            "-o",
            str(out),
            "--size",
            "64",
        ]
        # A shell lets what it runs in the background ignore ^C, and children inherit that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
        with subprocess.Popen(
            [*command, "--steps", "100000"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            seen = b""
            while b"content" not in seen:  # the bar shows a first step
                seen += os.read(process.stderr.fileno(), 4096)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            _, rest = process.communicate(timeout=60)
        assert process.returncode == 130
        assert b"interrupted; the best picture so far is saved" in rest
        assert b"Traceback" not in rest
        assert st.load_image(out).shape == (1, 3, 43, 64)

    @pytest.mark.parametrize(("words", "code"), [((), 130), ((15,), 143)])
    def test_before_there_is_a_picture(self, words, code, monkeypatch, capsys, tmp_path):
        def interrupt(*args, **options):
            raise KeyboardInterrupt(*words)

        monkeypatch.setattr(output.recipes.Plan, "run", interrupt)
        assert run("transfer", "chelsea", "dots", "-o", str(tmp_path / "a.png")) == code
        assert "nothing is saved" in capsys.readouterr().err


class TestOthers:
    """samples, doctor, lab, --version, --help."""

    def test_samples(self, capsys, tmp_path):
        assert run("samples") == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(st.SAMPLES) + len(st.PROCEDURAL)
        assert any("china" in line and "danielbuechele" in line for line in lines)
        assert run("samples", "--save", str(tmp_path / "new")) == 0
        assert len(list((tmp_path / "new").glob("*.png"))) == len(lines)
        (tmp_path / "file").write_text("")
        assert run("samples", "--save", str(tmp_path / "file")) == 2
        assert "cannot write to" in capsys.readouterr().err

    def test_doctor(self, capsys):
        code = run("doctor")
        out = capsys.readouterr().out
        assert "bundled VGG-16" in out
        assert code == (1 if "BAD" in out else 0)

    def test_lab_opens_the_notebooks(self, monkeypatch, tmp_path, capfd):
        """A module in JupyterLab's place, which says where and how it was started and survives a ^C."""
        program = "import os, signal, sys; print(os.getcwd(), sys.argv[1:], flush=True)\n"
        program += "signal.signal(signal.SIGINT, lambda *_: None); os.kill(os.getppid(), signal.SIGINT)\n"
        program += "import time; time.sleep(1); print('ended by itself', flush=True)"
        (tmp_path / "jupyterlab.py").write_text(program)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert run("lab", "--no-browser") == 0
        out = capfd.readouterr().out
        root = Path(cli.__file__).parent.parent
        assert out.startswith(f"{root / 'notebooks'} ['--ServerApp.root_dir={root}', ")
        assert "'--no-browser']" in out
        assert "ended by itself" in out
        assert (Path(cli.__file__).parent.parent / "notebooks" / "00_start_here.ipynb").exists()

    def test_lab_without_jupyterlab_or_notebooks(self, monkeypatch, capsys, tmp_path):
        monkeypatch.setattr(servers, "find_spec", lambda name: None)
        assert run("lab") == 2
        assert 'pip install "styletools[lab]"' in capsys.readouterr().err
        monkeypatch.setattr(st, "__file__", str(tmp_path / "styletools" / "__init__.py"))
        assert run("lab") == 2
        assert "clone the repository" in capsys.readouterr().err

    def test_lab_without_a_clone_copies_the_course(self, monkeypatch, tmp_path, capfd):
        """As a wheel has it: below the package. What a reader has changed stays."""
        root = Path(cli.__file__).parent.parent
        package = tmp_path / "site" / "styletools"
        (package / "data" / "course").mkdir(parents=True)
        for name in ("notebooks", "docs"):
            (package / "data" / "course" / name).symlink_to(root / name)
        (tmp_path / "jupyterlab.py").write_text("import os, sys; print(os.getcwd(), sys.argv[1:], flush=True)")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(st, "__file__", str(package / "__init__.py"))
        monkeypatch.setattr(servers, "__file__", str(package / "servers.py"))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mine" / "notebooks").mkdir(parents=True)
        mine = tmp_path / "mine" / "notebooks" / "03_gram_matrix.ipynb"
        mine.write_text("mine")
        assert run("lab", "--folder", "mine") == 0
        assert f"{mine.parent} ['--ServerApp.root_dir={tmp_path / 'mine'}'" in capfd.readouterr().out
        assert mine.read_text() == "mine"
        assert (tmp_path / "mine" / "docs" / "diagrams" / "method.png").exists()
        assert len(list(mine.parent.glob("*.ipynb"))) == 12
        monkeypatch.chdir(tmp_path)
        (tmp_path / "file").write_text("")
        assert run("lab", "--folder", "file") == 2
        assert "cannot copy the course" in capfd.readouterr().err

    def test_studio_serves_its_page_to_this_machine_only(self, monkeypatch, tmp_path, capfd):
        (tmp_path / "voila.py").write_text("import sys; print(sys.argv[1:])")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        assert run("studio", "--port", "8899") == 0
        out = capfd.readouterr().out
        assert "studio.ipynb" in out
        assert "'--Voila.ip=127.0.0.1'" in out
        assert "'--port', '8899'" in out
        assert "token" not in out
        assert run("studio", "--Voila.ip=0.0.0.0") == 0
        assert "127.0.0.1" not in capfd.readouterr().out

    def test_studio_for_a_group_has_a_token_and_limits(self, monkeypatch, tmp_path, capfd):
        names = "STYLETOOLS_STUDIO_LARGEST", "STYLETOOLS_STUDIO_AT_ONCE", "STYLETOOLS_STUDIO_QUEUE"
        show = f"import os, sys; print(sys.argv[1:], [os.environ.get(name) for name in {names}])"
        (tmp_path / "voila.py").write_text(show)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        for name in names:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 6)
        for words, token, limits in (
            ((), False, "[None, None, "),
            (("--largest", "300"), False, "['300', None, "),
            (("--Voila.ip=0.0.0.0",), True, "['512', '3', "),
            (("--Voila.ip=0.0.0.0", "--at-once", "1", "--largest", "256"), True, "['256', '1', "),
            (("--Voila.ip=0.0.0.0", "--token=mine"), False, "['512', '3', "),
            (("--Voila.ip=localhost",), False, "[None, None, "),
        ):
            assert run("studio", *words) == 0
            out = capfd.readouterr().out
            assert ("'--Voila.auto_token=True'" in out) == token, words
            assert limits in out
            assert ("for a group" in out) == ("0.0.0.0" in str(words))
        for word in ("--largest", "--at-once"):
            assert run("studio", word, "0") == 2
            assert f"{word}: expected a whole number ≥ 1, got 0" in capfd.readouterr().err

    def test_studio_without_voila(self, monkeypatch, capsys):
        monkeypatch.setattr(servers, "find_spec", lambda name: None)
        assert run("studio") == 2
        assert 'pip install "styletools[lab]"' in capsys.readouterr().err

    def test_version_and_help(self, capsys):
        assert run("--version") == 0
        assert st.__version__ in capsys.readouterr().out
        for command in ("transfer", "reconstruct", "remake", "samples", "doctor", "lab", "studio", "book"):
            assert run(command, "--help") == 0
            assert command in capsys.readouterr().out

    def test_is_installed_as_a_command(self):
        script = shutil.which("styletools", path=str(Path(sys.executable).parent))
        assert script is not None
        done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
        assert st.__version__ in done.stdout


class TestManyPhotographs:
    """styletools transfer PHOTOGRAPH … PAINTING -o FOLDER, --each, --workers."""

    def test_where_out_is_a_folder_the_last_word_is_the_painting(self, tmp_path, capsys):
        out = tmp_path / "out"
        assert run("transfer", "chelsea", "china", "dots", "-o", f"{out}/", *QUICK) == 0
        assert sorted(path.name for path in out.iterdir()) == ["chelsea.png", "china.png"]
        assert st.load_settings(out / "china.png")["arguments"]["style"] == "dots"
        assert "1 of 2: chelsea, dots" in capsys.readouterr().err
        assert run("transfer", "chelsea", "china", "dots", "-o", str(out), *QUICK) == 0
        assert capsys.readouterr().out.count("done before") == 2

    def test_where_out_is_a_file_several_are_blended_as_ever(self, tmp_path):
        assert run("transfer", "chelsea", "china", "dots", "-o", str(tmp_path / "a.png"), *QUICK) == 0
        assert st.load_settings(tmp_path / "a.png")["arguments"]["style"] == ["china", "dots"]

    def test_each_painting_by_itself(self, tmp_path):
        out = tmp_path / "out"
        assert run("transfer", "chelsea", "--each", "dots", "scales", "-o", str(out), *QUICK) == 0
        assert sorted(path.name for path in out.iterdir()) == ["chelsea_dots.png", "chelsea_scales.png"]

    def test_one_that_fails_stops_no_other(self, tmp_path, monkeypatch, capsys):
        real = cli.Job.run

        def broken(job, on_step=None):
            if job.photograph.name == "chelsea":
                raise st.SynthesisError("step 3: the loss is NaN", st.white_noise(4, 4), 3)
            return real(job, on_step)

        monkeypatch.setattr(cli.Job, "run", broken)
        assert run("transfer", "chelsea", "china", "dots", "-o", str(tmp_path / "out"), *QUICK) == 2
        assert "failed: chelsea, dots: step 3: the loss is NaN" in capsys.readouterr().err
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["china.png"]

    def test_workers_are_for_many(self, tmp_path, capsys):
        assert run("transfer", "chelsea", "dots", "-o", str(tmp_path / "a.png"), "--workers", "2", *QUICK) == 2
        assert "--workers: expected many photographs" in capsys.readouterr().err

    @pytest.mark.slow
    @pytest.mark.skipif(sys.platform == "win32", reason="processes are started in another way")
    @pytest.mark.filterwarnings("ignore")
    def test_on_workers(self, tmp_path, capsys):
        out = tmp_path / "out"
        words = ["chelsea", "china", "dots", "-o", str(out), "--workers", "2", *QUICK]
        assert run("transfer", *words) == 0
        assert capsys.readouterr().out.split() == [str(out / "chelsea.png"), str(out / "china.png")]
        assert run("transfer", *words) == 0
        assert capsys.readouterr().out.count("done before") == 2


class TestSweep:
    """styletools sweep PLAN -o FOLDER."""

    PLAN = """
recipe = "transfer"
measures = false
[fixed]
content = "chelsea"
size = 48
steps = 1
[vary]
style = ["dots", "scales"]
"""

    def test_makes_them_and_says_so(self, tmp_path, capsys):
        (tmp_path / "plan.toml").write_text(self.PLAN)
        words = ["sweep", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "out"), "--workers", "0", "--quiet"]
        assert run(*words, "--dry-run") == 0
        assert "2 runs, 2 left: about" in capsys.readouterr().out
        assert not (tmp_path / "out").exists()
        assert run(*words) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'out'}: 2 made, 0 done before, 0 failed\n"
        assert run(*words) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'out'}: 0 made, 2 done before, 0 failed\n"

    def test_an_error_in_the_plan_is_one_line(self, tmp_path, capsys):
        (tmp_path / "plan.toml").write_text(self.PLAN.replace("style =", "stlye ="))
        assert run("sweep", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "out")) == 2
        assert capsys.readouterr().err.strip() == (
            "styletools: vary.stlye: transfer has no such argument; did you mean 'style'?"
        )

    def test_failures_end_it_with_2_and_can_be_tried_again(self, tmp_path, capsys, monkeypatch):
        from styletools.sweeps import make

        (tmp_path / "plan.toml").write_text(self.PLAN)
        words = ["sweep", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "out"), "--workers", "0", "--quiet"]
        real = make._make

        def broken(run):
            if run.arguments["style"] == "dots":
                raise st.SynthesisError("step 3: the loss is NaN", st.white_noise(4, 4), 3)
            real(run)

        monkeypatch.setattr(make, "_make", broken)
        for made, found in ((1, 0), (0, 1)):
            assert run(*words) == 2
            told = capsys.readouterr()
            assert f"{made} made, {found} done before, 1 failed" in told.out
            assert "step 3: the loss is NaN" in told.err
            assert "--retry" in told.err
        monkeypatch.setattr(make, "_make", real)
        assert run(*words, "--retry") == 0
        assert "1 made, 1 done before, 0 failed" in capsys.readouterr().out

    def test_an_interrupt_keeps_what_is_made(self, tmp_path, capsys, monkeypatch):
        from styletools.sweeps import make

        (tmp_path / "plan.toml").write_text(self.PLAN)
        words = ["sweep", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "out"), "--workers", "0", "--quiet"]
        real = make._make

        def interrupted(run):
            if run.arguments["style"] == "scales":
                signal.raise_signal(signal.SIGTERM)
            real(run)

        monkeypatch.setattr(make, "_make", interrupted)
        assert run(*words) == 128 + signal.SIGTERM
        assert "interrupted; what is made is kept, and the same command goes on" in capsys.readouterr().err
        monkeypatch.setattr(make, "_make", real)
        assert run(*words) == 0
        assert "1 made, 1 done before" in capsys.readouterr().out
