"""Codes to 64-bit beats and back: what lies in memory is what the DMA streams.

Each row (the weights of one neuron) begins a beat; code i of a beat is in its bits
``i * bits`` to ``(i + 1) * bits - 1``. A row's last beat is filled up with zeros; 3-bit codes
leave bit 63 zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import spec

Beats = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint8]


def ideal_bytes(shape: tuple[int, int], bits: int) -> int:
    """Return the bytes of a layer's codes without any padding (paper, Table 3)."""
    return -(-shape[0] * shape[1] * bits // 8)


def beats_of(shape: tuple[int, int], bits: int) -> int:
    """Return the beats of 64 bits that a layer of `shape` (out, in) takes."""
    return shape[0] * -(-shape[1] // _lanes(bits))


def stream_bytes(shape: tuple[int, int], bits: int) -> int:
    """Return the bytes of a layer's codes as they are streamed, rows padded to whole beats."""
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
        Not two dimensions, or a code does not fit.
    """
    lanes = _lanes(bits)
    if codes.ndim != 2:
        raise ValueError(f"codes have the shape {codes.shape}; expected (out, in)")
    if codes.dtype.kind not in "ui":
        raise TypeError(f"codes are {codes.dtype}; expected integers, as quantize_weights gives")
    if codes.size and (codes.min() < 0 or codes.max() >= 1 << bits):
        raise ValueError(
            f"codes reach from {codes.min()} to {codes.max()}; "
            f"expected 0 to {(1 << bits) - 1}, {bits} bits"
        )
    rows, columns = codes.shape
    per_row = -(-columns // lanes)
    padded = np.zeros((rows, per_row * lanes), np.uint64)
    padded[:, :columns] = codes
    shifted = padded.reshape(rows * per_row, lanes) << _shifts(bits)
    return np.asarray(np.bitwise_or.reduce(shifted, axis=1))


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
        Too few or too many beats, or padding that is not zero.
    """
    if beats.dtype != np.uint64:
        raise TypeError(f"beats are {beats.dtype}; expected uint64")
    wanted = beats_of(shape, bits)
    if beats.shape != (wanted,):
        raise ValueError(
            f"beats have the shape {beats.shape}; a layer of {shape[0]} x {shape[1]} "
            f"{bits}-bit codes takes ({wanted},)"
        )
    fields = (beats[:, np.newaxis] >> _shifts(bits)) & np.uint64((1 << bits) - 1)
    per_row = -(-shape[1] // _lanes(bits)) * _lanes(bits)
    codes = fields.reshape(shape[0], per_row)[:, : shape[1]].astype(np.uint8)
    wrong = np.flatnonzero(pack(codes, bits) != beats)
    if wrong.size:
        raise ValueError(f"the padding of beat {wrong[0]} is not zero; the beats are damaged")
    return codes


def _lanes(bits: int) -> int:
    """Return how many codes a beat holds."""
    if bits not in spec.CODE_BITS:
        raise ValueError(f"codes have {bits} bits; expected one of {spec.CODE_BITS}")
    return spec.BEAT_BITS // bits


def _shifts(bits: int) -> Beats:
    return np.arange(_lanes(bits), dtype=np.uint64) * np.uint64(bits)
