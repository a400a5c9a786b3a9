"""Files of rows: a letter for the suffix, then a .csv, .npy or .npz file."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from mutation import flipped, number
from trial import scratch

from nibblestream.predict import reading, table, writing

REFUSALS = (ValueError,)
SUFFIXES = {b"c": ".csv", b"n": ".npy", b"z": ".npz"}
FIELDS = ("", "1", "-2.5", "1e400", "nan", "inf", "0x10", "1_0", "x", '"', '"3"', "#", "\0", "٣",
          "9" * 400, ";", "\t", "\r", "\n", "1e-400")  # fmt: skip
HEADERS = (b"'<f8'", b"'|O'", b"'<U9'", b"'<M8[s]'", b"'>i2'", b"'|V0'", b"'|b1'", b"True", b"None",
           b"(3,)", b"()", b"(0, 3)", b"(-1, 3)", b"(4294967296, 4294967296)", b"(2, 'x')",
           b"'<f16'", b"[('a', '<f8')]", b"((((((", b"9" * 5000)  # fmt: skip
_STEM = scratch() / "rows"


def seeds() -> list[bytes]:
    """Return tables with and without a heading, and arrays."""
    rows = np.random.default_rng(4).normal(0, 1, (4, 3))
    single, several = io.BytesIO(), io.BytesIO()
    np.save(single, rows)
    np.savez(several, y=rows.astype(np.float32))
    lines = io.StringIO()
    table.write(lines, rows)
    return [
        b"c" + lines.getvalue().encode(),
        b"ca;b\n# seen\n1;2\n\n-3.5;4e2\n",
        b"n" + single.getvalue(),
        b"z" + several.getvalue(),
    ]


def mutate(data: bytes, rng: Random) -> bytes:
    """Change fields of a table, parts of an array's header, or any byte."""
    kind, body = data[:1], data[1:]
    if rng.random() < 0.3:
        return kind + flipped(body, rng)
    if kind == b"c":
        separator = rng.choice((b",", b";", b"\n", b" "))
        fields = body.split(separator)
        fields[rng.randrange(len(fields))] = _field(rng)
        return kind + separator.join(fields)
    start, end = body.find(b"{'descr'"), body.find(b"}")
    if start < 0 or end < start:
        return kind + flipped(body, rng)
    parts = body[start:end].split(b": ")
    at = rng.randrange(len(parts))
    parts[at] = rng.choice(HEADERS) + b"," + parts[at].rpartition(b",")[2]
    text = b": ".join(parts)
    text = text.ljust(end - start) if rng.random() < 0.5 else text
    return kind + body[:start] + text + body[end:]


def read(data: bytes) -> npt.NDArray[Any]:
    """Read the rows of a file."""
    path = _STEM.with_suffix(SUFFIXES.get(data[:1], ".csv"))
    path.write_bytes(data[1:])
    return reading.read(path)


def verify(data: bytes, found: npt.NDArray[Any]) -> None:
    """Check that the rows are no larger than the file, and come back when they are written."""
    assert found.dtype.kind != "O"
    rows = np.array(found)
    assert rows.nbytes <= 8 * len(data)
    if data[:1] == b"c":
        assert rows.ndim == 2
        assert rows.dtype == np.float64
    if rows.ndim != 2 or not rows.size or rows.dtype not in (np.float64, np.int32):
        return
    for suffix in SUFFIXES.values():
        path = _STEM.with_name(f"again{suffix}")
        with writing.writing(path, rows.shape, rows.dtype) as write:
            write(rows)
        if suffix != ".csv" or np.isfinite(rows).all():
            np.testing.assert_array_equal(reading.read(path), rows)


def _field(rng: Random) -> bytes:
    return (rng.choice(FIELDS) if rng.random() < 0.8 else str(number(rng))).encode()
