"""Geometries as text and as the number in `identity`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nibblestream.geometry import CHOICES, DEFAULT, Geometry
from nibblestream.network import code_order, pack


def every() -> list[Geometry]:
    values = itertools.product(*CHOICES.values())
    named = (dict(zip(CHOICES, each, strict=True)) for each in values)
    return [Geometry(**each) for each in named if each["block"] >= each["frame_lanes"]]


def test_text_and_identity_tell_all_geometries_apart():
    found = every()
    assert len({str(geometry) for geometry in found}) == len(found) > 5000
    assert len({geometry.identity >> 16 for geometry in found}) == len(found)
    for geometry in found:
        assert Geometry.parse(str(geometry)) == geometry
        assert Geometry.identified(geometry.identity) == geometry


def test_identities_of_other_versions_are_none():
    for bit in range(32):
        assert Geometry.identified(DEFAULT.identity ^ 1 << bit) is None
    assert Geometry.identified(0xFFFF_FFFF) is None
    assert Geometry.identified(0) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no geometry; expected LANESxFRAMES"),
        ("16", "is no geometry"),
        ("16x8 ", "is no geometry"),
        ("16x8-depht512", "is no geometry"),
        ("16x8-block8-by-code", "is no geometry"),
        ("16x8-depth64-depth128", "each once"),
        ("24x8", "lanes is 24; expected one of 16, 32"),
        ("16x3", "frame_lanes is 3; expected one of 1, 2, 4, 8, 16"),
        ("16x8-bits20", "bits is 20; expected one of 18, 25"),
        ("16x8-block4", "block is 4, below its 8 frame lanes"),
        ("16x8-kept8192", "kept is 8192"),
    ],
)
def test_what_is_no_geometry_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        Geometry.parse(text)


@pytest.mark.parametrize("text", ["16x8", "32x8", "16x8-by-code", "32x16-by-code"])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_the_order_of_codes(rng, text, bits):
    """Against a loop over steps, memory ports and lanes."""
    geometry = Geometry.parse(text)
    codes = rng.integers(0, 1 << bits, (37, 41)).astype(np.uint8)
    each = 16 if bits < 8 else 8
    words = np.reshape(code_order.ordered(codes, bits, geometry), (-1, geometry.ports))
    assert len(words) == code_order.beats_of(codes.shape, bits, geometry)
    ports = [int.from_bytes(words[:, port].tobytes(), "little") for port in range(geometry.ports)]
    for number, (place, inputs) in enumerate(steps(codes.shape, each * geometry.ports, text)):
        for lane in range(each * geometry.ports):
            row, column = (place + lane, inputs) if "by-code" in text else (place, inputs + lane)
            wanted = codes[row, column] if row < 37 and column < 41 else 0
            found = ports[lane // each] >> bits * (number * each + lane % each)
            assert found & (1 << bits) - 1 == wanted


def steps(shape: tuple[int, int], lanes: int, text: str) -> list[tuple[int, int]]:
    """The first row and input of each step."""
    rows, inputs = shape
    if "by-code" in text:
        return [(row, i) for row in range(0, rows, lanes) for i in range(inputs)]
    return [(row, i) for row in range(rows) for i in range(0, inputs, lanes)]


def test_the_default_order_is_that_of_model_files(rng):
    codes = rng.integers(0, 8, (5, 40)).astype(np.uint8)
    assert np.array_equal(code_order.ordered(codes, 3, DEFAULT), pack.pack(codes, 3))
