"""Colour profiles whose effect is known."""

from __future__ import annotations

import struct

from PIL import ImageCms


def linear_grey() -> bytes:
    """Grey values that are linear light: 55/255 is shown as 128/255 in sRGB."""
    xyz = b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in (0.9642, 1, 0.8249))
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)  # no entries: the identity
    tags = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", 156, 20) + struct.pack(">4sII", b"kTRC", 176, 12)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 188)
    header[8:12], header[12:16], header[16:20], header[20:24] = b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ "
    header[36:40] = b"acsp"
    header[68:80] = xyz[8:20]
    return bytes(header) + tags + xyz + curve


def swapped() -> bytes:
    """SRGB with the primaries of red and blue exchanged."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    where = {bytes(data[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, blue = where[b"rXYZ"], where[b"bXYZ"]
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(data)
