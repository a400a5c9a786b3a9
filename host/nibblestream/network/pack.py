"""Packing of codes into 64-bit beats, the form of model files and of each memory port.

A layer is one string of bits, row by row, code by code, least significant bit first, split into
beats. Each row (the weights of one neuron) is padded with zero codes to whole steps. A step is the
codes that are decoded at once: `PORT_LANES` codes of 2, 3 or 4 bits, or one beat of 8-bit codes.
The layer is padded to a whole beat. `code_order` has the orders of other geometries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..geometry import PORT_LANES

Beats = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint8]


def ideal_bytes(shape: tuple[int, int], bits: int) -> int:
    """Return the bytes of a layer's codes without any padding (paper, Table 3)."""
    return -(-shape[0] * shape[1] * bits // 8)


def step_codes(bits: int) -> int:
    """Return the number of codes per step of a memory port."""
    if bits not in spec.CODE_BITS:
        raise ValueError(f"codes have {bits} bits; expected one of {spec.CODE_BITS}")
    return min(PORT_LANES, spec.BEAT_BITS // bits)


def steps(inputs: int, bits: int) -> int:
    """Return the number of steps of a row of `inputs` codes."""
    return -(-inputs // step_codes(bits))


def beats_of(shape: tuple[int, int], bits: int) -> int:
    """Return the number of 64-bit beats of a layer of `shape` (out, in)."""
    return -(-shape[0] * steps(shape[1], bits) * step_codes(bits) * bits // spec.BEAT_BITS)


def stream_bytes(shape: tuple[int, int], bits: int) -> int:
    """Return the bytes of a layer's packed codes, including padding."""
    return beats_of(shape, bits) * spec.BEAT_BITS // 8


def pack(codes: npt.NDArray[Any], bits: int) -> Beats:
    """Pack codes into beats.

    Parameters
    ----------
    codes : unsigned integers, shape (out, in)
        0 to 2**bits - 1.
    bits : int
        2, 3, 4 or 8.

    Returns
    -------
    uint64, shape (beats_of(codes.shape, bits),)

    Raises
    ------
    TypeError
        The codes are not integers.
    ValueError
        The codes are not two-dimensional, or a code does not fit `bits`.
    """
    if codes.ndim != 2:
        raise ValueError(f"codes have the shape {codes.shape}; expected (out, in)")
    if codes.dtype.kind not in "ui":
        raise TypeError(f"codes are {codes.dtype}; expected integers, as quantize_weights returns")
    if codes.size and (codes.min() < 0 or codes.max() >= 1 << bits):
        raise ValueError(
            f"codes range from {codes.min()} to {codes.max()}; "
            f"expected 0 to {(1 << bits) - 1}, {bits} bits"
        )
    rows, columns = codes.shape
    padded = np.zeros((rows, steps(columns, bits) * step_codes(bits)), np.uint8)
    padded[:, :columns] = codes
    each = np.unpackbits(padded.reshape(-1, 1), axis=1, count=bits, bitorder="little")
    stream = np.zeros(stream_bytes((rows, columns), bits), np.uint8)
    packed = np.packbits(each, bitorder="little")
    stream[: len(packed)] = packed
    return stream.view("<u8").astype(np.uint64)


def unpack(beats: Beats, bits: int, shape: tuple[int, int]) -> Codes:
    """Unpack beats into codes: the inverse of `pack`.

    Parameters
    ----------
    beats : uint64, shape (beats_of(shape, bits),)
    bits : int
        2, 3, 4 or 8.
    shape : (int, int)
        (out, in) of the layer.

    Returns
    -------
    uint8, shape `shape`

    Raises
    ------
    TypeError
        The beats are not uint64.
    ValueError
        The number of beats is wrong, or padding is not zero.
    """
    if beats.dtype != np.uint64:
        raise TypeError(f"beats are {beats.dtype}; expected uint64")
    wanted = beats_of(shape, bits)
    if beats.shape != (wanted,):
        raise ValueError(
            f"beats have the shape {beats.shape}; expected ({wanted},) for a layer of "
            f"{shape[0]} x {shape[1]} {bits}-bit codes"
        )
    per_row = steps(shape[1], bits) * step_codes(bits)
    stream = np.unpackbits(beats.astype("<u8").view(np.uint8), bitorder="little")
    each = stream[: shape[0] * per_row * bits].reshape(-1, bits)
    codes = np.packbits(each, axis=1, bitorder="little").reshape(shape[0], per_row)
    codes = np.ascontiguousarray(codes[:, : shape[1]])
    wrong = np.flatnonzero(pack(codes, bits) != beats)
    if wrong.size:
        raise ValueError(f"the padding of beat {wrong[0]} is not zero; the beats are damaged")
    return codes
