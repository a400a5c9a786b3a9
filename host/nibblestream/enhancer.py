"""Wav to wav: sample rates, channels, and the border between float and integer."""

from __future__ import annotations

import operator
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from . import audio, backends, spec
from .float_model import FloatModel
from .model import QuantizedModel, load_model
from .reference import FloatPipeline
from .stream import Stream
from .traffic import LayerTraffic, Traffic

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
    backend : {"emu"}
        Where the integers are computed. Float models run in float64 on "emu" only.

    Raises
    ------
    ValueError
        The backend is unknown or cannot run the model, or the model file is damaged.
    FileNotFoundError
        There is no such model.

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
        if isinstance(self.model, FloatModel) and backend == "emu":
            self._float: FloatPipeline | None = FloatPipeline(self.model)
        elif isinstance(self.model, FloatModel):
            raise ValueError(
                f"{self.model.name} is a float model and backend {backend!r} computes integers: "
                "quantize it first, or use backend 'emu'"
            )
        else:
            self._float = None
            self._backend = backends.connect(backend, self.model)
        self._stream: Stream | None = None
        self._frames = self._passes = 0

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
        samples, dtype = _checked_samples(noisy)
        self._frames = self._passes = 0
        channels = samples.reshape(len(samples), -1).T
        bar = tqdm(total=samples.size, unit="sample", disable=None if progress else True)
        with bar:
            enhanced = [self._enhance_channel(channel, rate, bar) for channel in channels]
        clean = np.stack(enhanced, axis=-1)
        return _as_dtype(clean.reshape(samples.shape), dtype)

    def stream(self) -> Stream:
        """Start enhancing live mono audio at 8 kHz.

        There is one state: what this Enhancer does next (a stream, a call of `enhance`) ends it.
        """
        self._frames = self._passes = 0
        return self._start()

    @property
    def traffic(self) -> Traffic:
        """Weight bytes of the last `enhance` or `stream`."""
        if isinstance(self.model, FloatModel):
            layers = [LayerTraffic(len(w), w.shape[1], 32) for w in self.model.weights]
        else:
            layers = [LayerTraffic(*layer.shape, layer.bits) for layer in self.model.layers]
        return Traffic(layers, self._frames, self._passes)

    def close(self) -> None:
        """Free the backend."""
        if self._float is None:
            self._backend.close()

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
        at_8k = audio.resample(samples, rate, spec.SAMPLE_RATE)
        parts = []
        for i in range(0, len(at_8k), _CHUNK):
            parts.append(stream.process(at_8k[i : i + _CHUNK]))
            bar.update(len(samples) * len(parts[-1]) / len(at_8k))
        clean = np.concatenate([*parts, stream.flush()])
        return audio.resample(clean, spec.SAMPLE_RATE, rate)[: len(samples)]

    def _start(self) -> Stream:
        """Begin a new state, and make any older stream refuse to go on."""
        (self._float or self._backend).reset()

        def spectra(spectrum: Complex) -> Complex:
            if self._stream is not stream:
                raise RuntimeError(
                    "this stream was ended by a later stream() or enhance() of its Enhancer: "
                    "use one Enhancer for each stream"
                )
            return self._spectra(spectrum)

        self._stream = stream = Stream(spectra)
        return stream

    def _spectra(self, spectrum: Complex) -> Complex:
        """Cross the border: float spectra to integers, through the backend, and back."""
        self._frames += len(spectrum)
        self._passes += -(-len(spectrum) // spec.MAX_BLOCK)
        if self._float is not None:
            return self._float.process(spectrum)
        integers = spec.SPECTRUM.from_float(np.stack([spectrum.real, spectrum.imag], axis=-1))
        floats = spec.SPECTRUM.to_float(self._backend.process(integers))
        return floats[..., 0] + 1j * floats[..., 1]


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


def _checked_samples(noisy: npt.ArrayLike) -> tuple[Float, np.dtype[Any]]:
    """Return float64 samples within full scale, and the dtype they came in."""
    found = np.asarray(noisy)
    if found.dtype != np.int16 and found.dtype.kind != "f":
        raise TypeError(
            f"found samples of dtype {found.dtype}; expected floats within +-1, or int16: "
            "divide other integers by their full scale"
        )
    channels = found.shape[1] if found.ndim == 2 else 1
    if found.ndim not in (1, 2) or not found.size or channels > MAX_CHANNELS:
        raise ValueError(
            f"found an array of shape {found.shape}; expected (n,) or (n, channels) with at least "
            f"one sample and at most {MAX_CHANNELS} channels: is it transposed?"
        )
    samples = found / 2.0**15 if found.dtype == np.int16 else found.astype(np.float64)
    if not np.isfinite(samples).all():
        raise ValueError("found NaN or infinity in the samples; expected finite values")
    peak = np.abs(samples).max()
    if peak > 1:
        warnings.warn(
            f"the input peaks at {peak:.4g}, beyond full scale (1.0), and is clipped there",
            stacklevel=3,
        )
    return np.clip(samples, -1, 1), found.dtype


def _as_dtype(samples: Float, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    samples = np.clip(samples, -1, 1)  # resampling overshoots
    if dtype == np.int16:
        samples = np.minimum(np.round(samples * 2.0**15), 2**15 - 1)
    return np.asarray(samples, dtype)
