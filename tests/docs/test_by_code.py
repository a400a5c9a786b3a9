"""The page on multiplying by code has the model's figures."""

from __future__ import annotations

import re

import pytest

from conftest import ROOT
from nibblestream import QuantizedModel
from nibblestream.geometry import Geometry
from nibblestream.hardware import resources
from nibblestream.hardware.cycles import Block
from nibblestream.hardware.traffic import layers_of, rows_of

ROWS = re.findall(
    r"^\| `(\d+x[^`]+)` \|([\d, |]+)\|$", (ROOT / "docs" / "by-code.md").read_text(), re.MULTILINE
)


def clocks(name: str, geometry: Geometry) -> int:
    """Return the clocks of a frame in blocks of 32."""
    model = QuantizedModel.load(name)
    block = Block(layers_of(model, geometry=geometry), 32, rows_of(model))
    return round(block.cycles / 32)


@pytest.mark.parametrize(("name", "figures"), ROWS)
def test_whole_kernels(name, figures):
    geometry = Geometry.parse(name)
    whole = resources.whole(geometry)
    found = [int(figure.replace(",", "")) for figure in figures.split("|")]
    speed = [clocks(model, geometry) for model in ("default", "mlp")]
    assert found == [whole.dsps, whole.bram18, whole.luts, *speed]


def test_the_page_has_both_architectures():
    assert {"16x8", "16x16-by-code"} <= {name for name, _ in ROWS}
