"""Colour profiles and transparency together: first the colours, then white."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
import torch
from PIL import Image
from profiles import linear_grey, swapped

from styletools.pictures import modes
from styletools.pictures.images import load_image, load_opacity

WHITE = (1.0, 1.0, 1.0)
MIDDLE = (128 / 255,) * 3  # what 55/255 of the light looks like: 1.055 · (55/255)^(1/2.4) − 0.055
PLAIN = (55 / 255,) * 3


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def grey_16(values: list[int], profile: bytes, clear: int | None) -> bytes:
    """A PNG with one row of 16-bit grey, and a shade that is not seen."""
    row = b"\0" + b"".join(struct.pack(">H", value) for value in values)
    parts = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", len(values), 1, 16, 0, 0, 0, 0)),
        chunk(b"iCCP", b"a profile\0\0" + zlib.compress(profile)),
        chunk(b"tRNS", struct.pack(">H", clear)) if clear is not None else b"",
        chunk(b"IDAT", zlib.compress(row)),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def palette(mode: str, *entries: int) -> Image.Image:
    image = Image.new(mode, (2, 1))
    image.putpalette([channel for entry in entries for channel in (entry,) * 3])
    image.putpixel((1, 0), 1 if mode == "P" else (1, 0))
    return image


def row(data) -> list[list[float]]:
    return load_image(data)[0, :, 0].T.tolist()


def over_white(colour: tuple[float, ...], opacity: float) -> list[float]:
    return [opacity * channel + 1 - opacity for channel in colour]


def with_profile(image: Image.Image, profile: bytes) -> Image.Image:
    image.info["icc_profile"] = profile
    return image


class TestGrey:
    """A grey profile is heeded in every mode that can be grey."""

    @pytest.mark.parametrize("opacity", [255, 51, 0])
    @pytest.mark.parametrize("file_format", ["PNG", "TIFF", "object"])
    def test_alpha_channel(self, opacity, file_format):
        image = Image.new("LA", (2, 1), (55, opacity))
        source = (
            with_profile(image, linear_grey())
            if file_format == "object"
            else encoded(image, file_format, icc_profile=linear_grey())
        )
        assert row(source)[0] == pytest.approx(over_white(MIDDLE, opacity / 255), abs=0.006)

    def test_premultiplied(self):
        image = with_profile(Image.new("La", (2, 1), (11, 51)), linear_grey())
        assert row(image)[0] == pytest.approx(over_white(MIDDLE, 0.2), abs=0.006)

    def test_one_shade_is_not_seen(self):
        image = Image.new("L", (2, 1), 55)
        image.putpixel((1, 0), 90)
        data = encoded(image, icc_profile=linear_grey(), transparency=90)
        assert row(data)[0] == pytest.approx(MIDDLE, abs=0.006)
        assert row(data)[1] == pytest.approx(WHITE)

    def test_16_bits(self):
        for clear in (None, 90 * 257):
            found = row(grey_16([55 * 257, 90 * 257], linear_grey(), clear))
            assert found[0] == pytest.approx(MIDDLE, abs=0.006)
            assert found[1] == pytest.approx(WHITE if clear else (160 / 255,) * 3, abs=0.006)
        assert load_opacity(grey_16([55 * 257, 90 * 257], linear_grey(), 90 * 257)).flatten().tolist() == [1, 0]

    def test_palettes_of_greys(self):
        image = with_profile(palette("P", 55, 255), linear_grey())
        assert row(image)[0] == pytest.approx(MIDDLE, abs=0.006)
        assert row(encoded(image, transparency=1))[0] == pytest.approx(MIDDLE, abs=0.006)
        image = with_profile(palette("PA", 55, 90), linear_grey())
        image.putpixel((0, 0), (0, 51))
        assert row(image)[0] == pytest.approx(over_white(MIDDLE, 0.2), abs=0.006)
        assert row(image)[1] == pytest.approx(WHITE)

    def test_without_transparency(self):
        data = encoded(Image.new("L", (2, 1), 55), icc_profile=linear_grey())
        assert row(data)[0] == pytest.approx(MIDDLE, abs=0.006)
        assert row(with_profile(Image.new("1", (2, 1), 1), linear_grey()))[0] == pytest.approx(WHITE, abs=0.006)

    def test_turned(self):
        image = Image.new("LA", (2, 1), (55, 255))
        image.putpixel((0, 0), (0, 0))
        exif = image.getexif()
        exif[0x0112] = 6  # to be shown turned clockwise by 90°
        turned = load_image(encoded(image, icc_profile=linear_grey(), exif=exif))
        assert turned[0, 0, :, 0].tolist() == pytest.approx([1, 128 / 255], abs=0.006)


class TestColour:
    """White is mixed into the picture as it looks, not into its numbers."""

    @pytest.mark.parametrize("opacity", [255, 51, 0])
    def test_half_transparent(self, opacity):
        image = Image.new("RGBA", (2, 1), (255, 0, 0, opacity))
        for source in (encoded(image, icc_profile=swapped()), encoded(image, "TIFF", icc_profile=swapped())):
            assert row(source)[0] == pytest.approx(over_white((0, 0, 1), opacity / 255), abs=0.02)

    def test_white_stays_white_in_a_profile_that_has_another(self):
        """Mixed in before, it was shown in the profile's own white, and mixed in its own scale."""
        image = with_profile(Image.new("RGBA", (2, 1), (0, 0, 0, 128)), linear_rgb())
        assert row(image)[0] == pytest.approx((127 / 255,) * 3, abs=0.006)

    def test_one_colour_is_not_seen(self):
        image = Image.new("RGB", (2, 1), (255, 0, 0))
        image.putpixel((1, 0), (0, 255, 0))
        found = row(encoded(image, icc_profile=swapped(), transparency=(0, 255, 0)))
        assert found[0] == pytest.approx((0, 0, 1), abs=0.02)
        assert found[1] == pytest.approx(WHITE)

    def test_palette_with_opacities(self):
        image = Image.new("P", (2, 1))
        image.putpalette([255, 0, 0, 0, 255, 0])
        found = row(encoded(image, icc_profile=swapped(), transparency=b"\x33\xff"))
        assert found[0] == pytest.approx(over_white((0, 0, 1), 0.2), abs=0.02)


