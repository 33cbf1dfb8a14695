from __future__ import annotations

from pathlib import Path

import numpy as np
import png
import pytest
import tifffile
import torch
from PIL import Image, PngImagePlugin
from torch.testing import assert_close

from styletools.errors import ImageError, InputError
from styletools.pictures import saving
from styletools.pictures.images import load_image, load_opacity, resize, to_pil
from styletools.pictures.saving import check_target, load_settings, save_image

FORMATS = [(".png", 8), (".png", 16), (".tif", 8), (".tiff", 16), (".jpg", 8)]
LOSSLESS = FORMATS[:-1]


def stored(path: Path) -> np.ndarray:
    """The integers in a file, (H, W, C), read by the library of its format."""
    if path.suffix.startswith(".tif"):
        return tifffile.imread(path)
    width, height, rows, info = png.Reader(bytes=path.read_bytes()).read()
    return np.array([list(row) for row in rows]).reshape(height, width, info["planes"])


def chunks(path: Path) -> list[tuple[bytes, bytes]]:
    return list(png.Reader(bytes=path.read_bytes()).chunks())


class TestSave:
    """Whole or not at all."""

    picture = torch.rand(1, 3, 10, 14, generator=torch.Generator().manual_seed(0))

    def test_png_keeps_every_pixel(self, tmp_path):
        save_image(self.picture, tmp_path / "a.png")
        assert_close(load_image(tmp_path / "a.png"), (self.picture * 255).round() / 255)

    def test_a_jpeg_of_lower_quality_is_smaller(self, tmp_path):
        for quality in (60, 95):
            save_image(load_image("chelsea", 128), tmp_path / f"{quality}.jpg", {"seed": 1}, quality=quality)
        assert (tmp_path / "60.jpg").stat().st_size < 0.5 * (tmp_path / "95.jpg").stat().st_size
        assert load_settings(tmp_path / "60.jpg") == {"seed": 1}

    def test_jpeg_is_close(self, tmp_path):
        smooth = resize(self.picture, 80, 112)
        save_image(smooth[0], tmp_path / "a.JPG")
        assert (load_image(tmp_path / "a.JPG") - smooth).abs().mean() < 0.02

    @pytest.mark.parametrize("opacity", [None, torch.full((1, 1, 10, 14), 0.5)])
    @pytest.mark.parametrize(("ending", "bits"), FORMATS)
    def test_settings_travel_in_the_file(self, tmp_path, ending, bits, opacity):
        path = tmp_path / f"a{ending}"
        settings = {"alpha": 1.0, "layers": {"conv1_1": 0.2}, "words": "α × β, “quotes”, \n, 🖼"}
        save_image(self.picture, path, settings, bits=bits, opacity=opacity)
        assert load_settings(path) == settings

    def test_no_settings(self, tmp_path):
        names = [f"a{bits}{ending}" for ending, bits in FORMATS]
        for name, (_, bits) in zip(names, FORMATS, strict=True):
            save_image(self.picture, tmp_path / name, bits=bits)
        Image.new("RGB", (2, 2)).save(tmp_path / "b.jpg", comment="a holiday")
        Image.new("RGB", (2, 2)).save(tmp_path / "c.tif", description="a holiday")
        Image.new("RGB", (2, 2)).save(tmp_path / "d.tif", description="[1, 2]")
        for name in (*names, "b.jpg", "c.tif", "d.tif"):
            with pytest.raises(ImageError, match="holds no settings"):
                load_settings(tmp_path / name)

    @pytest.mark.parametrize(("ending", "bits"), FORMATS)
    def test_the_old_file_survives_a_failed_write(self, tmp_path, monkeypatch, ending, bits):
        path = tmp_path / f"a{ending}"
        save_image(self.picture, path, bits=bits)
        before = path.read_bytes()

        def full(file_descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("styletools.files.os.fsync", full)
        with pytest.raises(ImageError, match=r"cannot write .*a\.\w+: No space left on device"):
            save_image(1 - self.picture, path, bits=bits)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_refused_targets(self, tmp_path):
        with pytest.raises(ImageError, match=r"must end in .png, .jpg, .jpeg, .tif, .tiff, not '.bmp'"):
            save_image(self.picture, tmp_path / "a.bmp")
        with pytest.raises(ImageError, match=r"must end in .* not ''"):
            save_image(self.picture, tmp_path / "picture")
        with pytest.raises(ImageError, match="there is no folder"):
            save_image(self.picture, tmp_path / "missing" / "a.png")
        (tmp_path / "folder.png").mkdir()
        with pytest.raises(ImageError, match="it is a folder"):
            save_image(self.picture, tmp_path / "folder.png")
        with pytest.raises(ImageError, match="cannot write"):
            save_image(self.picture, "x" * 5000 + ".png")

    def test_refused_pictures(self, tmp_path):
        for bad, words in (
            (self.picture * 255, r"expected values in \[0, 1\], got .* scale or clamp"),
            (self.picture * float("nan"), r"expected values in \[0, 1\], got nan"),
            (self.picture.expand(2, -1, -1, -1), "image: expected one picture, got a batch of 2"),
            (self.picture[:, :2], r"expected shape \(B, 3, H, W\), got \(1, 2, 10, 14\)"),
            ((self.picture * 255).byte(), "expected floats"),
            ("a.png", "expected a tensor"),
        ):
            with pytest.raises(InputError, match=words):
                save_image(bad, tmp_path / "a.png")
        assert list(tmp_path.iterdir()) == []

    def test_three_dimensions_will_do(self, tmp_path):
        for bits in (8, 16):
            save_image(self.picture[0], tmp_path / "a.png", bits=bits)
            save_image(self.picture, tmp_path / "b.png", bits=bits)
            assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()

    def test_a_picture_with_a_gradient_in_any_precision(self, tmp_path):
        for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
            image = torch.full((1, 3, 2, 2), 0.5, dtype=kind, requires_grad=True)
            for ending, bits in FORMATS:
                save_image(image, tmp_path / f"a{ending}", bits=bits, opacity=torch.ones(1, 1, 2, 2))
                assert_close(load_image(tmp_path / f"a{ending}"), torch.full((1, 3, 2, 2), 128 / 255))


class TestBits:
    """The integers in the file are the nearest ones."""

    picture = torch.rand(1, 3, 10, 14, generator=torch.Generator().manual_seed(1))

    @pytest.mark.parametrize(("ending", "bits"), LOSSLESS)
    def test_values_by_hand(self, tmp_path, ending, bits):
        top = 2**bits - 1
        image = torch.tensor([0.0, 0.2, 1.0, 0.25, 0.4 / top, 0.6 / top], dtype=torch.float64).view(1, 3, 1, 2)
        path = tmp_path / f"a{ending}"
        save_image(image, path, bits=bits)
        reds, greens, blues = [0, top // 5], [top, round(top / 4)], [0, 1]
        assert stored(path).tolist() == [[list(pixel) for pixel in zip(reds, greens, blues, strict=True)]]

    @pytest.mark.parametrize(("ending", "bits"), LOSSLESS)
    @pytest.mark.parametrize("shape", [(10, 14), (1, 1), (1, 14), (10, 1), (3, 4)])
    def test_every_value(self, tmp_path, ending, bits, shape):
        image, path = self.picture[..., : shape[0], : shape[1]], tmp_path / f"a{ending}"
        save_image(image, path, bits=bits)
        expected = (image[0].permute(1, 2, 0).numpy().astype(np.float64) * (2**bits - 1)).round()
        assert (stored(path) == expected).all()
        assert stored(path).max() < 2**bits

    @pytest.mark.parametrize(("ending", "kind"), [(".png", int), (".tif", np.uint16)])
    def test_16_bits_come_back(self, tmp_path, ending, kind):
        """All 65536 values, so no byte is lost or exchanged."""
        image = torch.linspace(0, 1, 65536, dtype=torch.float64).view(1, 1, 256, 256).repeat(1, 3, 1, 1)
        path = tmp_path / f"a{ending}"
        save_image(image, path, bits=16)
        values = stored(path)
        assert values.dtype == kind
        for channel in range(3):
            assert (values[..., channel].ravel() == np.arange(65536)).all()

    def test_values_a_little_outside_are_taken_to_the_ends(self, tmp_path):
        image = torch.tensor([-0.0005, 1.0005, 0.0]).view(1, 3, 1, 1)
        for ending, bits in LOSSLESS:
            save_image(image, tmp_path / f"a{ending}", bits=bits)
            assert stored(tmp_path / f"a{ending}").ravel().tolist() == [0, 2**bits - 1, 0]

    def test_eight_bits_are_those_of_to_pil(self, tmp_path):
        for ending in (".png", ".tif"):
            save_image(self.picture, tmp_path / f"a{ending}")
            assert (stored(tmp_path / f"a{ending}") == np.asarray(to_pil(self.picture))).all()

    @pytest.mark.parametrize(("ending", "bits"), LOSSLESS)
    def test_load_image_reads_them(self, tmp_path, ending, bits):
        save_image(self.picture, tmp_path / f"a{ending}", bits=bits)
        assert_close(load_image(tmp_path / f"a{ending}"), self.picture, atol=1.01 / 255, rtol=0)
        assert load_opacity(tmp_path / f"a{ending}") is None

    def test_settings_are_in_the_chunk_that_pillow_writes(self, tmp_path):
        settings = {"words": "α ×"}
        for bits in (8, 16):
            save_image(self.picture, tmp_path / f"{bits}.png", settings, bits=bits)
        info = PngImagePlugin.PngInfo()
        info.add_itxt("styletools", '{"words": "α ×"}')
        to_pil(self.picture).save(tmp_path / "pillow.png", pnginfo=info)
        (expected,) = (chunk for chunk in chunks(tmp_path / "pillow.png") if chunk[0] == b"iTXt")
        for bits in (8, 16):
            kinds = [kind for kind, _ in chunks(tmp_path / f"{bits}.png")]
            assert (kinds[0], kinds[1], kinds[-1]) == (b"IHDR", b"iTXt", b"IEND")
            assert chunks(tmp_path / f"{bits}.png")[1] == expected

    def test_a_tiff_says_what_it_is(self, tmp_path):
        flat = torch.full((1, 3, 100, 100), 0.3)
        for bits in (8, 16):
            save_image(flat, tmp_path / "a.tif", {"words": "α ×"}, bits=bits, opacity=torch.full((1, 1, 100, 100), 0.5))
            with tifffile.TiffFile(tmp_path / "a.tif") as file:
                (page,) = file.pages
                assert page.photometric == tifffile.PHOTOMETRIC.RGB
                assert page.bitspersample == bits
                assert page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)
                assert page.description == r'{"words": "\u03b1 \u00d7"}'
            assert (tmp_path / "a.tif").stat().st_size < 3000  # compressed

    @pytest.mark.parametrize(
        ("ending", "bits", "expected"),
        [
            (".png", 8, "PNG"),
            (".PNG", 16, "PNG"),
            (".tif", 8, "TIFF"),
            (".TIFF", 16, "TIFF"),
            (".jpeg", 8, "JPEG"),
            (".Jpg", 8, "JPEG"),
        ],
    )
    def test_endings(self, tmp_path, ending, bits, expected):
        path = tmp_path / f"a{ending}"
        assert check_target(path, bits) == expected
        save_image(self.picture, path, bits=bits)
        with Image.open(path) as image:
            assert image.format == expected

    @pytest.mark.parametrize("bits", [0, 1, 12, 32, "16", None, True])
    def test_other_bits(self, tmp_path, bits):
        with pytest.raises(InputError, match=f"bits: expected 8 or 16, got {bits!r}"):
            check_target(tmp_path / "a.png", bits)
        with pytest.raises(InputError, match="bits: expected 8 or 16"):
            save_image(self.picture, tmp_path / "a.png", bits=bits)
        assert list(tmp_path.iterdir()) == []

    def test_a_jpeg_has_8(self, tmp_path):
        for name in ("a.jpg", "a.JPEG"):
            with pytest.raises(ImageError, match=r"16 bits: a JPEG has 8 bits; take .png or .tif$"):
                check_target(tmp_path / name, 16)
            with pytest.raises(ImageError, match="a JPEG has 8 bits"):  # before the picture is looked at
                save_image(None, tmp_path / name, bits=16)  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []


class TestOpacity:
    """An alpha channel where the format has one, white where it has not."""

    picture = torch.rand(1, 3, 10, 14, generator=torch.Generator().manual_seed(2))
    opacity = torch.rand(1, 1, 10, 14, generator=torch.Generator().manual_seed(3))

    @pytest.mark.parametrize(("ending", "bits"), LOSSLESS)
    def test_round_trip(self, tmp_path, ending, bits):
        path, top = tmp_path / f"a{ending}", 2**bits - 1
        save_image(self.picture, path, bits=bits, opacity=self.opacity)
        values = stored(path)
        both = torch.cat([self.picture, self.opacity], 1)[0].permute(1, 2, 0).numpy()
        assert (values == (both.astype(np.float64) * top).round()).all()  # the colours are not multiplied by it
        assert_close(load_opacity(path), self.opacity, atol=1.01 / 255, rtol=0)
        over_white = self.picture * self.opacity + 1 - self.opacity
        assert_close(load_image(path), over_white, atol=2.5 / 255, rtol=0)

    @pytest.mark.parametrize(("ending", "bits"), LOSSLESS)
    def test_the_ends(self, tmp_path, ending, bits):
        opacity = (self.opacity > 0.5).float()
        save_image(self.picture, tmp_path / f"a{ending}", bits=bits, opacity=opacity)
        assert torch.equal(load_opacity(tmp_path / f"a{ending}"), opacity)

    @pytest.mark.parametrize(("ending", "bits"), FORMATS)
    def test_opaque_everywhere(self, tmp_path, ending, bits):
        save_image(self.picture, tmp_path / f"a{ending}", bits=bits, opacity=torch.ones_like(self.opacity))
        save_image(self.picture, tmp_path / f"b{ending}", bits=bits)
        assert load_opacity(tmp_path / f"a{ending}") is None
        assert torch.equal(load_image(tmp_path / f"a{ending}"), load_image(tmp_path / f"b{ending}"))

    def test_a_jpeg_is_laid_over_white(self, tmp_path):
        red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).repeat(1, 1, 16, 48)
        opacity = torch.tensor([0.0, 0.2, 1.0]).repeat_interleave(16).expand(1, 1, 16, 48)
        save_image(red, tmp_path / "a.jpg", {"seed": 1}, opacity=opacity)
        image = load_image(tmp_path / "a.jpg")
        for x, expected in ((8, (1, 1, 1)), (24, (1, 0.8, 0.8)), (40, (1, 0, 0))):
            assert image[0, :, 8, x].tolist() == pytest.approx(expected, abs=0.02)
        with Image.open(tmp_path / "a.jpg") as file:
            assert file.mode == "RGB"
        assert load_settings(tmp_path / "a.jpg") == {"seed": 1}

    @pytest.mark.parametrize(("ending", "bits"), FORMATS)
    def test_refused(self, tmp_path, ending, bits):
        for bad, words in (
            (self.opacity[..., 1:], r"opacity: expected shape \(1, 1, 10, 14\) as the picture, got \(1, 1, 10, 13\)"),
            (self.opacity[0], "opacity: expected shape"),
            (self.picture, "opacity: expected shape"),
            (self.opacity + 0.5, r"opacity: expected values in \[0, 1\], got 0.5.* clamp"),
            (self.opacity * float("nan"), r"opacity: expected values in \[0, 1\], got nan"),
            (self.opacity > 0.5, r"opacity: expected floats in \[0, 1\], got torch.bool"),
            (0.5, r"opacity: expected a tensor \(1, 1, 10, 14\), got float"),
        ):
            with pytest.raises(InputError, match=words):
                save_image(self.picture, tmp_path / f"a{ending}", bits=bits, opacity=bad)
        assert list(tmp_path.iterdir()) == []


def test_every_public_name_is_there():
    assert all(hasattr(saving, name) for name in saving.__all__)
