from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import png
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from torch.testing import assert_close

from styletools import memory
from styletools.errors import ImageError, InputError
from styletools.pictures import images
from styletools.pictures.images import load_image, load_opacity, resize, to_pil, to_tensor, white_noise
from styletools.pictures.masks import load_mask
from styletools.pictures.procedural import procedural
from styletools.pictures.samples import sample
from styletools.pictures.saving import save_image

RED, GREEN, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def encoded(image: Image.Image, file_format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def pixel(tensor: torch.Tensor, x: int = 0, y: int = 0) -> list[float]:
    return tensor[0, :, y, x].tolist()


class TestSources:
    """A path, bytes, a file object, a PIL image, a name."""

    def test_all_the_same(self, tmp_path):
        image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 9, 3), dtype=np.uint8))
        data = encoded(image)
        path = tmp_path / "a picture.png"
        path.write_bytes(data)
        expected = load_image(image)
        assert expected.shape == (1, 3, 6, 9)
        for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data)):
            assert_close(load_image(source), expected)
        with path.open("rb") as file:
            assert_close(load_image(file), expected)

    def test_samples_by_name(self):
        assert_close(load_image("chelsea"), to_tensor(sample("chelsea")))
        assert load_image("dots", size=64).shape == (1, 3, 64, 64)

    def test_a_file_goes_before_a_sample(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        Image.new("RGB", (3, 2), "red").save("chelsea.png")
        Path("chelsea.png").rename("chelsea")
        assert load_image("chelsea").shape == (1, 3, 2, 3)

    def test_values(self):
        tensor = load_image(Image.new("RGB", (2, 2), (255, 0, 51)))
        assert tensor.dtype == torch.float32
        assert tensor.is_contiguous()
        assert_close(torch.tensor(pixel(tensor)), torch.tensor([1.0, 0.0, 0.2]))

    def test_the_source_is_not_changed(self):
        image = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
        load_image(image, size=4)
        assert (image.mode, image.size) == ("RGBA", (8, 8))


class TestModes:
    """Every mode that Pillow has becomes RGB."""

    @pytest.mark.parametrize(
        ("mode", "colour", "expected"),
        [
            ("1", 1, (1, 1, 1)),
            ("L", 51, (0.2, 0.2, 0.2)),
            ("LA", (0, 0), (1, 1, 1)),
            ("La", (0, 0), (1, 1, 1)),
            ("RGB", (0, 255, 0), GREEN),
            ("RGBX", (0, 255, 0, 0), GREEN),
            ("RGBA", (0, 0, 255, 255), BLUE),
            ("RGBA", (0, 0, 0, 0), (1, 1, 1)),
            ("RGBA", (255, 0, 0, 51), (1, 0.8, 0.8)),
            ("RGBa", (51, 0, 0, 51), (1, 0.8, 0.8)),
            ("CMYK", (0, 255, 255, 0), RED),
            ("HSV", (0, 255, 255), RED),
            ("YCbCr", (255, 128, 128), (1, 1, 1)),
            ("LAB", (255, 128, 128), (1, 1, 1)),
            ("I", 51, (0.2, 0.2, 0.2)),
            ("I", 13107, (0.2, 0.2, 0.2)),
            ("I", 65535, (1, 1, 1)),
            ("I;16", 13107, (0.2, 0.2, 0.2)),
            ("I;16L", 13107, (0.2, 0.2, 0.2)),
            ("I;16B", 13107, (0.2, 0.2, 0.2)),
            ("F", 0.2, (0.2, 0.2, 0.2)),
            ("F", 51.0, (0.2, 0.2, 0.2)),
            ("F", float("nan"), (0, 0, 0)),
        ],
    )
    def test_mode(self, mode, colour, expected):
        image = Image.new(mode, (4, 3), colour)
        tensor = load_image(image)
        assert tensor.shape == (1, 3, 3, 4)
        assert pixel(tensor) == pytest.approx(expected, abs=0.012)

    def test_palette_with_transparency(self):
        image = Image.new("P", (2, 1))
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.putpixel((1, 0), 1)
        tensor = load_image(encoded(image, transparency=1))
        assert pixel(tensor, 0) == [1, 0, 0]
        assert pixel(tensor, 1) == [1, 1, 1]

    def test_16_bit_file(self):
        values = np.linspace(0, 65535, 8).astype(np.uint16)[None]
        data = encoded(Image.fromarray(values))
        assert_close(load_image(data)[0, 0, 0], torch.linspace(0, 1, 8), atol=0.003, rtol=0)

    def test_exif_orientation(self):
        image = Image.new("RGB", (4, 2), "blue")
        image.putpixel((0, 0), (255, 0, 0))
        exif = image.getexif()
        exif[0x0112] = 6  # to be shown turned clockwise by 90°
        tensor = load_image(encoded(image, exif=exif))
        assert tensor.shape == (1, 3, 4, 2)
        assert pixel(tensor, x=1, y=0) == [1, 0, 0]

    @pytest.mark.parametrize("exif", [b"Exif\0\0garbage garbage", b"Exif\0\0MM\0*", b"nonsense"])
    @pytest.mark.parametrize("file_format", ["PNG", "WEBP", "JPEG"])
    def test_damaged_exif_is_passed_over(self, exif, file_format):
        data = encoded(Image.new("RGB", (4, 2), "blue"), file_format, exif=exif)
        assert load_image(data).shape == (1, 3, 2, 4)

    def test_first_frame_of_an_animation(self):
        frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "green", "blue")]
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
        assert pixel(load_image(data)) == [1, 0, 0]

    def test_profile_is_converted_to_srgb(self):
        """The same numbers in a wide profile are a stronger colour in sRGB."""
        lab = ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        image = Image.new("RGB", (2, 2), (200, 100, 50))
        same = load_image(encoded(image, icc_profile=ImageCms.ImageCmsProfile(srgb).tobytes()))
        assert pixel(same) == pytest.approx([200 / 255, 100 / 255, 50 / 255], abs=0.006)
        broken = load_image(encoded(image, icc_profile=b"not a profile"))
        assert pixel(broken) == pytest.approx([200 / 255, 100 / 255, 50 / 255])
        unfitting = load_image(encoded(image, icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()))
        assert pixel(unfitting) == pytest.approx([200 / 255, 100 / 255, 50 / 255])

    def test_a_profile_with_swapped_primaries_swaps_colours(self):
        """A real effect: red and blue primaries exchanged in the profile come out exchanged in the picture."""
        data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
        count = struct.unpack(">I", data[128:132])[0]
        where = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
        red, blue = where[b"rXYZ"], where[b"bXYZ"]
        data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
        red = Image.new("RGB", (2, 2), (255, 0, 0))
        for image in (red, red.convert("RGBA"), red.convert("P"), red.quantize(2)):
            tensor = load_image(encoded(image, icc_profile=bytes(data)))
            assert pixel(tensor) == pytest.approx([0, 0, 1], abs=0.02)


