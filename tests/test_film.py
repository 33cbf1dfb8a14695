from __future__ import annotations

import gc
import io
import os
import stat
import sys
import threading
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image

import styletools as st
from styletools import film as films
from styletools.descent.synthesis import Stage, Step, Synthesis
from styletools.film import MOST_BYTES, Film, FilmFile, Snapshots, check_film

SIZE = {"height": 48, "width": 64}
RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 0.6, 0.2), (0.1, 0.2, 0.9)
# An ffmpeg that ended by itself, as at the end of a film that is read, leaves its pipes to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
ENDINGS = pytest.mark.parametrize("ending", [".gif", ".mp4"])


def plain(colour, height=48, width=64):
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width).clone()


def grey(value, height=48, width=64):
    return plain((value, value, value), height, width)


def add_three(film, height, width):
    for _ in range(3):
        film.add(torch.rand(1, 3, height, width))


def step(number, image):
    return Step(number, number, {"total": 0.0}, 0.0, 0.0, image)


def decoded(path):
    """The frames, (N, H, W, 3), and how many milliseconds each stands."""
    if path.suffix == ".gif":
        frames, times = [], []
        with Image.open(path) as gif:
            for index in range(gif.n_frames):
                gif.seek(index)
                frames.append(np.asarray(gif.convert("RGB")).astype(float))
                times.append(gif.info["duration"])
        return np.stack(frames), times
    stream = imageio_ffmpeg.read_frames(path)
    about = next(stream)
    width, height = about["size"]
    frames = [np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(float) for data in stream]
    return np.stack(frames), [1000 / about["fps"]] * len(frames)


def shades(path):
    """The mean of each frame, in [0, 1]; of an .mp4 without the frames that only hold the last one."""
    frames, times = decoded(path)
    if path.suffix == ".mp4":
        frames = frames[: len(frames) - (round(2000 / times[0]) - 1)]
    return frames.mean(axis=(1, 2, 3)) / 255


def fresh(folder):
    """What is in a folder, hidden files too."""
    return sorted(os.listdir(folder))


@pytest.fixture(autouse=True)
def _collect():
    yield
    gc.collect()


@pytest.fixture
def encoder(tmp_path, monkeypatch):
    """Put another program in the place of ffmpeg: what is given, then ffmpeg itself."""
    if sys.platform == "win32":
        pytest.skip("the program is a shell script")

    def put(lines):
        program = tmp_path / "programs" / "ffmpeg"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\n{lines}\nexec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"\n', encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))

    return put


class TestFilm:
    """In memory, for the studio."""

    def test_keeps_frames_of_the_whole_run(self):
        film = Film(most=8)
        for value in torch.linspace(0, 1, 200):
            film.add(value.expand(1, 3, 4, 4))
        frames = Image.open(io.BytesIO(film.gif()))
        assert len(film) <= 8
        shades = []
        for index in range(frames.n_frames):
            frames.seek(index)
            shades.append(np.asarray(frames.convert("L")).mean())
        assert shades == sorted(shades)
        assert shades[0] < 10
        assert shades[-1] > 170
        film.add(torch.rand(1, 3, 500, 1000))
        assert Image.open(io.BytesIO(film.gif())).size == (320, 160)

    def test_without_a_frame(self):
        with pytest.raises(st.InputError, match="film: expected at least one frame"):
            Film().gif()

    def test_a_smooth_sky_has_no_bands_and_a_night_keeps_its_lights(self):
        """Seen from where single pixels are not: bands, and colours that are lost, are there still."""
        down, across = torch.meshgrid(torch.linspace(0, 1, 128), torch.linspace(0, 1, 128), indexing="ij")
        sky = torch.stack([0.35 + 0.5 * down, 0.55 + 0.3 * down + 0.05 * across, 0.85 - 0.15 * down])[None]
        for image, side, bound in ((sky, 8, 5), (st.load_image("starry_night", 256), 4, 10)):
            film = Film()
            film.add(image)
            seen = torch.nn.functional.avg_pool2d(st.load_image(film.gif()) - image, side, 1)
            assert seen[..., ::side, ::side].abs().max() < bound / 255


