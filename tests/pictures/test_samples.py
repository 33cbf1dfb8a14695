from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from styletools.errors import InputError
from styletools.pictures.procedural import PROCEDURAL
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS, SAMPLES, credit, sample


@pytest.mark.parametrize("name", [*SAMPLES, *PROCEDURAL])
def test_is_a_picture_worth_looking_at(name):
    image = sample(name)
    assert image.mode == "RGB"
    assert min(image.size) >= 300
    assert np.asarray(image).std() > 30


def test_nine_pictures_of_two_kinds():
    assert len(SAMPLES) == 9
    assert set(PAINTINGS) | set(PHOTOGRAPHS) == set(SAMPLES)
    assert set(PAINTINGS) == {"great_wave", "starry_night", "the_kiss", "village_street_auvers"}


def test_every_file_has_a_name_and_a_source():
    folder = files("styletools").joinpath("data/images")
    shipped = {entry.name.removesuffix(".jpg") for entry in folder.iterdir() if entry.name.endswith(".jpg")}
    assert shipped == set(SAMPLES)
    sources = folder.joinpath("SOURCES.md").read_text(encoding="utf-8")
    for name in SAMPLES:
        assert f"`{name}.jpg`" in sources
        assert credit(name).terms in sources


def test_credit_names_the_author_where_the_licence_asks_for_it():
    assert "danielbuechele" in str(credit("china"))
    assert "CC BY 2.0" in str(credit("china"))


def test_unknown_name():
    for function in (sample, credit):
        with pytest.raises(InputError, match=r"no sample picture is called 'mona_lisa'; there are astronaut, .*dots"):
            function("mona_lisa")