class TestSize:
    """The longer side, aspect kept."""

    @settings(max_examples=40)
    @given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 80))
    def test_as_documented(self, width, height, size):
        tensor = load_image(Image.new("RGB", (width, height)), size)
        longer, shorter = max(width, height), min(width, height)
        assert max(tensor.shape[2:]) == size
        assert min(tensor.shape[2:]) == max(1, round(shorter * size / longer))
        assert tensor.shape[3 if width >= height else 2] == size

    def test_down_is_an_average_not_a_choice_of_pixels(self):
        checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
        tensor = load_image(Image.fromarray(checks), size=8)
        assert (tensor - 0.5).abs().max() < 0.05

    @pytest.mark.parametrize("size", [0, -1, 2.5, True, "256"])
    def test_bad_size(self, size):
        with pytest.raises(InputError, match="size: expected a whole number of pixels, at least 1, got"):
            load_image("chelsea", size)

    def test_resize_keeps_the_range(self):
        checks = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(4, 4).expand(1, 3, 8, 8)
        larger = resize(checks, 13, 19)
        assert larger.shape == (1, 3, 13, 19)
        assert 0 <= larger.min() <= larger.max() <= 1
        assert resize(checks, 8, 8) is checks


class TestRefused:
    """One clear line, whatever is wrong."""

    def test_no_such_file(self, tmp_path):
        (tmp_path / "portrait.jpg").write_bytes(b"x")
        with pytest.raises(ImageError, match=r"no such file: .*potrait.jpg \(did you mean .*portrait.jpg\?\)"):
            load_image(tmp_path / "potrait.jpg")
        with pytest.raises(ImageError, match=r"no such file: starry_nigt \(did you mean starry_night\?\)"):
            load_image("starry_nigt")
        with pytest.raises(ImageError, match="there is no folder"):
            load_image(tmp_path / "nowhere" / "a.png")
        with pytest.raises(ImageError, match="download the picture first"):
            load_image("https://example.org/cat.jpg")

    def test_names_that_no_system_has(self):
        for name in ("x" * 5000, "a\0b"):
            with pytest.raises(ImageError, match=r"cannot read|no such file"):
                load_image(name)

    def test_a_folder(self, tmp_path):
        with pytest.raises(ImageError, match="is a folder, not a picture"):
            load_image(tmp_path)

    def test_not_a_picture(self, tmp_path):
        path = tmp_path / "notes.png"
        path.write_text("just words")
        with pytest.raises(ImageError, match=r"notes.png is not a picture"):
            load_image(path)

    def test_empty(self):
        with pytest.raises(ImageError, match="0 bytes"):
            load_image(b"")
        with pytest.raises(ImageError, match="its size is 0 × 5"):
            load_image(Image.new("RGB", (0, 5)))

    @pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
    @pytest.mark.parametrize("part", [0.95, 0.5, 0.1])
    def test_truncated(self, file_format, part):
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8))
        data = encoded(noise, file_format)
        with pytest.raises(ImageError) as caught:
            load_image(data[: int(len(data) * part)])
        assert "\n" not in str(caught.value)

    def test_decompression_bomb(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
        for side in (1100, 2000):  # Pillow warns of the first and refuses the second
            with pytest.raises(ImageError, match="too large: more than 1 million pixels"):
                load_image(encoded(Image.new("1", (side, side))))

    def test_a_header_that_promises_too_much(self):
        header = b"\x89PNG\r\n\x1a\n"
        body = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
        data = header + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + b"\0\0\0\0IDAT"
        with pytest.raises(ImageError, match="too large"):
            load_image(data)

    def test_other_types(self):
        with pytest.raises(ImageError, match="expected a path, bytes, a binary file object or a PIL image, got int"):
            load_image(3)  # type: ignore[arg-type]
        with pytest.raises(ImageError, match="opened as text"):
            load_image(io.StringIO("text"))  # type: ignore[arg-type]

    @settings(max_examples=60)
    @given(st.binary(min_size=1, max_size=80), st.sampled_from(["", "PNG", "JPEG", "GIF", "TIFF", "WEBP"]), st.data())
    def test_garbage_is_an_image_error_or_a_picture(self, junk, file_format, data):
        """Whatever the bytes, nothing but ImageError comes out."""
        if file_format:
            good = bytearray(encoded(Image.new("RGB", (9, 9), "teal"), file_format))
            at = data.draw(st.integers(0, len(good) - 1))
            good[at : at + len(junk)] = junk
            junk = bytes(good)
        message = ""
        try:
            image, opacity = load_image(junk), load_opacity(junk)
            assert image.shape[1] == 3
            assert opacity is None or opacity.shape[2:] == image.shape[2:]
        except ImageError as error:
            message = str(error)
        assert "\n" not in message


class TestOpacity:
    """What is transparent, whatever says so."""

    @pytest.mark.parametrize(
        ("mode", "half", "clear"),
        [
            ("RGBA", (255, 0, 0, 51), (0, 255, 0, 0)),
            ("RGBa", (51, 0, 0, 51), (0, 0, 0, 0)),
            ("LA", (90, 51), (90, 0)),
            ("La", (18, 51), (0, 0)),
        ],
    )
    def test_alpha_channel(self, mode, half, clear):
        image = Image.new(mode, (3, 2), half)
        image.putpixel((2, 1), clear)
        opacity = load_opacity(image)
        assert opacity.shape == (1, 1, 2, 3)
        assert opacity.dtype == torch.float32
        assert_close(opacity[0, 0], torch.tensor([[0.2, 0.2, 0.2], [0.2, 0.2, 0.0]]))

    def test_palette_with_an_alpha_channel(self):
        image = Image.new("PA", (2, 1))
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.putpixel((0, 0), (0, 255))
        image.putpixel((1, 0), (1, 51))
        assert_close(load_opacity(image).flatten(), torch.tensor([1.0, 0.2]))

    @pytest.mark.parametrize("transparency", [1, b"\xff\x00"])
    def test_palette_with_a_transparent_colour(self, transparency):
        image = Image.new("P", (2, 1))
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.putpixel((1, 0), 1)
        for data in (encoded(image, transparency=transparency), image):
            image.info["transparency"] = transparency
            assert load_opacity(data).flatten().tolist() == [1, 0]

    def test_palette_with_opacities(self):
        image = Image.new("P", (2, 1))
        image.putpalette([255, 0, 0, 0, 0, 255])
        image.putpixel((1, 0), 1)
        assert_close(load_opacity(encoded(image, transparency=b"\x33")).flatten(), torch.tensor([0.2, 1.0]))

    @pytest.mark.parametrize("grey", [True, False])
    @pytest.mark.parametrize("bits", [8, 16])
    def test_one_colour_is_transparent(self, grey, bits):
        values = [[value * (257 if bits == 16 else 1)] * (1 if grey else 3) for value in (10, 20, 30)]
        buffer = io.BytesIO()
        writer = png.Writer(3, 1, greyscale=grey, bitdepth=bits, transparent=values[1][0] if grey else tuple(values[1]))
        writer.write(buffer, [[channel for pixel in values for channel in pixel]])
        assert load_opacity(buffer.getvalue()).flatten().tolist() == [1, 0, 1]

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I", "I;16", "F", "LAB", "RGBX"])
    def test_none_where_nothing_can_be_transparent(self, mode):
        assert load_opacity(Image.new(mode, (4, 3))) is None

    def test_none_where_nothing_is(self):
        for image in (Image.new("RGBA", (4, 3), (1, 2, 3, 255)), Image.new("LA", (4, 3), (1, 255))):
            assert load_opacity(image) is None
            assert load_opacity(encoded(image), size=2) is None
        image = Image.new("L", (2, 2), 5)
        assert load_opacity(encoded(image, transparency=6)) is None

    def test_turned_as_the_picture_is(self):
        image = Image.new("RGBA", (4, 2), "blue")
        image.putpixel((0, 0), (255, 0, 0, 51))
        exif = image.getexif()
        exif[0x0112] = 6  # to be shown turned clockwise by 90°
        opacity = load_opacity(encoded(image, exif=exif))
        expected = torch.ones(1, 1, 4, 2)
        expected[..., 0, 1] = 0.2
        assert_close(opacity, expected)

    @pytest.mark.parametrize("size", [1, 5, 40])
    @pytest.mark.parametrize("shape", [(13, 20), (20, 13)])
    def test_of_the_size_of_the_picture(self, size, shape):
        alpha = np.zeros(shape, dtype=np.uint8)
        alpha[:, shape[1] // 2 :] = 255
        image = Image.new("RGB", shape[::-1], "red")
        image.putalpha(Image.fromarray(alpha))
        opacity = load_opacity(image, size)
        assert opacity.shape[2:] == load_image(image, size).shape[2:]
        assert 0 <= opacity.min() <= opacity.max() <= 1
        assert opacity.mean().item() == pytest.approx(0.5, abs=0.06)
        if size > 1:
            assert opacity[..., 0].max() < 0.05
            assert opacity[..., -1].min() > 0.95

    def test_it_is_what_load_image_lays_over_white(self):
        pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 4), dtype=np.uint8)
        image = Image.fromarray(pixels)
        colours, opacity = to_tensor(Image.fromarray(pixels[..., :3])), load_opacity(image)
        assert_close(load_image(image), colours * opacity + 1 - opacity, atol=0.006, rtol=0)

    def test_the_source_is_not_changed(self):
        image = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
        load_opacity(image, size=4)
        assert (image.mode, image.size) == ("RGBA", (8, 8))

    def test_refused_as_by_load_image(self, tmp_path):
        with pytest.raises(ImageError, match=r"no such file: starry_nigt \(did you mean starry_night\?\)"):
            load_opacity("starry_nigt")
        with pytest.raises(ImageError, match="is a folder, not a picture"):
            load_opacity(tmp_path)
        with pytest.raises(InputError, match="size: expected a whole number of pixels"):
            load_opacity("chelsea", 0)
        unfitting = Image.new("P", (2, 2))
        unfitting.info["transparency"] = "a word"
        for load, words in (
            (load_image, "cannot be turned into RGB"),
            (load_opacity, "transparency .* cannot be read"),
        ):
            with pytest.raises(ImageError, match=words):
                load(unfitting)


