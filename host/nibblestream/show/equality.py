"""Bit-exact comparison of the available backends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from ..backends import BACKENDS, connect
from ..network.model import QuantizedModel
from ..speech import stft
from ..studies.bench import at_hand
from ..studies.bench.run import integers


def same_bits(model: QuantizedModel, noisy: npt.NDArray[np.float64]) -> str:
    """Enhance a signal (n,), 8 kHz, on every available backend; report how many integers differ."""
    return "\n".join(_lines(model, integers(stft.stft(noisy))))


def _lines(model: QuantizedModel, spectrum: npt.NDArray[np.int32]) -> Iterator[str]:
    expected = _enhanced("emu", model, spectrum)
    yield f"emu      {expected.size:,} integers: the definition"
    for name in BACKENDS:
        if name == "emu":
            continue
        if why := at_hand.lacks(name):
            yield f"{name:<8} not here: {why}"
            continue
        differ = np.count_nonzero(_enhanced(name, model, spectrum) != expected)
        yield f"{name:<8} {expected.size:,} integers, {differ} of them other than emu's"


def _enhanced(
    name: str, model: QuantizedModel, spectrum: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    with closing(connect(name, model)) as backend:
        return backend.process(spectrum)
