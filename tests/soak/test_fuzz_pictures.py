"""Damaged files of twenty formats: a picture or one line, in bounded time and memory, whatever the bytes.

A child process reads them, with little memory, so that a crash in a decoder is found as well. The same seed damages
the same files in the same way. STYLETOOLS_SOAK=1 runs the long form.

    python tests/soak/test_fuzz_pictures.py SEED COUNT [FIRST]
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin, features

from styletools.errors import StyletoolsError
from styletools.pictures.images import load_image, load_opacity
from styletools.pictures.masks import load_mask
from styletools.pictures.saving import load_settings, save_image

SHORT, LONG = 500, 20_000
SECONDS = 2.0  # of processor time, for each file and each way to read it
MEGABYTES = 400  # more than before, for any of them
PIXELS = 2_000_000  # Pillow's limit while this runs: time and memory go with it
# What libtiff itself says of a damaged TIFF on standard error: Pillow offers no way to stop it. Of no other decoder.
LIBTIFF = re.compile(r"MissingRequired: |_?TIFF\w+: |\w+(Decode\w*|Setup\w*): |tempfile\.tif: |\S+: (Warning|Error)")
EXTREME = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 1000, 30_000]


def encoded(image: Image.Image, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def saved(ending: str, bits: int = 8, opacity: bool = False) -> bytes:
    """As this package writes it, with settings inside."""
    picture = torch.linspace(0, 1, 3 * 20 * 30).view(1, 3, 20, 30)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{ending}"
        save_image(picture, path, {"seed": 0, "words": ["α"]}, bits=bits, opacity=picture[:, :1] if opacity else None)
        return path.read_bytes()


def originals() -> dict[str, bytes]:
    """Small good files: what they hold matters less than that all their parts are there."""
    shades = np.random.default_rng(0).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    shades[5:15] = 128
    rgba = Image.fromarray(shades)
    rgb, grey = rgba.convert("RGB"), rgba.convert("L")
    deep = Image.fromarray((shades[..., 0].astype(np.uint16) << 8) + 7)
    frames = [rgb, rgb.rotate(180), rgb.rotate(90)]
    film = {"save_all": True, "append_images": frames[1:]}
    exif = rgb.getexif()
    exif[0x0112], exif[0x010E] = 6, "words"
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("styletools", '{"seed": 0}', zip=True)
    texts.add_text("comment", "words", zip=True)
    profile = linear()
    files = {
        "png": saved(".png"),
        "png 16": saved(".png", 16, opacity=True),
        "png texts": encoded(rgba, "PNG", pnginfo=texts, exif=exif, icc_profile=profile),
        "png palette": encoded(rgb.quantize(16), "PNG", transparency=3, icc_profile=profile),
        "png grey 16": encoded(deep, "PNG", transparency=7),
        "apng": encoded(rgba, "PNG", save_all=True, append_images=[rgba.rotate(90)]),
        "jpeg": saved(".jpg"),
        "jpeg exif": encoded(rgb, "JPEG", exif=exif, icc_profile=profile, progressive=True, comment=b'{"seed": 0}'),
        "jpeg cmyk": encoded(rgb.convert("CMYK"), "JPEG"),
        "mpo": encoded(rgb, "MPO", **film),
        "gif": encoded(rgb.quantize(16), "GIF", transparency=2, comment=b'{"seed": 0}'),
        "gif film": encoded(rgb, "GIF", **film),
        "bmp": encoded(rgb, "BMP"),
        "bmp palette": encoded(rgb.quantize(16), "BMP"),
        "tiff": saved(".tif"),
        "tiff 16": saved(".tif", 16, opacity=True),
        "tiff lzw": encoded(rgba, "TIFF", compression="tiff_lzw", exif=exif, icc_profile=profile),
        "tiff cmyk": encoded(rgb.convert("CMYK"), "TIFF"),
        "tiff float": encoded(Image.fromarray(shades[..., 0].astype(np.float32)), "TIFF"),
        "webp": encoded(rgba, "WEBP", exif=exif, icc_profile=profile),
        "webp film": encoded(rgb, "WEBP", **film),
        "ppm": encoded(rgb, "PPM"),
        "pgm": encoded(grey, "PPM"),
        "ico": encoded(rgba.resize((32, 32)), "ICO"),
        "icns": encoded(rgba.resize((32, 32)), "ICNS"),
        "tga": encoded(rgba, "TGA", compression="tga_rle"),
        "dds": encoded(rgba, "DDS"),
        "pcx": encoded(rgb, "PCX"),
        "sgi": encoded(rgb, "SGI"),
    }
    if features.check("jpg_2000"):
        files["jpeg 2000"] = encoded(rgb, "JPEG2000")
        files["jpeg 2000 grey"] = encoded(grey.convert("LA"), "JPEG2000", irreversible=True)
    if features.check("avif"):
        files["avif"] = encoded(rgba, "AVIF", exif=exif)
        files["avif film"] = encoded(rgb, "AVIF", **film)
    return files


def linear() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def flip(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    """A number in the header, most often, becomes an extreme one."""
    size, order = chance.choice([1, 2, 4]), chance.choice("<>")
    at = chance.randrange(min(len(data), chance.choice([64, 64, 256, 10**9])))
    value = chance.choice(EXTREME) & (256**size - 1)
    data[at : at + size] = struct.pack(f"{order}{ {1: 'B', 2: 'H', 4: 'I'}[size] }", value)


def cut(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    del data[chance.randrange(len(data)) :]


def remove(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice([1, 2, 4, 8, 100])]


def insert(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    count = chance.choice([1, 2, 4, 100, 5000])
    data[at:at] = chance.choice([bytes, chance.randbytes])(count)


def repeat(data: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.choice([4, 20, 200])] * chance.choice([1, 3, 50])


def splice(data: bytearray, chance: random.Random, others: list[bytes]) -> None:
    other = chance.choice(others)
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


WAYS: list[Callable[[bytearray, random.Random, list[bytes]], None]] = [
    flip,
    overwrite,
    overwrite,
    cut,
    remove,
    insert,
    repeat,
    splice,
]


def damaged(files: dict[str, bytes], seed: int, index: int) -> tuple[str, bytes]:
    """The same file for the same numbers."""
    chance = random.Random(f"{seed} {index}")
    name = sorted(files)[index % len(files)]
    data = bytearray(files[name])
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        if data:
            chance.choice(WAYS)(data, chance, list(files.values()))
    if name.startswith(("png", "apng")) and chance.random() < 0.8:
        data = right_sums(bytes(data))  # else nearly all end at the first chunk that was touched
    return name, bytes(data)


def right_sums(data: bytes) -> bytearray:
    """A PNG whose chunks have the right checksums again."""
    fixed, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + length]
        fixed += data[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return fixed + data[at:]


def peak() -> float:
    """Megabytes, of this process since it began."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path("/proc/self/status").read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) / 1024
    return 0.0


