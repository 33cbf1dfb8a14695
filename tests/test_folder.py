from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

import styletools as st
from styletools import recipes
from styletools.errors import ImageError, InputError
from styletools.folder import jobs_of

QUICK = {"style": "dots", "size": 48, "steps": 1, "progress": False}


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("coffee", "chelsea"):
        st.sample(name).save(folder / f"{name}.jpg")
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def test_every_picture_once(photographs, tmp_path):
    jobs = jobs_of(photographs, tmp_path / "out", **QUICK)
    assert [job.target for job in jobs.paintable] == [
        tmp_path / "out" / f"{name}.png" for name in ("chelsea", "coffee")
    ]
    assert jobs.unreadable == []
    for job in jobs.paintable:
        assert not job.is_done()
        job.run().save(job.target)
        assert job.is_done()
        assert st.load_settings(job.target)["arguments"]["content"] == str(job.photograph)


def test_done_means_the_same_options_and_the_same_photograph(photographs, tmp_path):
    (job, _), out = jobs_of(photographs, tmp_path / "out", **QUICK).paintable, tmp_path / "out"
    job.run().save(job.target)
    assert not jobs_of(photographs, out, **{**QUICK, "seed": 1}).paintable[0].is_done()
    assert not jobs_of(photographs, out, bits=16, **QUICK).paintable[0].is_done()
    assert jobs_of(photographs, out, **QUICK).paintable[0].is_done()
    st.sample("rocket").save(job.photograph)
    assert not job.is_done()


@pytest.mark.parametrize("settings", [{"seconds": 3}, {"arguments": [1]}, {"recipe": "transfer", "arguments": {}}])
def test_a_picture_of_something_else_is_not_ours(photographs, tmp_path, settings):
    job = jobs_of(photographs, tmp_path / "out", **QUICK).paintable[0]
    st.save_image(st.load_image("dots", 8), job.target, settings)
    assert not job.is_done()


def test_a_mask_that_fits_the_first_photograph_only_is_said_before_the_work(photographs, tmp_path):
    st.sample("astronaut").save(photographs / "square.png")
    Image.new("L", st.sample("chelsea").size).save(tmp_path / "mask.png")
    (photographs / "coffee.jpg").unlink()
    with pytest.raises(InputError, match=r"square\.png: content_mask: expected the proportions"):
        jobs_of(photographs, tmp_path / "out", **{**QUICK, "content_mask": str(tmp_path / "mask.png")})


def test_one_that_was_stopped_is_made_again(photographs, tmp_path):
    job = jobs_of(photographs, tmp_path / "out", **{**QUICK, "steps": 5}).paintable[0]
    result = recipes.transfer(str(job.photograph), **job.options, on_step=lambda _: True)
    result.save(job.target)
    assert not job.is_done()


def test_a_damaged_one_is_named_and_the_others_are_painted(photographs, tmp_path):
    (photographs / "broken.png").write_bytes(b"\x89PNG broken")
    jobs = jobs_of(photographs, tmp_path / "out", **QUICK)
    assert len(jobs.paintable) == 2
    (line,) = jobs.unreadable
    assert "broken.png" in line


def test_two_of_one_name(photographs, tmp_path):
    st.sample("coffee").save(photographs / "coffee.png")
    names = [job.target.name for job in jobs_of(photographs, tmp_path / "out", **QUICK).paintable]
    assert names == ["chelsea.png", "coffee.jpg.png", "coffee.png.png"]


def test_an_empty_folder(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(ImageError, match="holds no pictures"):
        jobs_of(tmp_path / "in", tmp_path / "out", **QUICK)
    assert not (tmp_path / "out").exists()
    (tmp_path / "in" / "a.png").write_bytes(b"no")
    with pytest.raises(ImageError, match=r"holds no picture that can be read: .*a\.png"):
        jobs_of(tmp_path / "in", tmp_path / "out", **QUICK)


@pytest.mark.parametrize("where", ["no/where", "file"])
def test_a_folder_that_cannot_be_made(photographs, tmp_path, where):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="cannot write to the folder"):
        jobs_of(photographs, tmp_path / where, **QUICK)


def test_not_among_the_photographs(photographs):
    with pytest.raises(ImageError, match="choose another folder"):
        jobs_of(photographs, Path(os.path.relpath(photographs)), **QUICK)


def test_a_bad_option_is_said_before_any_work(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(recipes.Plan, "run", lambda *_: pytest.fail("worked"))
    with pytest.raises(InputError, match=r"chelsea\.jpg: beta: expected a finite number"):
        jobs_of(photographs, tmp_path / "out", **{**QUICK, "beta": -1})
    with pytest.raises(InputError, match=r"chelsea\.jpg: no such file: dost"):
        jobs_of(photographs, tmp_path / "out", **{**QUICK, "style": "dost"})


def test_a_mask_of_one_picture_does_not_fit_another(photographs, tmp_path):
    Image.new("L", (30, 60)).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match="proportions"):
        jobs_of(photographs, tmp_path / "out", **{**QUICK, "content_mask": str(tmp_path / "mask.png")})


def test_files_and_names_in_the_style_of_each_painting(photographs, tmp_path):
    words = [photographs / "coffee.jpg", Path("rocket")]
    options = {name: value for name, value in QUICK.items() if name != "style"}
    jobs = jobs_of(words, tmp_path / "out", each=["dots", "scales"], **options)
    names = ["coffee_dots.png", "coffee_scales.png", "rocket_dots.png", "rocket_scales.png"]
    assert [job.target.name for job in jobs.paintable] == names
    job = jobs.paintable[3]
    job.run().save(job.target)
    assert job.is_done()
    arguments = st.load_settings(job.target)["arguments"]
    assert (arguments["content"], arguments["style"]) == ("rocket", "scales")
    assert not jobs.paintable[2].is_done()


def test_two_of_one_name_from_two_folders(photographs, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    st.sample("coffee").save(other / "coffee.jpg")
    words = [photographs / "coffee.jpg", other / "coffee.jpg"]
    names = [job.target.name for job in jobs_of(words, tmp_path / "out", **QUICK).paintable]
    assert names == ["coffee.jpg.png", "coffee.jpg_2.png"]
    each = [str(photographs / "coffee.jpg"), str(other / "coffee.jpg")]
    options = {name: value for name, value in QUICK.items() if name != "style"}
    names = [job.target.name for job in jobs_of([Path("china")], tmp_path / "out", each=each, **options).paintable]
    assert names == ["china_coffee-1.png", "china_coffee-2.png"]


def test_a_job_for_a_worker_is_the_same_picture(photographs, tmp_path):
    from styletools.sweeps.make import make

    job = jobs_of(photographs, tmp_path / "out", **QUICK).paintable[0]
    assert make(job.for_a_worker(1)).error == ""
    assert job.is_done()
