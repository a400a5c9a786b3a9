"""Indices of NumPy where addresses have 32 bits, as on a Zynq-7000: it refuses 64-bit ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from networks import network
from nibblestream.network.scheme import CALIBRATED, NAMES
from nibblestream.quantize import Calibration, Scheme, quantize, quantize_weights


class Strict:
    """A function of NumPy that casts its index as a 32-bit platform does, or raises as there."""

    def __init__(self, real: Callable[..., Any]) -> None:
        self._real, self.calls = real, 0

    def __call__(self, index: Any, *others: Any, **named: Any) -> Any:
        self.calls += 1
        return self._real(np.asarray(index).astype(np.int32, casting="safe"), *others, **named)


@pytest.fixture
def bincount(monkeypatch: pytest.MonkeyPatch) -> Strict:
    strict = Strict(np.bincount)
    monkeypatch.setattr(np, "bincount", strict)
    return strict


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CALIBRATED])
@pytest.mark.parametrize("bits", [2, 4])
def test_weights(bincount, rng, name, bits):
    quantize_weights(rng.laplace(0, 0.1, (6, 20)).clip(-1, 1), Scheme(name, bits))
    assert bincount.calls


@pytest.mark.parametrize("name", ["u", "u-vbs"])
def test_eight_bits(bincount, rng, name):
    quantize_weights(rng.laplace(0, 0.1, (6, 20)).clip(-1, 1), Scheme(name, 8))
    assert bincount.calls


def test_tuned_tables(bincount, rng):
    recording = rng.normal(0, 0.1, 20_000).clip(-1, 1)
    quantize(network(hidden=(4,)), scheme="distil", calibration=Calibration([recording]))
    assert bincount.calls
