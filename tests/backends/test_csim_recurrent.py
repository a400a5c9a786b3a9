"""Recurrent layers in the compiled kernels: the emulation's bits, in any cut, to their limits."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from nibblestream import QuantizedModel, quantize, spec
from nibblestream.backends.csim import Board, CSimulation
from nibblestream.network import code_stream, pack
from nibblestream.network.activation import LINEAR
from nibblestream.network.lutmac import Network
from nibblestream.network.memory import MEMORY
from nibblestream.network.recurrent import RECURRENT
from plain_networks import plain_network, random_rows

pytestmark = pytest.mark.usefixtures("kernel_cache")


def recurring(rng: np.random.Generator, bits: int, *units: int) -> QuantizedModel:
    """GRUs one after another, a memory between the first two, and a linear layer."""
    widths, cells = [5], []
    for i, count in enumerate(units):
        if i == 1:
            widths.append(count)
            cells.append(MEMORY)
        widths += [3 * count, count]
        cells += [LINEAR, RECURRENT]
    model = plain_network(rng, (*widths, 3), (*cells, LINEAR))
    return quantize(model, "u" if bits == 8 else "kmeans", bits)


@pytest.mark.parametrize("units", [(1,), (15, 16), (17, 33), (40, 3, 2)])
@pytest.mark.parametrize("bits", spec.CODE_BITS)
def test_any_cut_gives_the_emulations_bits(rng, bits, units):
    """Blocks of 1 to 32 rows: states pass from bank to bank, outputs from states to the matrix."""
    model = recurring(rng, bits, *units)
    rows = random_rows(rng, model, 90)
    expected = Network(model).process(rows)
    with closing(CSimulation(model)) as kernels:
        for cuts in ([], [1, 2, 3], sorted(rng.integers(0, 91, 6))):
            parts = [kernels.process(rows[a:b]) for a, b in pairwise([0, *cuts, 90])]
            np.testing.assert_array_equal(np.concatenate(parts), expected)
            kernels.reset()
    assert len(np.unique(expected)) > 1


def test_a_long_sequence(rng):
    model = recurring(rng, 4, 12, 9)
    rows = random_rows(rng, model, 10_000)
    with closing(CSimulation(model)) as kernels:
        found = kernels.process(rows)
    np.testing.assert_array_equal(found, Network(model).process(rows))
    assert len(np.unique(found[-100:])) > 1  # it has not come to rest


@pytest.mark.parametrize(("bits", "units"), [(2, 208), (3, 165), (4, 144), (8, 104)])
def test_the_largest_layers(rng, bits, units):
    """One unit more has too many beats."""
    model = recurring(rng, bits, units)
    rows = random_rows(rng, model, 9)
    with closing(CSimulation(model)) as kernels:
        np.testing.assert_array_equal(kernels.process(rows), Network(model).process(rows))
    assert pack.beats_of((3 * units, units), bits) <= spec.RECURRENT_DEPTH
    with pytest.raises(ValueError, match=r"units are \d+ beats; the kernel keeps 4096"):
        recurring(rng, bits, units + 1)


def test_sums_beyond_their_words(rng):
    """Large weights and biases: gates at their ends, and sums of n beyond +-256."""
    trained = plain_network(rng, (5, 6, 120, 40, 3), (LINEAR, LINEAR, RECURRENT, LINEAR))
    weights, biases = [*trained.weights], [*trained.biases]
    weights[2] = rng.normal(0, 12, (120, 40)).clip(-60, 60)
    biases[2] = rng.choice([-1000.0, -5.0, 0.0, 1000.0], 120)
    trained = replace(trained, weights=tuple(weights), biases=tuple(biases))
    model = quantize(trained, "u", 8)
    rows = random_rows(rng, model, 40)
    with closing(CSimulation(model)) as kernels:
        np.testing.assert_array_equal(kernels.process(rows), Network(model).process(rows))


def test_a_block_can_be_repeated(rng):
    """From the same bank, with the same bits, however often."""
    model = recurring(rng, 4, 20, 7)
    stream, (given, made) = code_stream.beats(model), model.rows
    blocks = np.split(random_rows(rng, model, 36), 3)
    expected = np.split(Network(model).process(np.concatenate(blocks)), 3)
    board = Board()

    def run(i: int) -> np.ndarray:
        sent, received = 12 * given.beats, 12 * made.beats
        registers = {"frames": 12, "beats": len(stream), "bank": i % 2, "reset": i == 0}
        found, _ = board.run(
            given.pack(blocks[i]), stream, **registers, raw_in=sent, raw_out=received
        )
        return made.unpack(found)

    for i in (0, 0, 1, 1, 1, 2, 2):
        np.testing.assert_array_equal(run(i), expected[i])
    board.close()
