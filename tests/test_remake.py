from __future__ import annotations

import io
import shutil
import warnings

import pytest
import torch

import styletools as st
from styletools.errors import ImageError, InputError
from styletools.remake import remake

QUICK = {"size": 48, "steps": 2, "progress": False}


def bytes_of(result, path, **options):
    result.save(path, **options)
    return path.read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"colours": "photograph-lab"},
        {"style": ["dots", "scales"], "style_weights": [3, 1], "style_size": [48, None]},
        {"style": ["dots", "scales"], "content_mask": "bright=0.4"},
        {"style": ["dots", "scales"], "style_layers": [["conv3_1"], {"conv1_1": 2}]},
        {"statistic": {"gram": 1, "mean": 2}, "optimiser": "adam", "init": "content"},
        {"weights": "random", "pooling": "avg", "padding": "zeros", "units": "literal", "seed": 5},
    ],
)
@pytest.mark.parametrize("ending", [".png", ".tif", ".jpg"])
def test_the_same_bytes(options, ending, tmp_path):
    first = bytes_of(st.transfer("chelsea", **{"style": "dots", **options}, **QUICK), tmp_path / f"first{ending}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = remake(tmp_path / f"first{ending}", progress=False)
    assert bytes_of(again, tmp_path / f"again{ending}") == first


@pytest.mark.parametrize("recipe", ["reconstruct_content", "reconstruct_style"])
def test_the_other_recipes(recipe, tmp_path):
    first = getattr(st, recipe)("chelsea", "conv2_1", **QUICK)
    first.save(tmp_path / "a.png", bits=16)
    again = remake(tmp_path / "a.png", progress=False)
    assert torch.equal(again.image, first.image)


def test_one_that_was_stopped(tmp_path):
    first = st.transfer("chelsea", "dots", size=64, steps=4, progress=False, on_step=lambda step: step.number == 5)
    assert first.settings["stopped_after"] == 5
    first.save(tmp_path / "a.png")
    seen = []
    again = remake(tmp_path / "a.png", progress=False, on_step=lambda step: seen.append(step.number))
    assert seen == [1, 2, 3, 4, 5]
    assert torch.equal(again.image, first.image)
    assert again.settings == first.settings


def test_one_that_was_extended():
    first = st.transfer("chelsea", "dots", **QUICK)
    for steps in (3, 2):
        first.synthesis.extend(steps)
        for _ in first.synthesis:
            pass
        first = first.resumed(False, steps)
    assert first.settings["extended_by"] == [3, 2]
    again = remake(first.settings, progress=False)
    assert torch.equal(again.image, first.image)
    assert again.settings == first.settings
    assert again.history["total"] == first.history["total"]


def test_the_number_of_threads_is_that_of_then_and_comes_back():
    first = st.transfer("chelsea", "dots", **QUICK)
    before, seen = torch.get_num_threads(), []
    remake({**first.settings, "threads": 1}, progress=False, on_step=lambda _: seen.append(torch.get_num_threads()))
    assert set(seen) == {1}
    assert torch.get_num_threads() == before


def test_changes():
    first = st.transfer("chelsea", "dots", **QUICK)
    changed = remake(first.settings, size=64, content="coffee", progress=False)
    assert changed.image.shape == (1, 3, 43, 64)
    assert changed.settings["arguments"]["content"] == "coffee"


def test_paths_beside_the_picture(tmp_path, monkeypatch):
    st.sample("coffee").save(tmp_path / "mine.jpg")
    monkeypatch.chdir(tmp_path)
    first = st.transfer("mine.jpg", "dots", **QUICK)
    first.save("a.png")
    monkeypatch.chdir(tmp_path.parent)
    assert torch.equal(remake(tmp_path / "a.png", progress=False).image, first.image)


def test_a_file_that_has_changed_since(tmp_path):
    st.sample("coffee").save(tmp_path / "mine.png")
    st.transfer(tmp_path / "mine.png", "dots", **QUICK).save(tmp_path / "a.png")
    st.sample("chelsea").save(tmp_path / "mine.png")
    with pytest.warns(UserWarning, match="content is not the picture that it was"):
        remake(tmp_path / "a.png", progress=False)
    (tmp_path / "mine.png").unlink()
    with pytest.raises(ImageError, match="no such file"):
        remake(tmp_path / "a.png", progress=False)


def test_another_version():
    first = st.transfer("chelsea", "dots", **QUICK)
    with pytest.warns(UserWarning, match=r"styletools is .*, and was 0\.0\.1: the picture will be another"):
        remake({**first.settings, "styletools": "0.0.1"}, progress=False)


def test_settings_of_an_earlier_version_have_fewer_arguments():
    settings = st.transfer("chelsea", "dots", **QUICK).settings
    new = ("style_weights", "content_mask", "style_mask", "colours")
    old = {name: value for name, value in settings["arguments"].items() if name not in new}
    del settings["pictures"]
    again = remake({**settings, "arguments": old}, progress=False)
    assert again.settings["arguments"] == settings["arguments"]


def buffer():
    file = io.BytesIO()
    st.sample("chelsea").save(file, "PNG")
    file.seek(0)
    return file


@pytest.mark.parametrize("content", [st.load_image("chelsea", 48), st.sample("chelsea"), buffer().read(), buffer()])
def test_what_was_no_file_has_to_be_given_again(content):
    first = st.transfer(content, "dots", **QUICK)
    with pytest.raises(InputError, match=r"content: it was no file .*give it again"):
        remake(first.settings, progress=False)
    again = remake(first.settings, content=st.sample("chelsea"), progress=False)
    assert again.image.shape == first.image.shape


def test_a_network_of_ones_own_has_to_be_given_again():
    vgg = st.VGG("random", pooling="avg", padding="zeros")
    first = st.transfer("chelsea", "dots", weights=vgg, **QUICK)
    with pytest.raises(InputError, match=r"weights: it was no file .*give it again"):
        remake(first.settings, progress=False)
    assert torch.equal(remake(first.settings, weights=vgg, progress=False).image, first.image)


@pytest.mark.parametrize("settings", [{}, {"recipe": "bake", "arguments": {}}, {"recipe": "transfer"}])
def test_settings_of_something_else(settings):
    with pytest.raises(InputError, match="settings: expected those of transfer"):
        remake(settings)


def test_an_argument_of_a_later_version():
    with pytest.raises(InputError, match="brushes: transfer has no such argument"):
        remake({"recipe": "transfer", "arguments": {"content": "chelsea", "style": "dots", "brushes": 3}})


def test_a_picture_without_settings(tmp_path):
    st.sample("coffee").save(tmp_path / "mine.png")
    with pytest.raises(ImageError, match="holds no settings"):
        remake(tmp_path / "mine.png")


def test_transparency_is_kept(tmp_path):
    image = st.sample("coffee").convert("RGBA")
    image.putalpha(image.convert("L"))
    image.save(tmp_path / "glass.png")
    first = st.transfer(tmp_path / "glass.png", "dots", **QUICK)
    assert first.opacity.shape == (1, 1, *first.image.shape[2:])
    expected = bytes_of(first, tmp_path / "a.png")
    assert bytes_of(remake(tmp_path / "a.png", progress=False), tmp_path / "b.png") == expected
    shutil.rmtree(tmp_path)
