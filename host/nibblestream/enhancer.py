"""Wav to wav: sample rates, channels, and the border between float and integer."""

from __future__ import annotations

import operator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from . import audio, spec
from .backends import Backend, connect
from .float_model import FloatModel
from .model import QuantizedModel, load_model
from .reference import FloatPipeline
from .samples import from_float, to_float
from .stream import Stream
from .traffic import LayerTraffic, Traffic, layers_of

Float = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

RATES = (1000, 768_000)  # sample rates accepted, Hz
MAX_CHANNELS = 64
_CHUNK = 32 * spec.MAX_BLOCK * spec.HOP  # samples at a time, so that long files need little memory


class Enhancer:
    """Make noisy speech easier to understand.

    Parameters
    ----------
    model : str, path, QuantizedModel or FloatModel
        A bundled model's name, a model file, or a model.
    backend : {"emu", "csim"}
        Where the integers are computed: in NumPy, or by the kernels' compiled C++. Float models
        run in float64 on "emu" only.

    Raises
    ------
    ValueError
        The backend is unknown or cannot run the model, or the model file is damaged.
    FileNotFoundError
        There is no such model, or no C++ compiler for "csim".

    Examples
    --------
    >>> import numpy as np
    >>> with Enhancer(backend="emu") as enhancer:
    ...     clean = enhancer.enhance(np.zeros(8000), 8000)
    >>> clean.shape
    (8000,)
    """

    def __init__(
        self,
        model: str | Path | QuantizedModel | FloatModel = "default",
        backend: str = "emu",
    ) -> None:
        self.model = load_model(model) if isinstance(model, (str, Path)) else model
        self._pipeline = _connect(self.model, backend)
        self._block = self.model.block if isinstance(self.model, QuantizedModel) else spec.MAX_BLOCK
        self._stream: Stream | None = None
        self._open = True
        self._begin_ledger()

    def enhance(
        self, noisy: npt.ArrayLike, sample_rate: int, *, progress: bool = False
    ) -> npt.NDArray[Any]:
        """Enhance a recording.

        Inside, it is 8 kHz: what lies above 4 kHz in the input is not in the output.

        Parameters
        ----------
        noisy : float or int16, shape (n,) or (n, channels)
            Full scale is +-1 for floats. What is louder is clipped, with a warning.
        sample_rate : int
            In Hz, 1000 to 768000.
        progress : bool
            Show a bar, if this is a terminal.

        Returns
        -------
        ndarray
            Same shape, dtype and rate; within full scale.

        Raises
        ------
        TypeError
            The samples are neither float nor int16, or the rate is no integer.
        ValueError
            The shape is another, nothing or NaN or infinity is in it, or the rate is out of range.
        """
        rate = _checked_rate(sample_rate)
        samples, dtype = to_float(noisy)
        _check_shape(samples.shape)
        self._begin_ledger()
        channels = samples.reshape(len(samples), -1).T
        bar = tqdm(total=samples.size, unit="sample", disable=None if progress else True)
        with bar:
            enhanced = [self._enhance_channel(channel, rate, bar) for channel in channels]
        clean = np.stack(enhanced, axis=-1)
        return from_float(clean.reshape(samples.shape), dtype)

    def stream(self) -> Stream:
        """Start enhancing live mono audio at 8 kHz.

        There is one state: what this Enhancer does next (a stream, a call of `enhance`) ends it.
        """
        self._begin_ledger()
        return self._start()

    @property
    def traffic(self) -> Traffic:
        """Weight bytes of the last `enhance` or `stream`."""
        if isinstance(self.model, FloatModel):
            layers = [LayerTraffic(len(w), w.shape[1], 32) for w in self.model.weights]
        else:
            layers = layers_of(self.model)
        now, before = self._pipeline.counted(), self._counted
        counted = now - before if now and before else None
        return Traffic(layers, self._frames, self._passes, counted)

    def close(self) -> None:
        """Free the backend; nothing can be enhanced afterwards."""
        if self._open:
            self._end_stream("its Enhancer was closed")
            self._open = False
            self._pipeline.close()

    def __enter__(self) -> Enhancer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _enhance_channel(self, samples: Float, rate: int, bar: tqdm[Any]) -> Float:
        stream = self._start()
        at_8k = np.clip(audio.resample(samples, rate, spec.SAMPLE_RATE), -1, 1)  # it overshoots
        parts = []
        for i in range(0, len(at_8k), _CHUNK):
            parts.append(stream.process(at_8k[i : i + _CHUNK]))
            bar.update(len(samples) * len(parts[-1]) / len(at_8k))
        clean = np.concatenate([*parts, stream.flush()])
        return audio.resample(clean, spec.SAMPLE_RATE, rate)[: len(samples)]

    def _start(self) -> Stream:
        """Begin a new state, which ends an older stream."""
        if not self._open:
            raise RuntimeError("this Enhancer was closed; make a new one")
        self._end_stream("its Enhancer began another: use one Enhancer for each stream")
        self._pipeline.reset()
        self._stream = Stream(self._spectra)
        return self._stream

    def _end_stream(self, why: str) -> None:
        if self._stream is not None:
            self._stream.end(why)

    def _begin_ledger(self) -> None:
        self._frames = self._passes = 0
        self._counted = self._pipeline.counted()

    def _spectra(self, spectrum: Complex) -> Complex:
        self._frames += len(spectrum)
        self._passes += -(-len(spectrum) // self._block)
        return self._pipeline.process(spectrum)


class Border:
    """The border between float and integer: a backend as seen from the float side."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.reset = backend.reset
        self.counted = backend.counted
        self.close = backend.close

    def process(self, spectrum: Complex) -> Complex:
        """Bring complex spectra (frames, 129) to `spec.SPECTRUM`, through the backend, and back."""
        parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
        floats = spec.SPECTRUM.to_float(self._backend.process(spec.SPECTRUM.from_float(parts)))
        return floats[..., 0] + 1j * floats[..., 1]


def _connect(model: QuantizedModel | FloatModel, backend: str) -> Border | FloatPipeline:
    if isinstance(model, QuantizedModel):
        return Border(connect(backend, model))
    if not isinstance(model, FloatModel):
        raise TypeError(
            f"the model is {model!r}; expected a name, a path, a QuantizedModel or a FloatModel"
        )
    if backend != "emu":
        raise ValueError(
            f"{model.name} is a float model and backend {backend!r} computes integers: "
            "quantize it first, or use backend 'emu'"
        )
    return FloatPipeline(model)


def _checked_rate(sample_rate: int) -> int:
    try:
        rate = operator.index(sample_rate)
    except TypeError:
        raise TypeError(
            f"the sample rate is {sample_rate!r}; expected an integer number of Hz"
        ) from None
    if isinstance(sample_rate, bool) or not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"the sample rate is {rate} Hz; expected {RATES[0]} to {RATES[1]} Hz")
    return rate


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) not in (1, 2) or 0 in shape or shape[1:] > (MAX_CHANNELS,):
        raise ValueError(
            f"found an array of shape {shape}; expected (n,) or (n, channels) with at least "
            f"one sample and at most {MAX_CHANNELS} channels: is it transposed?"
        )
