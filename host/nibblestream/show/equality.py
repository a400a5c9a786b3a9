"""Bit-exact comparison of the available backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from .. import Predictor
from ..backends import BACKENDS, connect
from ..network.model import QuantizedModel
from ..speech import stft
from ..speech.front import speech_of
from ..studies.bench import at_hand
from ..studies.bench.run import integers

Integers = npt.NDArray[np.int32]


def same_bits(model: QuantizedModel, noisy: npt.NDArray[np.float64]) -> str:
    """Enhance a signal (n,), 8 kHz, on every available backend; report how many integers differ."""
    spectrum = integers(stft.stft(noisy, speech_of(model).window))
    return "\n".join(_lines(lambda name: _enhanced(name, model, spectrum)))


def same_outputs(model: QuantizedModel, rows: npt.NDArray[np.float64]) -> str:
    """Predict rows (n, inputs) on every available backend; report how many outputs differ."""
    return "\n".join(_lines(lambda name: _predicted(name, model, rows)))


def _lines(run: Callable[[str], Integers]) -> Iterator[str]:
    expected = run("emu")
    yield f"emu      {expected.size:,} integers: the definition"
    for name in BACKENDS:
        if name == "emu":
            continue
        if why := at_hand.lacks(name):
            yield f"{name:<8} not here: {why}"
            continue
        differ = np.count_nonzero(run(name) != expected)
        yield f"{name:<8} {expected.size:,} integers, {differ} of them other than emu's"


def _enhanced(name: str, model: QuantizedModel, spectrum: Integers) -> Integers:
    with closing(connect(name, model)) as backend:
        return backend.process(spectrum)


def _predicted(name: str, model: QuantizedModel, rows: npt.NDArray[np.float64]) -> Integers:
    with Predictor(model, name) as net:
        return net.output_format.from_float(net.predict(rows)).astype(np.int32)
