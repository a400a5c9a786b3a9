"""The front of plain networks: formats of inputs from their ranges, in files and in the stream."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from networks import network, plain
from nibblestream import quantize
from nibblestream.fixed import QFormat
from nibblestream.network.front import Plain, read_front
from nibblestream.network.rows import Rows


@pytest.mark.parametrize(
    ("reach", "word"),
    [
        (8, QFormat(16, 11)),
        (7.99, QFormat(16, 12)),
        (1, QFormat(16, 14)),
        (255, QFormat(16, 7)),
        (1e-3, QFormat(16, 24)),
        (1e6, QFormat(16, -5)),
        ([8, 8 / 16], QFormat(16, 11)),  # 0.5 in steps of 2**-11 still has 10 bits
        ([8, 0.499], QFormat(25, 20)),
        ([1e4, 1], QFormat(25, 10)),
    ],
)
def test_the_format_holds_the_largest_and_resolves_the_smallest(reach: Any, word: QFormat) -> None:
    front = Plain(reach)
    assert front.input_format == word
    assert word.high * word.resolution <= 2 * np.max(reach)
    assert (word.high + 1) * word.resolution > np.max(reach)
    rows = front.rows(np.size(reach), 3)
    assert rows == (Rows((np.size(reach),), 16 if word.bits == 16 else 32), Rows((3,), 32))
    assert front.fields(7) == {"raw": 1, "wide": int(word.bits > 16), "inputs": 7}


def test_bounds_are_of_each_input() -> None:
    assert Plain(2.0).bounds(3).tolist() == [2, 2, 2]
    assert Plain([3.0, 4.0]).bounds(2).tolist() == [3, 4]
    assert Plain([3.0, 4.0]).norm(2) == 5
    assert np.array_equal(Plain(8).row_weights(np.ones((4, 2), np.float32)), np.ones(4))


@pytest.mark.parametrize("reach", [0, -1, np.nan, np.inf, [], [1, 0]])
def test_reaches_without_meaning_are_refused(reach: Any) -> None:
    with pytest.raises(ValueError, match="expected positive, finite magnitudes"):
        Plain(reach)


def test_reaches_for_other_inputs_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="reach has 2 values; expected 1, or 3, one per input"):
        plain(rng, (3, 2), front=Plain([1.0, 2.0]))


def test_powers_of_two_bring_ranges_together() -> None:
    front = Plain([1000.0, 3.0, 0.01], [0, -8, -16])
    assert front.input_format == Plain(1000).input_format == QFormat(16, 5)
    assert front.bounds(3).tolist() == [1000, 3, 0.01]
    assert front.scale(3).tolist() == [1, 2**-8, 2**-16]
    integers = front.integers(np.array([[1000, 3, -0.01], [1 / 32, 2**-13, 2**-21]]))
    assert integers.tolist() == [[32000, 3 * 2**13, -20972], [1, 1, 1]]
    assert str(front) == "inputs within +-1000 in 16 bits, each over a power of two"
    front.check(3, 1)
    with pytest.raises(ValueError, match="there are 3 exponents; expected 4"):
        Plain(1, [1, 2, 3]).check(4, 1)
    assert Plain(8, [0, 0]) == Plain(8)


@pytest.mark.parametrize(
    "front", [Plain(), Plain([0.1, 3.0, 1e5]), Plain([0.1, 3.0], [-5, 0])], ids=str
)
def test_fronts_come_back_from_headers(front: Plain) -> None:
    assert read_front(front.entries("float")) == front
    assert type(read_front(network(hidden=(3,)).front.entries("float"))) is not Plain
    with pytest.raises(ValueError, match="does not say what comes before and after"):
        read_front({})


def test_models_say_how_far_inputs_go(rng: np.random.Generator) -> None:
    model = plain(rng, (3, 2), front=Plain([1.0, 2.0, 3e4]))
    assert "inputs within +-30000 in 25 bits" in model.describe()
    assert "inputs within +-30000 in 16 bits, each over a power" in quantize(model).describe()
