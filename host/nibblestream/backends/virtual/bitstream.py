"""A stand-in for a bitstream: a .bit file whose payload is a geometry and a hardware handoff.

A real bitstream determines the hardware, and the .hwh beside it only describes it. Likewise the
virtual board is built from the .bit, while `pynq` reads the .hwh.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Final

from ... import spec
from ...geometry import Geometry

_MAGIC: Final = bytes.fromhex("0ff00ff00ff00ff000")
_DATE: Final = (b"2000/01/01", b"00:00:00")


def write(folder: Path, handoff: Path, part: str, geometry: Geometry) -> Path:
    """Write a .bit, with its .hwh beside it, and return the path of the .bit."""
    bit = folder / f"{spec.OVERLAY}.bit"
    text = handoff.read_bytes()
    data = zlib.compress(f"{geometry}\n".encode() + text)
    data = struct.pack(">I", len(data)) + data
    data += bytes(-len(data) % 4)
    fields = (f"{spec.OVERLAY};UserID=0XFFFFFFFF".encode(), part.encode(), *_DATE)
    header = struct.pack(">H", len(_MAGIC)) + _MAGIC + struct.pack(">H", 1)
    for key, field in zip(b"abcd", fields, strict=True):
        header += struct.pack(">BH", key, len(field) + 1) + field + b"\0"
    bit.write_bytes(header + b"e" + struct.pack(">I", len(data)) + data)
    bit.with_suffix(".hwh").write_bytes(text)
    return bit


def read(bit: Path) -> tuple[Geometry, bytes]:
    """Return a .bit's geometry and handoff; raise ValueError if it is not of a virtual board."""
    content = bit.read_bytes()
    at = 2 + len(_MAGIC) + 2
    while content[at : at + 1] in (b"a", b"b", b"c", b"d"):
        at += 3 + struct.unpack_from(">H", content, at + 1)[0]
    try:
        (size,) = struct.unpack_from(">I", content, at + 5)
        line, _, text = zlib.decompress(content[at + 9 : at + 9 + size]).partition(b"\n")
        return Geometry.parse(line.decode()), text
    except (struct.error, zlib.error):
        raise ValueError(f"{bit}: not a bitstream of a virtual board") from None
