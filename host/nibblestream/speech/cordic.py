"""Integer CORDIC in vectoring and rotation mode: the normative definition.

Volder's algorithm (paper, section 3 and its reference 20): step i rotates a vector by
``atan(2**-i)`` with shifts and adds. Both modes share one iteration; the direction of each step is
the sign of y (vectoring) or of the remaining angle (rotation). One multiplication compensates the
gain of all steps.

Internal words have 32 bits: 24 of the spectrum, `CORDIC_GUARD` guard bits, two for the gain.

Error bounds
------------
With N steps of total gain K = 1.64676, G guard bits, and lengths in LSBs of the spectrum:

* a step truncates two shifted words, each by less than 2**-G, so it moves the vector by less than
  ``sqrt(2) * 2**-G``. The gain up to any step is at least sqrt(2), so after gain compensation all
  N steps together have moved the vector by less than ``N * 2**-G``: 0.28 LSB;
* the angle remaining after the last step is at most ``r = 2**-(N-1) + N * 2**-G / |v|``: the angle
  of the last step plus the rotation caused by truncation. (With a rounded table, a later step can
  miss its share by one unit; the bound was still verified for every 16-bit phase.)
* each entry of the angle table is off by up to half a unit, in total
  ``N * 2**-(ANGLE_BITS + 1)`` turns;
* the rounded inverse gain is off by up to ``2**-25``, hence a length by ``|v| * K * 2**-25``;
* the result is rounded by up to half an LSB, or half of 2**-16 turns.

`magnitude_error`, `phase_error` and `rotation_error` are sums of these terms. The tests check the
bounds on the edges of the plane and on a million random points.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, round_shift

ANGLES = tuple(
    round(math.atan(2.0**-i) / math.tau * 2**spec.CORDIC_ANGLE_BITS)
    for i in range(spec.CORDIC_ITERATIONS)
)
GAIN = math.prod(math.sqrt(1 + 4.0**-i) for i in range(spec.CORDIC_ITERATIONS))
INVERSE_GAIN = round(2**spec.CORDIC_INVERSE_GAIN_FRAC / GAIN)

_QUARTER = 1 << (spec.PHASE_BITS - 2)
_PHASE_SHIFT = spec.CORDIC_ANGLE_BITS - spec.PHASE_BITS
_CHUNK = 1 << 14  # values per pass, so that NumPy's temporaries stay in the cache

_TRUNCATION = spec.CORDIC_ITERATIONS * 2.0**-spec.CORDIC_GUARD  # LSB, after gain compensation
_RESIDUAL = 2.0 ** -(spec.CORDIC_ITERATIONS - 1)  # radians
_TABLE = spec.CORDIC_ITERATIONS * 2.0 ** -(spec.CORDIC_ANGLE_BITS + 1)  # turns
_INVERSE = GAIN * 2.0 ** -(spec.CORDIC_INVERSE_GAIN_FRAC + 1)  # relative

Int32 = npt.NDArray[np.int32]
Float = npt.NDArray[np.float64]


def vectoring(spectrum: IntArray) -> tuple[Int32, Int32]:
    """Convert real and imaginary parts to magnitude and phase.

    Parameters
    ----------
    spectrum : int32, shape (..., 2)
        Real and imaginary parts in `spec.SPECTRUM` (24 bits, 17 fractional, signed).

    Returns
    -------
    magnitude : int32, shape (...)
        In `spec.MAGNITUDE`, 0 to ``ceil(sqrt(2) * 2**23)``.
    phase : int32, shape (...)
        In 2**-16 turns, -2**15 to 2**15 - 1; for a zero vector unspecified but constant.
    """
    flat = np.ascontiguousarray(spectrum, dtype=np.int32).reshape(-1, 2)
    magnitude = np.empty(len(flat), np.int32)
    phase = np.empty(len(flat), np.int32)
    for at in range(0, len(flat), _CHUNK):
        part = slice(at, at + _CHUNK)
        magnitude[part], phase[part] = _vector(flat[part, 0], flat[part, 1])
    shape = np.shape(spectrum)[:-1]
    return magnitude.reshape(shape), phase.reshape(shape)


def rotation(magnitude: IntArray, phase: IntArray) -> Int32:
    """Convert magnitude and phase to real and imaginary parts.

    Parameters
    ----------
    magnitude : int32, shape (...)
        In `spec.MAGNITUDE`, 0 to 2**24 - 1.
    phase : int32, shape (...)
        In 2**-16 turns; only the low 16 bits are used.

    Returns
    -------
    int32, shape (..., 2)
        In `spec.SPECTRUM`, saturated.
    """
    flat = np.ascontiguousarray(magnitude, dtype=np.int32).reshape(-1)
    angle = np.ascontiguousarray(phase, dtype=np.int32).reshape(-1)
    spectrum = np.empty((len(flat), 2), np.int32)
    for at in range(0, len(flat), _CHUNK):
        part = slice(at, at + _CHUNK)
        spectrum[part, 0], spectrum[part, 1] = _rotate(flat[part], angle[part])
    return spectrum.reshape((*np.shape(magnitude), 2))


def magnitude_error(length: Float) -> Float:
    """Return a bound on the magnitude's error, in LSBs; `length` is the vector's in LSBs, >= 1."""
    # The magnitude is x, not hypot(x, y), so it is too short by the remaining angle's cosine.
    shortened = length * (_RESIDUAL + _TRUNCATION / length) ** 2 / 2
    return _TRUNCATION + shortened + length * _INVERSE + 0.5


def phase_error(length: Float) -> Float:
    """Return a bound on the phase's error, in 2**-16 turns; `length` as in `magnitude_error`."""
    turns = (_RESIDUAL + _TRUNCATION / length) / math.tau + _TABLE
    return turns * 2**spec.PHASE_BITS + 0.5


