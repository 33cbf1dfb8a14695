"""Formats by their content, not by their name; and what a file cannot make us do."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageFile, features

from styletools.errors import ImageError
from styletools.pictures import decoding, foreign
from styletools.pictures.images import load_image, load_opacity
from styletools.pictures.masks import load_mask
from styletools.pictures.saving import load_settings


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def ftyp(*brands: bytes) -> bytes:
    major, *others = brands
    box = b"ftyp" + major + b"\0\0\0\0" + b"".join(others)
    return struct.pack(">I", len(box) + 4) + box + b"\0\0\0\x08free"


HEIC = ftyp(b"mif1", b"heic", b"miaf")


class TestHeic:
    """Read by another package, where it is there."""

    @pytest.fixture(autouse=True)
    def as_before(self):
        Image.init()
        before = Image.OPEN.copy(), Image.ID.copy()
        yield
        Image.OPEN.clear()
        Image.OPEN.update(before[0])
        Image.ID[:] = before[1]

    @pytest.mark.parametrize("brands", [(b"heic",), (b"mif1", b"heic"), (b"heix", b"mif1"), (b"hevc",), (b"msf1",)])
    @pytest.mark.parametrize("name", ["a.heic", "a.jpg", "a"])
    def test_without_the_package(self, tmp_path, monkeypatch, brands, name):
        monkeypatch.setitem(sys.modules, "pillow_heif", None)
        (tmp_path / name).write_bytes(ftyp(*brands) + bytes(100))
        for load in (load_image, load_opacity, load_settings, lambda path: load_mask(path, torch.rand(1, 3, 8, 8))):
            with pytest.raises(ImageError) as caught:
                load(tmp_path / name)
            words = 'is a HEIC, which needs one more package: pip install "styletools[heic]"; or export it as JPEG'
            assert str(caught.value) == f"{tmp_path / name} {words}"

    def test_with_the_package(self, monkeypatch):
        """A stand-in that knows one picture."""
        registered = []

        class StandIn(ImageFile.ImageFile):
            format = "HEIF"

            def _open(self):
                self._size, self._mode = (3, 2), "RGB"
                self.tile = []

            def load(self):
                if self._im is None:
                    self._im = Image.new("RGB", self.size, (255, 0, 51)).im
                return super().load()

        def register():
            registered.append(1)
            Image.register_open("HEIF", StandIn, lambda prefix: prefix[4:8] == b"ftyp")

        monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=register))
        assert load_image("dots", 16).shape == (1, 3, 16, 16)
        load_image(encoded(Image.new("RGB", (4, 4))))
        assert not registered  # not before it is needed
        assert load_image(HEIC)[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
        assert load_opacity(HEIC) is None
        assert registered

    def test_damaged(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=lambda: None))
        with pytest.raises(ImageError, match="is damaged or truncated: it only begins as a HEIC"):
            load_image(HEIC)

    def test_the_real_package(self):
        pillow_heif = pytest.importorskip("pillow_heif")
        shades = (np.indices((40, 60)).sum(0) * 2).astype(np.uint8)
        image = Image.fromarray(np.stack([shades, shades, 255 - shades], 2))
        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer, quality=95)
        assert (load_image(buffer.getvalue()) - load_image(image)).abs().max() < 0.04


class TestAvif:
    """Read by Pillow itself, from 11.3."""

    @pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
    def test_read(self):
        image = Image.new("RGBA", (32, 16), (200, 100, 50, 255))
        image.putpixel((0, 0), (0, 0, 0, 0))
        data = encoded(image, "AVIF", quality=95)
        assert load_image(data)[0, :, 8, 20].tolist() == pytest.approx([200 / 255, 100 / 255, 50 / 255], abs=0.03)
        assert load_opacity(data)[0, 0, 8, 20] == 1
        for part in (0.5, 0.9):
            with pytest.raises(ImageError, match="damaged"):
                load_image(data[: int(len(data) * part)])

    def test_without(self, monkeypatch):
        monkeypatch.setattr(foreign.features, "check", lambda name: False)
        assert "pillow>=11.3" in foreign.foreign(ftyp(b"avif", b"mif1"))


RAW = "camera's raw file.*export it as PNG"
FOREIGN = {
    "JPEG XL": (b"\xff\x0a" + bytes(20), "is a JPEG XL, which is not read here; export it as PNG or JPEG"),
    "JPEG XL in a box": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "is a JPEG XL"),
    "CR3": (ftyp(b"crx ", b"isom"), RAW),
    "RAF": (b"FUJIFILMCCD-RAW 0201", RAW),
    "ORF": (b"IIRO\x08\0\0\0" + bytes(40), RAW),
    "RW2": (b"IIU\0\x18\0\0\0" + bytes(40), RAW),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing.*export it as PNG"),
    "SVG with a head": (b'\xef\xbb\xbf\n<?xml version="1.0"?>\n<!-- a -->\n<SVG width="3">', "is an SVG drawing"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "is a PDF.*export it as PNG"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is a PostScript drawing"),
    "MP4": (ftyp(b"isom", b"iso2", b"mp41"), "is a film .*save one of its frames as PNG"),
    "QuickTime": (ftyp(b"qt  "), "is a film"),
    "WebM": (b"\x1aE\xdf\xa3" + bytes(30), "is a film"),
    "MPEG": (b"\0\0\x01\xb3" + bytes(30), "is a film"),
    "AVI": (b"RIFF\x10\0\0\0AVI LIST", "is a film"),
    "web page": (b"<!DOCTYPE html>\n<html>", "is a web page, not a picture; save the picture itself"),
    "GIMP": (b"gimp xcf v011\0", "is a GIMP project"),
    "OpenEXR": (b"v/1\x01\x02\0\0\0", "is an OpenEXR"),
    "ZIP": (b"PK\x03\x04" + bytes(30), "is a ZIP archive"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(30), "is a picture in HDF5, which is not read here"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_well_known_formats_are_named(tmp_path, name):
    data, words = FOREIGN[name]
    (tmp_path / "a.jpg").write_bytes(data)
    for load in (load_image, load_opacity, load_settings):
        with pytest.raises(ImageError, match=words) as caught:
            load(tmp_path / "a.jpg")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{"subfiletype": 1}, {"extratags": [(50706, 1, 4, b"\1\4\0\0", True)]}])
def test_the_small_preview_in_a_raw_file_is_not_the_picture(options):
    """NEF, ARW and DNG are TIFFs that begin with a thumbnail."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((12, 16, 3), np.uint8), photometric="rgb", metadata=None, **options)
    with pytest.raises(ImageError, match=RAW):
        load_image(buffer.getvalue())


