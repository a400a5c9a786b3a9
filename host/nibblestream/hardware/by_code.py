"""Clocks of a layer where activations are added by their code (kernels/by_code.hpp).

A tile of rows takes its inputs one by one, for each group of frames, while the buckets of the tile
before are drained: 16 codes for each of the 8 rows that share a multiplier. So a tile takes as
many clocks as it has inputs, but at least those of a drain. After the last tile a drain remains.
"""

from __future__ import annotations

from typing import Final

from .. import spec
from ..network import code_order
from .traffic import LayerTraffic

SHARED: Final = 8  # rows of a tile that share a multiplier
DRAIN: Final = SHARED * spec.LUT_ENTRIES + 1  # and a clock until the last input is in its bucket
LAST: Final = DRAIN + 16  # clocks from a layer's last input until the last sums are outputs


def clocks(layer: LayerTraffic, groups: int) -> int:
    """Return the iterations of the loop BY_CODE for a layer and `groups` groups of frames."""
    tiles = -(-layer.outputs // code_order.step_codes(layer.bits, layer.geometry))
    return tiles * groups * max(layer.inputs, DRAIN) + LAST


def turn(units: int) -> int:
    """Return the iterations of REMEMBER for a frame: two units a clock."""
    return -(-units // 2)
