"""Settings from a file that cannot be trusted: the settings, or one line."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import zlib

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from styletools.errors import ImageError, InputError
from styletools.pictures import embedded
from styletools.pictures.embedded import from_text, to_text
from styletools.pictures.images import load_image
from styletools.pictures.saving import load_settings, save_image

ENDINGS = [".png", ".jpg", ".tif"]
PICTURE = torch.full((1, 3, 4, 4), 0.5)

NOT_SETTINGS = {
    "nothing": b"",
    "a list": b"[1, 2]",
    "a number": b"3",
    "a word": b'"word"',
    "null": b"null",
    "broken": b'{"a": 1',
    "more after it": b'{"a": 1} {"b": 2}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "1e999": b'{"a": 1e999}',
    "a key twice": b'{"a": 1, "a": 2}',
    "a key twice inside": b'{"b": [{"a": 1, "a": 2}]}',
    "half a letter": b'{"a": "\\ud800"}',
    "half a letter in a key": b'{"\\udfff": 1}',
    "10 000 digits": b'{"a": ' + b"9" * 10_000 + b"}",
    "200 digits": b'{"a": -' + b"9" * 200 + b"}",
    "10 000 decimals": b'{"a": 0.' + b"3" * 10_000 + b"}",
    "100 000 lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100 000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "100 objects": b'{"a":' * 100 + b"1" + b"}" * 100,
    "2 MB": b'{"a": "' + b"x" * 2_000_000 + b'"}',
}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes, after: bool = False) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(buffer, "PNG")
    data = buffer.getvalue()
    at = data.index(b"IEND") - 4 if after else 33
    return data[:at] + b"".join(chunks) + data[at:]


def itxt(text: bytes, compressed: bool = False) -> bytes:
    return chunk(b"iTXt", b"styletools\0" + (b"\1\0\0\0" + zlib.compress(text) if compressed else b"\0\0\0\0" + text))


def jpeg_with(text: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(buffer, "JPEG")
    data = buffer.getvalue()
    parts = [text[at : at + 65_000] for at in range(0, len(text), 65_000)]
    return data[:2] + b"".join(b"\xff\xfe" + struct.pack(">H", len(part) + 2) + part for part in parts) + data[2:]


def tiff_with(text: bytes) -> bytes:
    buffer = io.BytesIO()
    pixels = np.zeros((4, 4, 3), np.uint8)
    tifffile.imwrite(buffer, pixels, photometric="rgb", metadata=None, extratags=[(270, 2, len(text), text, True)])
    return buffer.getvalue()


def gif_with(text: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(buffer, "GIF", comment=text)
    return buffer.getvalue()


WAYS = {
    "iTXt": lambda text: png_with(itxt(text)),
    "iTXt after": lambda text: png_with(itxt(text), after=True),
    "compressed iTXt": lambda text: png_with(itxt(text, compressed=True)),
    "zTXt": lambda text: png_with(chunk(b"zTXt", b"styletools\0\0" + zlib.compress(text))),
    "tEXt": lambda text: png_with(chunk(b"tEXt", b"styletools\0" + text)),
    "JPEG": jpeg_with,
    "TIFF": tiff_with,
    "GIF": gif_with,
}


@pytest.fixture
def write(tmp_path):
    def write(data: bytes):
        (tmp_path / "a.png").write_bytes(data)
        return tmp_path / "a.png"

    return write


@pytest.mark.parametrize("way", WAYS)
def test_good_ones_are_read(write, way):
    assert load_settings(write(WAYS[way](b'{"seed": 0, "words": ["a", {"b": 0.25}]}'))) == {
        "seed": 0,
        "words": ["a", {"b": 0.25}],
    }


@pytest.mark.parametrize("what", NOT_SETTINGS)
@pytest.mark.parametrize("way", WAYS)
def test_bad_ones_are_one_line(write, way, what):
    path = write(WAYS[way](NOT_SETTINGS[what]))
    if what == "not UTF-8" and way in ("zTXt", "tEXt", "TIFF"):  # Latin-1 by definition, or as Pillow has it
        assert load_settings(path) == {"a": "\xff\xfe"}
        return
    with pytest.raises(ImageError, match="holds no settings") as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 400
    assert load_image(path).shape == (1, 3, 4, 4)  # the picture has nothing to do with it


def test_bombs(write):
    """A text of 100 MB, as it is and in a hundred kilobytes; and a profile like that."""
    bomb = zlib.compress(b'{"a": "' + b"x" * 100_000_000 + b'"}')
    bombs = [
        chunk(b"iTXt", b"styletools\0\1\0\0\0" + bomb),
        chunk(b"zTXt", b"styletools\0\0" + bomb),
        chunk(b"zTXt", b"something else\0\0" + bomb),
        chunk(b"iCCP", b"profile\0\0" + bomb),
        itxt(b'{"a": "' + b"x" * 100_000_000 + b'"}'),
    ]
    for text in bombs:
        for after in (False, True):
            path = write(png_with(text, after=after))
            assert load_image(path).shape == (1, 3, 4, 4)
            with pytest.raises(ImageError, match="holds no settings"):
                load_settings(path)
    many = write(png_with(*[chunk(b"zTXt", b"styletools\0\0" + zlib.compress(b"x" * 1_000_000))] * 80))
    assert load_image(many).shape == (1, 3, 4, 4)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_saved_can_be_read(tmp_path, ending):
    settings = {"digits": 2**63 - 1, "small": 5e-324, "name": "\udcff.png", "deep": [[[[[{"a": None}]]]]], "": True}
    save_image(PICTURE, tmp_path / f"a{ending}", settings)
    assert load_settings(tmp_path / f"a{ending}") == settings


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "settings",
    [
        {"a": "x" * 1_000_000},
        {"a": 10**150},
        {"a": "\ud800"},
        {1: 0, "1": 0},
        json.loads('{"a":' * 60 + "1" + "}" * 60),
        [1],
    ],
)
def test_what_could_not_be_read_is_left_out_with_a_warning(tmp_path, ending, settings):
    with pytest.warns(UserWarning, match="the settings are left out: ") as caught:
        save_image(PICTURE, tmp_path / f"a{ending}", settings)
    assert caught[0].filename == __file__
    assert load_image(tmp_path / f"a{ending}").shape == (1, 3, 4, 4)
    with pytest.raises(ImageError, match="holds no settings"):
        load_settings(tmp_path / f"a{ending}")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes"])
def test_what_json_has_not_is_refused(tmp_path, value):
    with pytest.raises(InputError, match="settings: expected what JSON has, got"):
        save_image(PICTURE, tmp_path / "a.png", {"a": value})
    assert list(tmp_path.iterdir()) == []


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans())
def test_there_and_back(settings, ascii_only):
    text = to_text(settings, ascii_only=ascii_only)
    assert from_text(text) == from_text(text.encode()) == settings


@given(
    st.binary(max_size=60) | st.text(max_size=60) | st.text(alphabet='{}[]":,1eN \\ud8', max_size=60) | st.integers()
)
def test_anything_else_is_a_value_error(text):
    with contextlib.suppress(ValueError):
        assert isinstance(from_text(text), dict)


def test_every_public_name_is_there():
    assert all(hasattr(embedded, name) for name in embedded.__all__)