def test_canons_raw_files():
    data = bytearray(encoded(Image.new("RGB", (9, 9)), "TIFF"))
    assert load_image(bytes(data)).shape == (1, 3, 9, 9)
    data = b"II*\0\x10\0\0\0CR\x02\0" + bytes(4) + data[8:]
    with pytest.raises(ImageError):
        load_image(bytes(data))


def test_no_other_program_is_started(monkeypatch):
    monkeypatch.setattr("subprocess.Popen", None)
    for start in (b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xc5\xd0\xd3\xc6\x1e\0\0\0"):
        with pytest.raises(ImageError, match="is a PostScript drawing"):
            load_image(start + b"%%BoundingBox: 0 0 9 9\n%%EndComments\n")


class TestReading:
    """From files that are no files, and objects that fail."""

    @pytest.mark.skipif(sys.platform == "win32", reason="has no such devices")
    def test_a_device_without_an_end(self):
        for path in ("/dev/zero", "/dev/null"):
            with pytest.raises(ImageError, match=f"{path} is a device, not a picture"):
                load_image(path)

    def test_more_than_a_picture_can_have(self, tmp_path, monkeypatch):
        monkeypatch.setattr(decoding, "_LARGEST_FILE", 1000)
        monkeypatch.setattr(decoding, "_PART", 64)
        (tmp_path / "a.png").write_bytes(bytes(1001))
        endless = types.SimpleNamespace(read=bytes)
        for source in (tmp_path / "a.png", endless):
            with pytest.raises(ImageError, match=r"is too large: more than 1 kB; make it smaller"):
                load_image(source)
        data = encoded(Image.new("RGB", (4, 4), "red"))
        assert load_image(io.BytesIO(data)).shape == (1, 3, 4, 4)  # in parts

    def test_a_pipe(self):
        reader, writer = os.pipe()
        os.write(writer, encoded(Image.new("RGB", (4, 4), "red")))
        os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as file:
            assert load_image(file).shape == (1, 3, 4, 4)

    def test_objects_that_fail(self):
        closed = io.BytesIO(b"x")
        closed.close()
        none = types.SimpleNamespace(read=lambda count: None)
        for source, words in (
            (closed, "cannot read the picture: I/O operation on closed file"),
            (types.SimpleNamespace(read=lambda count: 1 // 0), "cannot read the picture: .*zero"),
            (none, "cannot read the picture: expected bytes, got NoneType"),
            (io.StringIO(""), "opened as text"),
        ):
            with pytest.raises(ImageError, match=words):
                load_image(source)


def test_pillows_own_warnings_are_not_passed_on():
    """Others are: what this package, or torch, has to say."""
    image = Image.new("P", (4, 4))
    image.info["transparency"] = b"\0\x10"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_image(image)
        with decoding.quiet():
            warnings.warn_explicit("odd", UserWarning, "a.py", 1, "PIL.TiffImagePlugin")
            warnings.warn_explicit("ours", UserWarning, "a.py", 1, "styletools.film")
    assert [str(warning.message) for warning in caught] == ["ours"]


def test_what_pillow_logs_is_not_printed():
    """In a process of its own, where nobody has set up logging."""
    program = (
        "import logging, styletools.pictures.decoding\n"
        "logging.getLogger('PIL.TiffImagePlugin').error('samples'); logging.getLogger('mine').error('kept')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "kept\n"


def test_every_public_name_is_there():
    for module in (decoding, foreign):
        assert all(hasattr(module, name) for name in module.__all__)
