"""Golden vectors of the two CORDIC kernels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import spec
from ..fixed import IntArray, round_shift
from ..geometry import Geometry
from ..network import code_stream
from ..network.pack import Beats
from ..speech import cordic
from .block import Block, beats, sizes, words

EDGES = (spec.SPECTRUM.low, spec.SPECTRUM.low + 1, -3, -1, 0, 1, 2, 2**22, spec.SPECTRUM.high)


def vectoring(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield spectra of every level, and all pairs of extreme values; then rows."""
    pairs = np.array(np.meshgrid(EDGES, EDGES)).T.reshape(-1, 2)
    for frames in sizes(geometry):
        length = 2.0 ** rng.uniform(0, 24, (frames * spec.BINS, 1))
        turn = rng.uniform(0, 2 * np.pi, length.shape)
        spectrum = length * np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
        spectrum = spec.SPECTRUM.saturate(np.round(spectrum)).astype(np.int32)
        spectrum[: len(pairs)] = pairs[: len(spectrum)]
        magnitude, phase = cordic.vectoring(spectrum)
        stream = beats(spec.SPECTRUM_BEAT, re=spectrum[:, 0], im=spectrum[:, 1])
        yield Block(
            (frames, 0),
            (stream,),
            (
                beats(spec.MAGNITUDE_BEAT, magnitude=magnitude),
                beats(spec.POLAR_BEAT, magnitude=magnitude, phase=phase),
            ),
            (code_stream.digest(stream), geometry.identity),
        )

    for stream in passed(rng):
        registers = (code_stream.digest(stream), geometry.identity)
        yield Block((min(3, geometry.block), len(stream)), (stream,), (stream, words()), registers)


def passed(rng: np.random.Generator) -> Iterator[Beats]:
    """Yield beats of rows, which both kernels pass through as they are."""
    for count in (1, 2, spec.BINS, 1000):
        yield rng.integers(0, 1 << spec.BEAT_BITS, count, np.uint64)


def rotation(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield every phase, then those around quarter turns, with gains and magnitudes; then rows."""
    turn = 1 << spec.PHASE_BITS
    counts = sizes(geometry)
    left = -(-turn // spec.BINS) - sum(counts)
    counts += [min(geometry.block, left - at) for at in range(0, left, geometry.block)]
    phases = np.arange(sum(counts) * spec.BINS) % turn
    for phase in np.split(phases, np.cumsum(counts)[:-1] * spec.BINS):
        yield _rotated(phase, levels(rng, phase.shape), rng, geometry)
    edges = np.add.outer(np.arange(0, turn, turn // 4), [-1, 0, 1]) % turn
    yield _rotated(np.resize(edges, spec.BINS), levels(rng, (spec.BINS,)), rng, geometry)
    for stream in passed(rng):
        registers = (code_stream.digest(stream), geometry.identity)
        yield Block((geometry.block, len(stream)), (stream, words()), (stream,), registers)


def levels(rng: np.random.Generator, shape: tuple[int, ...]) -> IntArray:
    """Return magnitudes of every level, some of them extreme."""
    magnitude = (2.0 ** rng.uniform(0, spec.MAGNITUDE.bits, shape)).astype(np.int32)
    extreme = rng.random(shape) < 0.02
    magnitude[extreme] = rng.choice([0, 1, spec.MAGNITUDE.high], extreme.sum())
    return magnitude


def _rotated(
    phase: IntArray, noisy: IntArray, rng: np.random.Generator, geometry: Geometry
) -> Block:
    one = 1 << spec.GAIN.frac
    is_gain = rng.integers(0, 2, phase.shape)
    gain = rng.choice([0, 1, one // 2, one - 1, one], phase.shape)
    gain = np.where(rng.random(phase.shape) < 0.1, gain, rng.integers(0, one + 1, phase.shape))
    value = np.where(is_gain, gain, levels(rng, phase.shape))
    scaled = round_shift(noisy.astype(np.int64) * value, spec.GAIN.frac)
    spectrum = cordic.rotation(np.where(is_gain, scaled, value), phase)
    stream = beats(spec.SPECTRUM_BEAT, re=spectrum[:, 0], im=spectrum[:, 1])
    return Block(
        (len(phase) // spec.BINS, 0),
        (
            beats(spec.NETWORK_BEAT, value=value, is_gain=is_gain),
            beats(spec.POLAR_BEAT, magnitude=noisy, phase=phase),
        ),
        (stream,),
        (code_stream.digest(stream), geometry.identity),
    )