def rotation_error(length: Float) -> Float:
    """Return a bound on the error of either part, in LSBs; `length` is the magnitude in LSBs."""
    rounding = GAIN * (_TRUNCATION + 2.0 ** -(spec.CORDIC_GUARD + 1)) + 0.5
    return rounding + length * (_INVERSE + _RESIDUAL + math.tau * _TABLE)


def _vector(re: Int32, im: Int32) -> tuple[IntArray, IntArray]:
    behind = re >> 31  # -1 in the left half plane, where the opposite vector is rotated instead
    x = _negate(re, behind) << spec.CORDIC_GUARD
    y = _negate(im, behind) << spec.CORDIC_GUARD
    z = behind & (1 << (spec.CORDIC_ANGLE_BITS - 1))
    for i in range(spec.CORDIC_ITERATIONS):
        step(x, y, z, y >> 31, i)
    scaled = x.astype(np.int64) * INVERSE_GAIN
    magnitude = round_shift(scaled, spec.CORDIC_INVERSE_GAIN_FRAC + spec.CORDIC_GUARD)
    return magnitude, _wrap(round_shift(z, _PHASE_SHIFT))


def _rotate(magnitude: Int32, phase: Int32) -> tuple[IntArray, IntArray]:
    phase = _wrap(phase)
    behind = -((phase < -_QUARTER) | (phase >= _QUARTER)).astype(np.int32)
    z = _wrap(phase + (behind & 2 * _QUARTER)) << _PHASE_SHIFT
    scaled = magnitude.astype(np.int64) * INVERSE_GAIN
    x = round_shift(scaled, spec.CORDIC_INVERSE_GAIN_FRAC - spec.CORDIC_GUARD).astype(np.int32)
    x = _negate(x, behind)
    y = np.zeros_like(x)
    for i in range(spec.CORDIC_ITERATIONS):
        step(x, y, z, ~(z >> 31), i)
    re, im = (spec.SPECTRUM.saturate(round_shift(v, spec.CORDIC_GUARD)) for v in (x, y))
    return re, im


def step(x: Int32, y: Int32, z: Int32, sign: Int32, i: int) -> None:
    """Rotate (x, y) in place by -atan(2**-i) where sign is 0, by +atan(2**-i) where it is -1.

    The opposite of the rotation, in 2**-24 turns, is added to z.
    """
    dx = _negate(y >> i, sign)
    y -= _negate(x >> i, sign)
    x += dx
    z += _negate(np.int32(ANGLES[i]), sign)


def _negate(v: Int32 | np.int32, sign: Int32) -> Int32:
    """Return -v where sign is -1, and v where it is 0."""
    out: Int32 = v ^ sign
    out -= sign
    return out


def _wrap(phase: IntArray) -> IntArray:
    """Wrap a phase to -2**15 .. 2**15 - 1."""
    return ((phase + 2 * _QUARTER) & (4 * _QUARTER - 1)) - 2 * _QUARTER
