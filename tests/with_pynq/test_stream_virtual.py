"""Live audio through a virtual board: the same bits however it is cut."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from client import BOARDS

from networks import random_spectrum, remembering
from nibblestream import Enhancer, quantize
from nibblestream.backends import connect


@pytest.fixture(autouse=True)
def on_the_board(monkeypatch):
    monkeypatch.setenv("BOARD", BOARDS[0])


@pytest.fixture
def noisy(rng):
    return rng.normal(0, 0.1, 3000)


def test_any_chunks_equal_the_whole_and_the_emulation(model, noisy, rng):
    with Enhancer(model, "virtual") as enhancer, Enhancer(model) as emulated:
        whole = enhancer.enhance(noisy, 8000)
        np.testing.assert_array_equal(whole, emulated.enhance(noisy, 8000))
        for most in (2, 67, 700):
            sizes = rng.integers(0, most + 1, 2 * len(noisy) // most)
            with enhancer.stream() as stream:
                chunks = np.split(noisy, np.minimum(np.cumsum(sizes), len(noisy)))
                parts = [*(stream.process(chunk) for chunk in chunks), stream.flush()]
            np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.slow
def test_ten_thousand_frames_with_memory_have_the_bits_of_the_emulation(rng):
    """80 s, cut at random places."""
    model = quantize(remembering(rng, (24, 24)))
    spectrum = random_spectrum(rng, 10_000)
    cuts = np.sort(rng.integers(0, 10_000, 300))
    with closing(connect("virtual", model)) as board, closing(connect("emu", model)) as emulation:
        whole = emulation.process(spectrum)
        parts = [board.process(part) for part in np.split(spectrum, cuts)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_full_band_has_the_bits_of_the_emulation(model, rng):
    noisy = rng.normal(0, 0.1, 9000)
    with Enhancer(model, "virtual") as enhancer, Enhancer(model) as emulated:
        whole = enhancer.enhance(noisy, 48_000)
        np.testing.assert_array_equal(whole, emulated.enhance(noisy, 48_000))
        with enhancer.stream(48_000) as stream:
            parts = [*(stream.process(chunk) for chunk in np.split(noisy, 9)), stream.flush()]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_streams_side_by_side_have_a_board_each(model, noisy):
    with Enhancer(model, "virtual") as enhancer:
        expected = [enhancer.enhance(signal, 8000) for signal in (noisy, -noisy[::-1])]
        streams = [enhancer.stream(), enhancer.stream()]
        parts = [[], []]
        for chunks in zip(np.split(noisy, 6), np.split(-noisy[::-1], 6), strict=True):
            for stream, chunk, out in zip(streams, chunks, parts, strict=True):
                out.append(stream.process(chunk))
        for stream, out, clean in zip(streams, parts, expected, strict=True):
            np.testing.assert_array_equal(np.concatenate([*out, stream.flush()]), clean)
