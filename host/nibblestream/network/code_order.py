"""Order of a layer's codes in the stream, which depends on the kernels' geometry.

By rows, a step is `lanes` weights of one row, each for another input. By code, it is the weights of
`lanes` rows (a tile) for one input: all inputs of a tile come one after the other. With two memory
ports each carries one half of every step, and the stream alternates between their beats.
"""

from __future__ import annotations

import numpy as np

from ..geometry import Geometry
from . import pack
from .pack import Beats, Codes


def step_codes(bits: int, geometry: Geometry) -> int:
    """Return the number of codes per step, of all memory ports together."""
    return pack.step_codes(bits) * geometry.ports


def steps(shape: tuple[int, int], bits: int, geometry: Geometry, recurrent: bool = False) -> int:
    """Return the number of steps of a layer of `shape` (out, in)."""
    outputs, inputs = shape
    if geometry.by_code and not recurrent:
        outputs, inputs = inputs, outputs
    return outputs * -(-inputs // step_codes(bits, geometry))


def beats_of(shape: tuple[int, int], bits: int, geometry: Geometry, recurrent: bool = False) -> int:
    """Return the number of beats of each memory port for a layer of `shape` (out, in)."""
    port_bits = steps(shape, bits, geometry, recurrent) * pack.step_codes(bits) * bits
    return -(-port_bits // 64)


def ordered(codes: Codes, bits: int, geometry: Geometry, recurrent: bool = False) -> Beats:
    """Return a layer's codes in the order of the stream.

    Parameters
    ----------
    codes : uint8, shape (out, in)
    bits : int
        2, 3, 4 or 8.
    geometry : Geometry
    recurrent : bool
        Whether the layer multiplies its own outputs: then its codes are always in rows.

    Returns
    -------
    uint64, shape (beats_of(...) * geometry.ports,)
    """
    each = step_codes(bits, geometry)
    by_code = geometry.by_code and not recurrent
    lines = _tiles(codes, each) if by_code else codes
    padded = np.zeros((len(lines), -(-lines.shape[1] // each) * each), np.uint8)
    padded[:, : lines.shape[1]] = lines
    halves = padded.reshape(len(lines), -1, geometry.ports, pack.step_codes(bits))
    ports = [
        pack.pack(halves[:, :, port].reshape(len(lines), -1), bits)
        for port in range(geometry.ports)
    ]
    return np.stack(ports, axis=1).ravel()


def _tiles(codes: Codes, rows: int) -> Codes:
    """Return the columns of each tile of `rows` rows, one after the other; missing rows are 0."""
    out, inputs = codes.shape
    padded = np.zeros((-(-out // rows) * rows, inputs), np.uint8)
    padded[:out] = codes
    return padded.reshape(-1, rows, inputs).transpose(0, 2, 1).reshape(-1, rows)