class TestMemory:
    """What does not fit is refused before it is made, and the line says what would."""

    @pytest.fixture(autouse=True)
    def a_small_machine(self, monkeypatch):
        monkeypatch.setattr(memory, "available", lambda: 5_000_000)

    def test_a_size(self):
        words = r"size: 1000000 pixels: would need 18\.6 TB of memory, and there are 5 MB; at most 510 fit"
        with pytest.raises(InputError, match=words) as caught:
            load_image(Image.new("RGB", (451, 300)), 10**6)
        assert "\n" not in str(caught.value)
        assert load_image(Image.new("RGB", (451, 300)), 480).shape == (1, 3, 319, 480)
        assert load_image(Image.new("L", (1000, 1)), 10_000).shape == (1, 3, 10, 10_000)  # the area counts

    @pytest.mark.parametrize("size", [10**6, 2**31, 10**30, np.int64(10**6)])
    def test_an_opacity(self, size):
        with pytest.raises(InputError, match=rf"size: {size} pixels: would need .* at most 420 fit"):
            load_opacity(Image.new("LA", (5, 5)), size)

    def test_a_picture_that_is_too_large_itself(self):
        data = encoded(Image.new("1", (1000, 1000)))
        for load in (load_image, load_opacity):
            with pytest.raises(ImageError, match=r"1000 × 1000 pixels: would .* at most 0.16 million pixels"):
                load(data, 8)

    def test_resize_and_noise(self):
        with pytest.raises(InputError, match=r"1000 × 2000 pixels: would need .* at most 450 × 910 fit"):
            white_noise(2000, 1000)
        with pytest.raises(InputError, match=r"3000 × 1000 pixels: would need .* at most 640 × 210 fit"):
            resize(torch.rand(1, 3, 4, 12), 1000, 3000)
        assert white_noise(np.int64(400), np.uint8(200)).shape == (1, 3, 400, 200)
        assert resize(torch.rand(1, 3, 4, 12), np.int64(100), np.int32(200)).shape == (1, 3, 100, 200)

    def test_drawings_and_masks(self):
        with pytest.raises(InputError, match=r"marble with 256 × 128 pixels: would need 33\.8 MB"):
            procedural("marble", (256, 128))
        with pytest.raises(InputError, match=r"mask: a mask of 300 × 300 pixels: would need .* at most 204 × 204 fit"):
            load_mask(torch.zeros(300, 300, dtype=torch.int64), torch.rand(1, 3, 30, 30))

    def test_where_nobody_knows(self, monkeypatch):
        monkeypatch.setattr(memory, "available", lambda: None)
        for size in (10**10, 10**30):
            with pytest.raises(InputError, match=r"pixels are too many: .*; take fewer"):
                load_image(Image.new("RGB", (5, 5)), size)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's own files")