def linear_rgb() -> bytes:
    """sRGB's primaries, and numbers that are linear light."""
    data = bytearray(swapped())
    count = struct.unpack(">I", data[128:132])[0]
    for index in range(count):
        name, at, _ = struct.unpack(">4sII", data[132 + 12 * index : 144 + 12 * index])
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            data[at : at + 12] = b"curv\0\0\0\0\0\0\0\0"
            data[140 + 12 * index : 144 + 12 * index] = struct.pack(">I", 12)
    return bytes(data)


@pytest.mark.parametrize("profile", [b"nonsense", linear_grey()[:150], swapped()[:300], b"\0" * 200, "a word", 3])
@pytest.mark.parametrize("mode", ["L", "LA", "P", "PA", "1", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_damaged_profile_says_nothing(mode, profile):
    assert_as_without(mode, profile)


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "CMYK", "F"])
def test_a_profile_for_colours_says_nothing_of_grey_or_ink(mode):
    assert_as_without(mode, swapped())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_a_profile_for_greys_says_nothing_of_colours(mode):
    assert_as_without(mode, linear_grey())


def assert_as_without(mode: str, profile) -> None:
    image = Image.new("RGB", (3, 2), (200, 100, 50))
    image.putpixel((1, 1), (10, 20, 30))
    image = image.convert("L").convert(mode) if mode[0] in "IFL" else image.convert(mode)
    expected = load_image(image)
    assert torch.equal(load_image(with_profile(image.copy(), profile)), expected)


def test_every_public_name_is_there():
    assert all(hasattr(modes, name) for name in modes.__all__)