def read_all(seed: int, count: int, first: int) -> dict[str, object]:
    """Damage files and read each in four ways; what goes wrong is listed."""
    Image.MAX_IMAGE_PIXELS = PIXELS
    files = originals()
    picture = torch.rand(1, 3, 20, 30)
    wrong: list[str] = []
    outcomes = {"a picture": 0, "one line": 0}
    slowest, where = 0.0, ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.png"
        ways = {
            "load_image": lambda: load_image(path),
            "load_opacity": lambda: load_opacity(path),
            "load_mask": lambda: load_mask(path, picture),
            "load_settings": lambda: load_settings(path),
        }
        for data in files.values():
            path.write_bytes(data)
            for way in ("load_image", "load_opacity"):
                ways[way]()  # the good file, and each plugin is there
        with limited_memory():
            before = peak()
            for index in range(first, first + count):
                name, data = damaged(files, seed, index)
                path.write_bytes(data)
                print(index, file=sys.stderr, flush=True)  # the last one, if this process does not come back
                for way, read in ways.items():
                    start = time.process_time()
                    problem = outcome(read, outcomes)
                    seconds = time.process_time() - start
                    if seconds > slowest:
                        slowest, where = seconds, f"{way} of {name}, {index}"
                    if problem or seconds > SECONDS:
                        wrong.append(f"{way} of {name}, {index}: {problem or f'{seconds:.1f} s'}")
    return {"kinds": len(files), "wrong": wrong, "slowest": slowest, "where": where, "MB": peak() - before, **outcomes}


def outcome(read: Callable[[], object], outcomes: dict[str, int]) -> str:
    """What is wrong with how a file was read, or nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = read()
        outcomes["a picture"] += 1
        if isinstance(found, torch.Tensor) and not (found.min() >= 0 and found.max() <= 1):
            return "values outside [0, 1]"
    except StyletoolsError as error:
        outcomes["one line"] += 1
        words = str(error)
        if not words or len(words) > 600 or not words.isprintable():
            return f"not one line: {words[:300]!r}"
    except BaseException as error:  # that is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    return ""


@contextlib.contextmanager
def limited_memory():
    """As much more as a small machine has; where it can be limited."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    except (ImportError, OSError):
        yield
        return
    old = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + 2_000_000_000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, old)


def in_a_child(seed: int, count: int, timeout: float) -> dict[str, object]:
    command = [sys.executable, "-X", "faulthandler", __file__, str(seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, errors="replace")
    assert done.returncode == 0, done.stderr[-2000:]
    noise = [line for line in done.stderr.splitlines() if line and not line.isdigit()]
    assert not [line for line in noise if not LIBTIFF.match(line)], noise[:10]
    return json.loads(done.stdout)


def check(found: dict[str, object]) -> None:
    assert found["wrong"] == []
    assert found["a picture"] > 0
    assert found["one line"] > 0
    assert found["MB"] < MEGABYTES


def test_damaged_files():
    check(in_a_child(1, SHORT, timeout=300))


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("STYLETOOLS_SOAK") != "1", reason="the long form: STYLETOOLS_SOAK=1")
def test_many_damaged_files(capsys):
    start = time.monotonic()
    found = in_a_child(2, LONG, timeout=7200)
    with capsys.disabled():
        print(
            f"\n{LONG} damaged files of {found['kinds']} kinds, each read in four ways: {found['a picture']} read, "
            f"{found['one line']} refused, {len(found['wrong'])} wrong; slowest {found['slowest']:.2f} s "
            f"({found['where']}), at most {found['MB']:.0f} MB more; {time.monotonic() - start:.0f} s in all"
        )
    check(found)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    print(json.dumps(read_all(*(numbers if len(numbers) == 3 else [*numbers, 0]))))