def test_the_estimate_is_of_what_is_taken():
    """In a process of its own: not much less than is taken, and not twice as much."""
    program = (
        "import styletools.pictures.images as images; from pathlib import Path; from PIL import Image\n"
        "status = lambda name: int(Path('/proc/self/status').read_text().split(name + ':')[1].split()[0]) * 1024\n"
        "image = Image.new('RGB', (90, 60)); images.load_image(image, 64); before = status('VmRSS')\n"
        "images.load_image(image, 4500); print((status('VmHWM') - before) / (images._PER_PIXEL * 4500 * 3000))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 0.5 < float(done.stdout) < 1.1


def test_whole_numbers_of_numpy_are_whole_numbers():
    assert load_image("chelsea", np.int64(64)).shape == (1, 3, 43, 64)
    assert load_image("chelsea", np.uint8(255)).shape == (1, 3, 170, 255)  # no overflow in 451 · 255
    assert torch.equal(white_noise(np.int32(4), 4, np.uint8(3)), white_noise(4, 4, 3))
    drawn = procedural("dots", np.int64(64), np.int32(1))
    assert drawn.tobytes() == procedural("dots", 64, 1).tobytes()
    assert procedural("dots", (np.int16(64), 32)).size == (64, 32)


@pytest.mark.parametrize("side", [0, -1, 2.5, True, "256", None])
def test_bad_sides(side):
    with pytest.raises(InputError, match="height: expected a whole number, at least 1, got"):
        white_noise(side, 4)
    with pytest.raises(InputError, match="width: expected a whole number, at least 1, got"):
        resize(torch.rand(1, 3, 4, 4), 5, side)


def test_pil_round_trip():
    image = sample("chelsea")
    assert to_pil(to_tensor(image)).tobytes() == image.tobytes()


class TestWhiteNoise:
    """Real noise, not grey (trap 5)."""

    def test_covers_the_range(self):
        noise = white_noise(100, 120)
        assert noise.shape == (1, 3, 100, 120)
        assert noise.min() < 0.01
        assert noise.max() > 0.99
        assert noise.std().item() == pytest.approx(12**-0.5, rel=0.02)

    def test_is_white(self):
        noise = white_noise(200, 200) - 0.5
        neighbours = (noise[..., 1:] * noise[..., :-1]).mean() / noise.var()
        assert abs(neighbours) < 0.02

    @pytest.mark.parametrize("seed", [-1, 1.5, 10**30, True, "1"])
    def test_bad_seed(self, seed):
        with pytest.raises(InputError, match="seed: expected a whole number"):
            white_noise(4, 4, seed)

    def test_seed(self):
        assert_close(white_noise(8, 8, seed=3), white_noise(8, 8, seed=3))
        assert not torch.equal(white_noise(8, 8, seed=3), white_noise(8, 8, seed=4))


def test_every_public_name_is_there():
    assert all(hasattr(images, name) for name in images.__all__)


def test_floats_a_little_over_one_are_not_taken_for_eight_bits():
    values = np.linspace(0, 1.02, 64, dtype=np.float32).reshape(8, 8)
    found = load_image(Image.fromarray(values))
    torch.testing.assert_close(found[0, 0], torch.from_numpy(values.clip(0, 1)), rtol=0, atol=2 / 255)


def test_floats_that_are_no_numbers():
    bits = np.array([[0x7F800001, 0x7FC00000, 0x7F800000, 0xFF800000, 0x3F800000]], np.uint32)  # the first signals
    assert load_image(Image.fromarray(bits.view(np.float32)))[0, 0].tolist() == [[0, 0, 1, 0, 1]]


def test_a_folder_named_like_a_sample_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chelsea").mkdir()
    assert load_image("chelsea").shape == (1, 3, 300, 451)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    sample("chelsea").save(tmp_path / "mine.png")
    assert load_image("~/mine.png").shape == (1, 3, 300, 451)
    save_image(torch.zeros(1, 3, 4, 4), "~/new.png")
    assert (tmp_path / "new.png").exists()
    with pytest.raises(ImageError, match="no such file: ~nobody-of-this-name"):
        load_image("~nobody-of-this-name/mine.png")


def test_only_pictures_are_offered_in_place_of_a_missing_one(tmp_path):
    (tmp_path / "photograf.txt").write_text("")
    with pytest.raises(ImageError) as error:
        load_image(tmp_path / "photograph.png")
    assert "photograf" not in str(error.value).replace("photograph", "")
    sample("dots").save(tmp_path / "photograf.png")
    with pytest.raises(ImageError, match=r"did you mean .*photograf\.png"):
        load_image(tmp_path / "photograph.png")