class TestFilmFile:
    """As a file, of either kind."""

    @ENDINGS
    def test_takes_the_first_step_every_kth_and_the_last(self, tmp_path, ending):
        path = tmp_path / f"run{ending}"
        with FilmFile(path, **SIZE, every=3) as film:
            for number in range(1, 12):
                assert film(step(number, grey(number / 20))) is None
        np.testing.assert_allclose(shades(path) * 20, [1, 4, 7, 10, 11], atol=0.15)

    @ENDINGS
    def test_a_picture_at_the_end_takes_the_place_of_a_step_that_waits(self, tmp_path, ending):
        path = tmp_path / f"run{ending}"
        with FilmFile(path, **SIZE, every=3) as film:
            for number in (1, 2, 3):
                film(step(number, grey(number / 10)))
            film.add(grey(0.9))
        np.testing.assert_allclose(shades(path), [0.1, 0.9], atol=0.01)

    @ENDINGS
    def test_size_times_and_colours(self, tmp_path, ending):
        path = tmp_path / f"run{ending.upper()}"
        with FilmFile(path, **SIZE, per_second=10) as film:
            for colour in (RED, GREEN, BLUE):
                film.add(plain(colour))
        frames, times = decoded(path.rename(tmp_path / f"run{ending}"))
        assert frames.shape[1:] == (48, 64, 3)
        assert times == ([100, 100, 2000] if ending == ".gif" else [100.0] * 22)
        for index, colour in enumerate((RED, GREEN, BLUE)):
            np.testing.assert_allclose(frames[index], np.broadcast_to(colour, (48, 64, 3)) * 255, atol=8)
        np.testing.assert_allclose(frames[-1], frames[2], atol=3)

    @ENDINGS
    def test_looks_like_the_painting(self, tmp_path, ending):
        path, painting = tmp_path / f"run{ending}", st.load_image("starry_night", 256)
        with FilmFile(path, height=painting.shape[2], width=painting.shape[3]) as film:
            film.add(painting)
        frame = torch.from_numpy(decoded(path)[0][0] / 255).permute(2, 0, 1)[None].float()
        painting = painting[..., : frame.shape[2], : frame.shape[3]]
        blurred = torch.nn.functional.avg_pool2d(frame - painting, 4)
        assert blurred.square().mean().sqrt() < 0.012

    @ENDINGS
    def test_smaller_stages_are_enlarged_smoothly(self, tmp_path, ending):
        path = tmp_path / f"run{ending}"
        half = torch.zeros(1, 3, 24, 32)
        half[..., 16:] = 1
        with FilmFile(path, **SIZE, every=1) as film:
            film(step(1, half))
            film(step(2, grey(0.5)))
        frame = decoded(path)[0][0]
        assert frame.shape == (48, 64, 3)
        assert frame[:, :28].max() < 30
        assert frame[:, 36:].min() > 225
        assert 20 < frame[:, 31].mean() < 120 < frame[:, 32].mean() < 235  # not a hard edge

    @pytest.mark.parametrize(("height", "width"), [(47, 63), (48, 63), (2, 3), (33, 200)])
    def test_odd_sides(self, tmp_path, height, width):
        image = torch.zeros(1, 3, height, width)
        image[..., : width // 2] = 1
        for ending, shape in ((".gif", (height, width, 3)), (".mp4", (height // 2 * 2, width // 2 * 2, 3))):
            path = tmp_path / f"run{ending}"
            with FilmFile(path, height=height, width=width) as film:
                film.add(image)
            frames, _ = decoded(path)
            assert frames.shape[1:] == shape
            expected = image[0].permute(1, 2, 0)[: shape[0], : shape[1]].numpy() * 255
            assert abs(frames[0] - expected).mean() < 3

    def test_every_browser_plays_the_mp4(self, tmp_path):
        path = tmp_path / "run.mp4"
        with FilmFile(path, **SIZE) as film:
            film.add(plain(RED))
        about = next(imageio_ffmpeg.read_frames(path))
        assert about["codec"] == "h264"
        assert about["pix_fmt"].startswith("yuv420p")
        assert "bt709" in about["pix_fmt"]
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")  # it plays while it is loaded

    def test_with_a_run(self, tmp_path):
        stages = [Stage(lambda x: {"light": x.mean()}, side, side, 4) for side in (8, 16)]
        run = Synthesis(stages, torch.rand(1, 3, 16, 16))
        path = tmp_path / "run.gif"
        with FilmFile(path, height=16, width=16, every=1) as film:
            for now in run:
                film(now)
        frames, _ = decoded(path)
        assert frames.shape[1:] == (16, 16, 3)
        assert frames[0].mean() > frames[-1].mean()

    def test_a_gif_that_would_become_too_large_takes_fewer_frames(self, tmp_path, monkeypatch):
        monkeypatch.setattr(films, "MOST_BYTES", 4 * 48 * 64 * 3)
        path = tmp_path / "run.gif"
        with FilmFile(path, **SIZE, every=1) as film:
            for number in range(1, 21):
                film(step(number, grey(number / 25)))
        found = shades(path) * 25
        assert 3 <= len(found) <= 5
        np.testing.assert_allclose(found[[0, -1]], [1, 20], atol=0.2)

    @ENDINGS
    def test_neither_a_thread_nor_a_file_is_left(self, tmp_path, ending):
        with FilmFile(tmp_path / f"run{ending}", **SIZE) as film:
            film.add(grey(0.5))
        film.close()  # once more does nothing
        film.discard()
        assert fresh(tmp_path) == [f"run{ending}"]
        assert threading.active_count() == 1 or not any("ThreadPool" in each.name for each in threading.enumerate())
        with pytest.raises(st.InputError, match="is closed; make another FilmFile"):
            film.add(grey(0.5))


class TestEndings:
    """What is there after an exception."""

    @ENDINGS
    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
    def test_an_interrupted_run_has_its_film(self, tmp_path, ending, error):
        path = tmp_path / f"run{ending}"

        def run():
            with FilmFile(path, **SIZE, every=2) as film:
                for number in (1, 2):
                    film(step(number, grey(number / 4)))
                raise error

        with pytest.raises(error):
            run()
        np.testing.assert_allclose(shades(path), [0.25, 0.5], atol=0.01)
        assert fresh(tmp_path) == [path.name]

    @ENDINGS
    def test_without_a_frame_an_old_file_stays(self, tmp_path, ending):
        path = tmp_path / f"run{ending}"
        path.write_bytes(b"old")
        with pytest.raises(KeyboardInterrupt) as caught, FilmFile(path, **SIZE):
            raise KeyboardInterrupt
        assert not hasattr(caught.value, "__notes__")
        with pytest.raises(st.InputError, match="film: expected at least one frame, got none"), FilmFile(path, **SIZE):
            pass
        assert path.read_bytes() == b"old"
        assert fresh(tmp_path) == [path.name]

    @ENDINGS
    def test_discarded(self, tmp_path, ending):
        path = tmp_path / f"run{ending}"
        path.write_bytes(b"old")
        film = FilmFile(path, **SIZE)
        film.add(grey(0.5))
        film.discard()
        film.close()
        assert path.read_bytes() == b"old"
        assert fresh(tmp_path) == [path.name]

    @ENDINGS
    def test_not_a_picture(self, tmp_path, ending):
        with FilmFile(tmp_path / f"run{ending}", **SIZE) as film:
            film.add(grey(0.5))
            with pytest.raises(st.InputError, match="expected one picture, got a batch of 2"):
                film(step(1, torch.rand(2, 3, 48, 64)))
        assert fresh(tmp_path) == [f"run{ending}"]

    @ENDINGS
    def test_a_file_that_cannot_take_its_name(self, tmp_path, ending):
        """Something else has the name when the work is done."""
        path = tmp_path / f"run{ending}"
        film = FilmFile(path, **SIZE)
        film.add(grey(0.5))
        path.mkdir()
        (path / "inside").touch()
        with pytest.raises(st.ImageError, match="cannot write"):
            film.close()
        assert fresh(tmp_path) == [path.name]

    def test_an_exception_of_the_run_is_not_hidden(self, tmp_path):
        path = tmp_path / "run.gif"

        def run():
            with FilmFile(path, **SIZE) as film:
                film.add(grey(0.5))
                path.mkdir()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            run()
        assert "cannot write" in caught.value.__notes__[0]

    def test_an_encoder_that_dies(self, tmp_path, encoder):
        folder = tmp_path / "films"
        folder.mkdir()
        path = folder / "run.mp4"
        path.write_bytes(b"old")
        film = FilmFile(path, height=480, width=640)
        encoder('case "$*" in *rawvideo*run.*) head -c 1000 >/dev/null; exit 1;; esac')
        with pytest.raises(st.ImageError, match=r"cannot write .*run\.mp4: the encoder stopped \(.+\)$"), film:
            add_three(film, 480, 640)
        assert path.read_bytes() == b"old"
        assert fresh(folder) == ["run.mp4"]

    def test_a_full_disk(self, tmp_path, encoder, capfd):
        """The encoder may write some kilobytes and no more; it ends by itself only after the last frame."""
        folder = tmp_path / "films"
        folder.mkdir()
        path = folder / "run.mp4"
        path.write_bytes(b"old")
        film = FilmFile(path, height=240, width=320)
        encoder('case "$*" in *rawvideo*run.*) trap "" XFSZ; ulimit -f 8;; esac')
        with pytest.raises(st.ImageError, match=r"cannot write .*run\.mp4: the encoder"), film:
            add_three(film, 240, 320)
        assert path.read_bytes() == b"old"
        assert fresh(folder) == ["run.mp4"]

    def test_ctrl_c_while_a_frame_is_handed_over(self, tmp_path, monkeypatch):
        """It reaches the waiting thread, not the one that writes: the film goes on."""
        path = tmp_path / "run.mp4"
        film = FilmFile(path, **SIZE)
        film.add(grey(0.2))
        wait = type(film._writer)._wait
        with monkeypatch.context() as patch:

            def interrupted(self):
                wait(self)
                raise KeyboardInterrupt

            patch.setattr(type(film._writer), "_wait", interrupted)
            with pytest.raises(KeyboardInterrupt):
                film.add(grey(0.4))
        film.add(grey(0.8))
        film.close()
        np.testing.assert_allclose(shades(path), [0.2, 0.8], atol=0.01)


class TestCheck:
    """What is asked before the work."""

    @pytest.mark.parametrize("name", ["film.avi", "film", "film.png", ".gif"])
    def test_ending(self, tmp_path, name):
        with pytest.raises(st.ImageError, match=r"must end in \.gif or \.mp4"):
            check_film(tmp_path / name, **SIZE, frames=3)

    @ENDINGS
    def test_folders(self, tmp_path, ending):
        folder = tmp_path / f"folder{ending}"
        folder.mkdir()
        with pytest.raises(st.ImageError, match="it is a folder"):
            check_film(folder, **SIZE, frames=3)
        with pytest.raises(st.ImageError, match=r"there is no folder .*nowhere; make it first"):
            check_film(tmp_path / "nowhere" / f"film{ending}", **SIZE, frames=3)
        check_film(str(folder / f"film{ending}"), **SIZE, frames=3)
        assert fresh(tmp_path) == [folder.name]
        assert fresh(folder) == []

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write to")
    def test_a_folder_that_cannot_be_written(self):
        with pytest.raises(st.ImageError, match=r"cannot write /proc/film\.gif: \w+"):
            check_film("/proc/film.gif", **SIZE, frames=3)
        with pytest.raises(st.ImageError, match=r"cannot write /proc/film\.gif: \w+"):
            FilmFile("/proc/film.gif", **SIZE)
        with pytest.raises(st.ImageError, match=r"cannot write /proc/steps: \w+"):
            Snapshots("/proc/steps").check()
        with pytest.raises(st.ImageError, match=r"cannot write /proc: \w+"):
            Snapshots("/proc").check()

    def test_memory(self, tmp_path):
        frames = int(MOST_BYTES // (1000 * 1000 * 3))
        check_film(tmp_path / "film.gif", height=1000, width=1000, frames=frames)
        with pytest.raises(
            st.InputError, match=r"at most 1\.5 GB .* got 1\.5 GB \(501 frames of 1000 × 1000\)"
        ) as caught:
            check_film(tmp_path / "film.gif", height=1000, width=1000, frames=frames + 1)
        assert not isinstance(caught.value, st.ImageError)
        for advice in ("--every", "smaller size", ".mp4"):
            assert advice in str(caught.value)
        check_film(tmp_path / "film.mp4", height=200, width=200, frames=10**6)

    @pytest.mark.parametrize("where", ["package", "program"])
    def test_no_encoder(self, tmp_path, monkeypatch, where):
        def none():
            raise RuntimeError("No ffmpeg exe could be found.")

        if where == "package":
            monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
        else:
            monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
        for ask in (lambda path: check_film(path, **SIZE, frames=3), lambda path: FilmFile(path, **SIZE)):
            with pytest.raises(st.InputError, match=r"expected an encoder for \.mp4") as caught:
                ask(tmp_path / "film.mp4")
            for advice in ('pip install "styletools[film]"', "install ffmpeg", "use .gif"):
                assert advice in str(caught.value)
        check_film(tmp_path / "film.gif", **SIZE, frames=3)
        with FilmFile(tmp_path / "film.gif", **SIZE) as film:
            film.add(grey(0.5))

    def test_an_encoder_that_cannot(self, tmp_path, encoder):
        encoder('case "$*" in *rawvideo*) exit 1;; esac')
        with pytest.raises(st.InputError, match=r"makes no \.mp4 of 64 × 48 pixels; use \.gif"):
            check_film(tmp_path / "film.mp4", **SIZE, frames=3)

    @ENDINGS
    @pytest.mark.parametrize(
        ("name", "value"), [("height", 0), ("width", 2.5), ("every", 0), ("every", True), ("per_second", 51)]
    )
    def test_numbers(self, tmp_path, ending, name, value):
        with pytest.raises(st.InputError, match=f"{name}: expected a whole number, .* got {value}"):
            FilmFile(tmp_path / f"film{ending}", **{**SIZE, name: value})
        assert fresh(tmp_path) == []

    @ENDINGS
    def test_numpys_numbers(self, tmp_path, ending):
        path = tmp_path / f"film{ending}"
        with FilmFile(
            path, height=np.int64(48), width=np.int64(64), every=np.int64(2), per_second=np.int64(20)
        ) as film:
            film.add(grey(0.5))
        assert path.exists()

    def test_sides_that_a_format_does_not_have(self, tmp_path):
        with pytest.raises(st.InputError, match=r"width: expected a whole number, 1 … 65535, got 65536"):
            check_film(tmp_path / "film.gif", height=1, width=65536, frames=1)
        with pytest.raises(st.InputError, match=r"height: expected a whole number, at least 2, got 1"):
            check_film(tmp_path / "film.mp4", height=1, width=64, frames=1)


class TestSnapshots:
    """As pictures."""

    def test_every_kth_step_at_its_size(self, tmp_path):
        folder = tmp_path / "steps"
        snapshots = Snapshots(str(folder), every=10)
        snapshots.check()
        assert not folder.exists()
        for number in range(1, 36):
            side = 8 if number < 15 else 16
            assert snapshots(step(number, grey(number / 51, side, side + 4))) is None
        assert fresh(folder) == ["step_0010.png", "step_0020.png", "step_0030.png"]
        for number, size in ((10, (12, 8)), (20, (20, 16)), (30, (20, 16))):
            with Image.open(folder / f"step_00{number}.png") as picture:
                assert picture.size == size
                assert picture.getextrema() == ((number * 5, number * 5),) * 3
        snapshots(step(12340, grey(0.5)))
        assert fresh(folder)[0] == "step_0010.png"
        assert "step_12340.png" in fresh(folder)

    def test_old_files_are_replaced(self, tmp_path):
        (tmp_path / "step_0001.png").write_bytes(b"old")
        (tmp_path / "other.txt").write_bytes(b"other")
        Snapshots(tmp_path, every=1)(step(1, grey(1.0)))
        assert fresh(tmp_path) == ["other.txt", "step_0001.png"]
        with Image.open(tmp_path / "step_0001.png") as picture:
            assert picture.getextrema() == ((255, 255),) * 3

    def test_an_old_file_survives_a_failure(self, tmp_path):
        Snapshots(tmp_path, every=1)(step(1, grey(1.0)))
        old = (tmp_path / "step_0001.png").read_bytes()
        with pytest.raises(st.InputError, match="a batch of 2"):
            Snapshots(tmp_path, every=1)(step(1, torch.rand(2, 3, 8, 8)))
        assert (tmp_path / "step_0001.png").read_bytes() == old
        assert fresh(tmp_path) == ["step_0001.png"]

    def test_check(self, tmp_path):
        (tmp_path / "file").touch()
        Snapshots(tmp_path).check()
        assert fresh(tmp_path) == ["file"]
        with pytest.raises(st.ImageError, match="it is a file, not a folder"):
            Snapshots(tmp_path / "file").check()
        for ask in (Snapshots.check, lambda snapshots: snapshots(step(10, grey(0.5)))):
            with pytest.raises(st.ImageError, match="nowhere"):
                ask(Snapshots(tmp_path / "nowhere" / "steps"))
        with pytest.raises(st.InputError, match="every: expected a whole number, at least 1, got 0"):
            Snapshots(tmp_path, every=0)
