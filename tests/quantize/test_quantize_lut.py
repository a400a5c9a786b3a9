"""The paper's Tables 1 and 2 through the library's own table."""

from __future__ import annotations

import numpy as np
import pytest

from nibblestream.network.lut import Lut
from nibblestream.quantize import Scheme, quantize_weights

pytestmark = pytest.mark.numeric


def test_table_1() -> None:
    # A hundred weights: one in each external interval, the rest inside.
    tail = [-0.3359375, -0.15625, -0.12, -0.1]
    inside = [-0.0703125] * 10 + list(np.linspace(-0.05, 0.07, 82))
    done = quantize_weights(np.array([[*tail, *inside, 0.1, 0.12, 0.2, 0.3]]), Scheme("rs"))
    assert done.lut is not None
    rows = done.lut.rows()
    printed = [(rows[code].code, rows[code].value, rows[code].partition) for code in (0, 1, 4)]
    assert printed == [
        ("0000", -0.3359375, "ext"),
        ("0001", -0.15625, "ext"),
        ("0100", -0.0703125, "int"),
    ]


def test_table_2() -> None:
    done = quantize_weights(np.full((4, 4), 0.02099609), Scheme(k=4))
    assert done.lut is not None
    row = done.lut.rows()[0b0100]
    assert (done.codes == 0b0100).all()
    assert (row.code, round(row.value, 8), row.partition) == ("0100", 0.02099609, "int")
    assert (row.binary, row.stored, row.mantissa) == (".000001010110", "01010110", 43)


def example() -> Lut:
    mantissa = np.array([-128, -43, 43, 127], np.int32)
    return Lut(mantissa, np.array([False, True, True, False]), 8, 4)


def test_values_are_exact() -> None:
    assert example().decoded.tolist() == [-2048, -43, 43, 2032]
    assert example().values.tolist() == [-1, -43 / 2048, 43 / 2048, 127 / 128]


def test_printed_bits() -> None:
    rows = [(row.code, row.binary, row.stored) for row in example().rows()]
    assert rows == [
        ("00", "-1.000000000000", "-"),
        ("01", "-.000001010110", "01010110"),
        ("10", ".000001010110", "01010110"),
        ("11", ".111111100000", "11111110"),
    ]


def test_printed_bits_give_the_value_back(rng: np.random.Generator) -> None:
    done = quantize_weights(rng.laplace(0, 0.03, (64, 64)).clip(-1, 1), Scheme())
    assert done.lut is not None
    for row in done.lut.rows():
        sign = -1 if row.binary.startswith("-") else 1
        fraction = row.binary.lstrip("-.")
        assert sign * int(fraction, 2) / 2 ** (8 + done.k) == row.value
        shift = done.k if row.partition == "int" else 0
        assert sign * int(row.stored, 2) / 2**8 == row.value * 2**shift  # equation (8)


def test_as_text() -> None:
    lines = str(example()).splitlines()
    assert len(lines) == 5
    assert lines[3].split() == ["10", "0.02099609375", "int", "43", ".000001010110", "01010110"]


@pytest.mark.parametrize(
    ("mantissa", "internal", "m", "k", "message"),
    [
        ([0] * 4, [True] * 8, 8, 0, "the same number of both"),
        ([0] * 5, [True] * 5, 8, 0, "one of"),
        ([0, 0, 0, 128], [True] * 4, 8, 0, "from 0 to 128; expected -128 to 127"),
        ([0] * 4, [True] * 4, 8, 11, "m [+] k <= 18"),
        ([0] * 4, [True] * 4, 8, -1, "k >= 0"),
    ],
)
def test_refused(mantissa: list[int], internal: list[bool], m: int, k: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lut(np.array(mantissa, np.int32), np.array(internal), m, k)
