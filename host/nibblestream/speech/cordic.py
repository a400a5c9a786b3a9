"""Integer CORDIC in vectoring and rotation mode: the normative definition.

Volder's algorithm (paper, section 3 and its reference 20): step i rotates a vector by
``atan(2**-i)`` with shifts and adds. Both modes share one iteration; the direction of each step is
the sign of y (vectoring) or of the remaining angle (rotation). One multiplication compensates the
gain of all steps.

Here, the directions of all steps are kept, so that the angle is one product with the table of
angles (vectoring); and as they depend on the phase alone, a table has them (rotation).

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
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import IntArray, limit, round_shift, scaled

ANGLES = tuple(
    round(math.atan(2.0**-i) / math.tau * 2**spec.CORDIC_ANGLE_BITS)
    for i in range(spec.CORDIC_ITERATIONS)
)
GAIN = math.prod(math.sqrt(1 + 4.0**-i) for i in range(spec.CORDIC_ITERATIONS))
_ANGLES = np.array(ANGLES, np.int32)
_PLACES = np.arange(spec.CORDIC_ITERATIONS + 1, dtype=np.int32)[:, None]
INVERSE_GAIN = round(2**spec.CORDIC_INVERSE_GAIN_FRAC / GAIN)

_QUARTER = 1 << (spec.PHASE_BITS - 2)
_TURN = 1 << spec.PHASE_BITS
_PHASE_SHIFT = spec.CORDIC_ANGLE_BITS - spec.PHASE_BITS
_CHUNK = 1 << 14  # values per pass, nearly, so that NumPy's temporaries stay in the cache
_FEW = 1 << 10  # values up to which NumPy's time to start matters more than the cache

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
    for part in _chunks(len(flat)):
        magnitude[part], phase[part] = _vector(flat[part, 0], flat[part, 1])
    shape = np.shape(spectrum)[:-1]
    return magnitude.reshape(shape), phase.reshape(shape)


def rotation(magnitude: IntArray | Float, phase: IntArray) -> Int32:
    """Convert magnitude and phase to real and imaginary parts.

    Parameters
    ----------
    magnitude : int32, or whole numbers in float64, shape (...)
        In `spec.MAGNITUDE`, 0 to 2**24 - 1.
    phase : int32, shape (...)
        In 2**-16 turns; only the low 16 bits are used.

    Returns
    -------
    int32, shape (..., 2)
        In `spec.SPECTRUM`, saturated.
    """
    flat = np.ascontiguousarray(magnitude, dtype=np.float64).reshape(-1)
    angle = np.ascontiguousarray(phase, dtype=np.int32).reshape(-1)
    spectrum = np.empty((len(flat), 2), np.int32)
    for part in _chunks(len(flat)):
        spectrum[part] = _rotate(flat[part], angle[part]).T
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


def turn(vectors: Int32, directions: Int32, towards_axis: bool = False) -> None:
    """Take the first steps of the iteration, in place.

    Parameters
    ----------
    vectors : int32, shape (2, n)
        x and y, with guard bits; contiguous.
    directions : int32, shape (steps, n)
        1 where step i turns by ``-atan(2**-i)``, -1 where it turns by ``+atan(2**-i)``.
    towards_axis : bool
        Whether to choose the directions that y falls in, and write them to `directions`.
    """
    shifted = np.empty_like(vectors)
    (x, y), (dy, dx) = vectors, shifted
    both, shifted_both = vectors.reshape(-1), shifted.reshape(-1)
    numbers = _numbers(len(y))
    for shift, direction in zip(_numbers(len(both)), directions, strict=False):
        if towards_axis:
            np.right_shift(y, numbers[31], direction)  # -1 where y is negative, 0 elsewhere
            np.bitwise_or(direction, numbers[1], direction)
        np.right_shift(both, shift, shifted_both)
        # Turning the other way negates after the shift, never before.
        np.multiply(dx, direction, dx)
        np.multiply(dy, direction, dy)
        np.add(x, dx, x)
        np.subtract(y, dy, y)


@lru_cache(maxsize=8)
def _numbers(count: int) -> list[Int32]:
    """Return 0 to 31 as arrays to combine with `count` values; where these are few, as many.

    NumPy starts sooner on arrays of one shape than on an array and a number.
    """
    return [np.full(count if count <= _FEW else (), i, np.int32) for i in range(32)]


def _vector(re: Int32, im: Int32) -> tuple[IntArray, IntArray]:
    side = (re >> 31) | 1  # -1 in the left half plane: the opposite vector is turned instead
    vectors = np.array([re, im])
    vectors *= side
    vectors <<= spec.CORDIC_GUARD
    directions = np.empty((spec.CORDIC_ITERATIONS, len(re)), np.int32)
    turn(vectors, directions, towards_axis=True)
    product = vectors[0].astype(np.int64)
    product *= INVERSE_GAIN
    magnitude = round_shift(product, spec.CORDIC_INVERSE_GAIN_FRAC + spec.CORDIC_GUARD)
    angle = np.einsum("i,in->n", _ANGLES, directions)
    angle += side >> 31 & (1 << (spec.CORDIC_ANGLE_BITS - 1))
    return magnitude, _wrap(round_shift(angle, _PHASE_SHIFT))


def _rotate(magnitude: Float, phase: Int32) -> Int32:
    """Return the real and imaginary parts, (2, n), of vectors (n,)."""
    signs = _signs()[phase & (_TURN - 1)] << _PLACES
    directions = np.sign(signs, out=signs)
    start = magnitude * (INVERSE_GAIN * scaled(spec.CORDIC_INVERSE_GAIN_FRAC - spec.CORDIC_GUARD))
    vectors = np.zeros((2, len(magnitude)), np.int32)
    np.multiply(np.rint(start, out=start), directions[-1], out=vectors[0], casting="unsafe")
    turn(vectors, directions[:-1])
    return limit(round_shift(vectors, spec.CORDIC_GUARD), spec.SPECTRUM.low, spec.SPECTRUM.high)


@cache
def _signs() -> Int32:
    """Return the directions of every phase, int32 (2**16,), one word each; read-only.

    Bit 31 - i is set where step i turns forward; the bit after those of all steps, where the
    opposite vector is turned, by the opposite phase. Bit 0 is set, so that no shift gives 0.
    """
    phase = _wrap(np.arange(_TURN, dtype=np.int32))
    behind = (phase < -_QUARTER) | (phase >= _QUARTER)
    angle = _wrap(phase + 2 * _QUARTER * behind) << _PHASE_SHIFT
    words = np.ones(_TURN, np.uint32)
    for i, step in enumerate(ANGLES):
        forward = angle >= 0
        words |= forward.astype(np.uint32) << np.uint32(31 - i)
        angle += np.where(forward, -step, step)
    words |= behind.astype(np.uint32) << np.uint32(31 - len(ANGLES))
    words.flags.writeable = False
    return words.view(np.int32)


def _wrap(phase: IntArray) -> IntArray:
    """Wrap a phase to -2**15 .. 2**15 - 1."""
    return ((phase + 2 * _QUARTER) & (_TURN - 1)) - 2 * _QUARTER


def _chunks(count: int) -> list[slice]:
    """Return slices of equal length, nearly, that cover `count` values."""
    parts = max(1, count // _CHUNK)
    ends = [i * count // parts for i in range(parts + 1)]
    return [slice(*pair) for pair in pairwise(ends)]
