"""Benchmark every network on every backend, frame by frame and in the largest blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from ... import spec
from ...backends import connect
from ...hardware.traffic import Traffic, layers_of, rows_of
from ...network.float_model import FloatModel
from ...network.float_network import FloatNetwork
from ...network.model import QuantizedModel
from ...speech import stft
from ...speech.front import speech_of
from . import hop
from .clocks import BoardTime, Wall, parameters
from .figures import Row, widths
from .float32 import NumpyFloat32
from .rows import figures
from .session import Session
from .subjects import Subject

if TYPE_CHECKING:
    from ...backends.virtual.backend import Virtual

NUMPY: Final = "numpy"  # backend name of the float32 rows
LEVEL: Final = 0.1  # RMS of the noise used as input

Array = npt.NDArray[Any]


@dataclass
class Results:
    """Results of a benchmark.

    Parameters
    ----------
    rows : list of Row
    ledgers : list of (str, Traffic)
        Title (network, widths, backend) and traffic, for backends with byte counters.
    parameters : dict
        Parameters of the virtual board's timing model, if it was benchmarked.
    """

    rows: list[Row] = field(default_factory=list)
    ledgers: list[tuple[str, Traffic]] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)


def count(subjects: Sequence[Subject], backends: Sequence[str]) -> int:
    """Return the number of rows that `bench` will return."""
    return sum(
        len(_sizes(model.block)) * times
        for subject in subjects
        for times, models in ((1, subject.codes[:1]), (len(backends), subject.codes))
        for model in models
    )


def with_progress(subjects: Sequence[Subject], backends: Sequence[str], seconds: float) -> Results:
    """Call `bench` with a progress bar, which is shown on a terminal only."""
    with tqdm(total=count(subjects, backends), unit="row", disable=None) as bar:
        return bench(subjects, backends, seconds, bar.update)


def bench(
    subjects: Sequence[Subject],
    backends: Sequence[str],
    seconds: float,
    on_row: Callable[[], object] = lambda: None,
) -> Results:
    """Benchmark every network on every backend.

    Parameters
    ----------
    subjects : sequence of Subject
    backends : sequence of str
    seconds : float
        Minimum run time of each row, by the host's clock.
    on_row : callable
        Called after each row.
    """
    results = Results()
    for row in _rows(subjects, backends, seconds, results):
        results.rows.append(row)
        on_row()
    return results


def _rows(
    subjects: Sequence[Subject], backends: Sequence[str], seconds: float, results: Results
) -> Iterator[Row]:
    for subject in subjects:
        yield from _float32(subject, seconds)
        for backend in backends:
            for model in subject.codes:
                yield from _codes(subject.name, model, backend, seconds, results)


def _float32(subject: Subject, seconds: float) -> Iterator[Row]:
    model = subject.float32
    layers = layers_of(model)
    rows, raw = rows_of(model), model.front.raw
    session = Session(FloatNetwork(model, np.float32) if raw else NumpyFloat32(model), Wall())
    row_bytes = 4 * (model.inputs + model.outputs) if raw else rows.bytes
    for size in _sizes(subject.codes[0].block):
        block = numbers(model, size) if raw else spectra(size)
        timed = session.time(block.astype(np.float32 if raw else np.complex64), seconds)
        found = figures(timed, layers, Wall.kind, raw=raw, row_bytes=row_bytes)
        yield Row(NUMPY, subject.name, model.digest, layers, size, found, rows)


def _codes(
    name: str, model: QuantizedModel, backend: str, seconds: float, results: Results
) -> Iterator[Row]:
    layers, beats, raw = layers_of(model), rows_of(model), model.front.raw
    with closing(connect(backend, model)) as machine:
        clock: Wall | BoardTime = Wall()
        if backend == "virtual":
            device = cast("Virtual", machine).device
            clock, results.parameters = BoardTime(device), parameters(device)
        session, rows = Session(machine, clock), []
        for size in _sizes(model.block):
            timed = session.time(_block(model, size), seconds)
            found = figures(timed, layers, clock.kind, raw=raw, row_bytes=beats.bytes)
            rows.append(Row(backend, name, model.origin, layers, size, found, beats))
        traffic = session.traffic(layers, beats)
        if traffic.counted:
            results.ledgers.append((f"{name}, {widths(layers)} bits, on {backend}", traffic))
        if isinstance(clock, Wall) and not raw:  # a virtual board's time does not include the STFT
            rows[0].figures.update(hop.figures(machine, speech_of(model).window, seconds))
        yield from rows


def spectra(frames: int) -> Array:
    """Return the complex spectra (frames, 129) of white noise with a fixed seed."""
    noise = np.random.default_rng(0).normal(0, LEVEL, (frames + 1) * spec.HOP)
    return stft.analyse(stft.frames(noise))


def integers(spectrum: Array) -> Array:
    """Convert complex spectra to the backends' input: int32 (frames, 129, 2)."""
    return spec.SPECTRUM.from_float(np.stack([spectrum.real, spectrum.imag], axis=-1))


def numbers(model: FloatModel | QuantizedModel, rows: int) -> Array:
    """Return random rows (rows, inputs) within the reach of a plain model, with a fixed seed."""
    reach = model.front.bounds(model.inputs)
    assert reach is not None  # plain models have it
    return np.random.default_rng(0).uniform(-1, 1, (rows, model.inputs)) * reach


def _block(model: QuantizedModel, size: int) -> Array:
    if model.front.raw:
        return model.front.input_format.from_float(numbers(model, size))
    return integers(spectra(size))


def _sizes(block: int) -> list[int]:
    return sorted({1, block})
