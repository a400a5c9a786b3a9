"""`Enhancer`: enhances recordings and live streams with one model."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..backends import connect
from ..console import Advance, progress_bar
from ..geometry import Geometry
from ..hardware.traffic import Traffic, layers_of
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel, load_model
from ..speech.band import BANDS
from ..speech.front import speech_of
from ..speech.reference import FloatPipeline
from ..speech.resampler import checked_rate
from ..speech.samples import from_float, to_float
from .session import FixedPoint, Network, Pool, Session
from .stream import Stream

Float = npt.NDArray[np.float64]

MAX_CHANNELS = 64
_CHUNK = 16 * spec.MAX_BLOCK  # hops per chunk; bounds the memory that long recordings need


class Enhancer:
    """Reduce the noise in speech recordings and live streams with one model.

    Parameters
    ----------
    model : str, path, QuantizedModel or FloatModel
        A bundled model's name, a model file, or a model.
    backend : {"emu", "csim", "virtual", "pynq"}
        Where the integer arithmetic runs: in NumPy, in the compiled C++ kernels, on a virtual
        board, or on a real board. Float models run in float64, on "emu" only.
    band : {"full", "narrow"}
        What comes out of recordings above 8 kHz: the whole band, where what lies above 4 kHz is
        the input's, scaled by a gain that follows the network's between 2 and 4 kHz; or only the
        band of the network, up to 4 kHz. At 8 kHz and below, both are the same.
    geometry : str or Geometry, optional
        Of the kernels, such as "16x8", the default for "csim"; else, if None, what the board has.
        No bit depends on it.

    Raises
    ------
    ValueError
        The backend or band is unknown, the backend cannot run the model, the model is not for
        speech, or the model file is damaged.
    FileNotFoundError
        The model does not exist, or "csim" finds no C++ compiler.

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
        band: str = "full",
        geometry: str | Geometry | None = None,
    ) -> None:
        if band not in BANDS:
            raise ValueError(f"the band is {band!r}; expected {' or '.join(BANDS)}")
        self.band = band
        self.model = load_model(model) if isinstance(model, (str, Path)) else model
        _check_model(self.model)
        chosen = Geometry.parse(geometry) if isinstance(geometry, str) else geometry
        self._pool = Pool(partial(_connected, self.model, backend, chosen))

    def enhance(
        self, noisy: npt.ArrayLike, sample_rate: int, *, progress: bool = False
    ) -> npt.NDArray[Any]:
        """Enhance a recording.

        The network hears the band up to 4 kHz; see `Enhancer` for what lies above.

        Parameters
        ----------
        noisy : float or int16, shape (n,) or (n, channels)
            Full scale is +-1 for floats. Louder samples are clipped, with a warning.
        sample_rate : int
            In Hz, 1000 to 768000.
        progress : bool
            Show a progress bar on a terminal.

        Returns
        -------
        ndarray
            Same shape, dtype and sample rate as `noisy`; within full scale.

        Raises
        ------
        TypeError
            The samples are neither float nor int16, or the rate is not an integer.
        ValueError
            The shape is wrong, the array is empty or not finite, or the rate is out of range.
        """
        rate = checked_rate(sample_rate)
        samples, dtype = to_float(noisy)
        _check_shape(samples.shape)
        channels = samples.reshape(len(samples), -1).T
        with (
            progress_bar(samples.size, "sample", shown=progress) as advance,
            self.stream(rate) as stream,
        ):
            enhanced = [_enhance_channel(stream, channel, rate, advance) for channel in channels]
        clean = np.stack(enhanced, axis=-1)
        return from_float(clean.reshape(samples.shape), dtype)

    def stream(self, sample_rate: int = spec.SAMPLE_RATE) -> Stream:
        """Start a stream of live mono audio; see `Stream`, also for the latency.

        Concurrent streams and calls of `enhance` share no state: each has its own network
        instance. A board holds only one: there, each new stream or call of `enhance` ends the
        previous stream.

        Parameters
        ----------
        sample_rate : int
            In Hz, 1000 to 768000.

        Raises
        ------
        TypeError, ValueError
            The rate is not an integer, or out of range.
        RuntimeError
            This Enhancer is closed.
        """
        window = speech_of(self.model).window
        return Stream(Session(self._pool), checked_rate(sample_rate), self.band, window)

    @property
    def one_at_a_time(self) -> bool:
        """Whether a new stream ends the previous one: a board holds the state of only one."""
        return self._pool.one_at_a_time

    @property
    def traffic(self) -> Traffic:
        """Weight traffic of the most recent `enhance` or `stream`, in bytes."""
        return (self._pool.last or Session(self._pool)).traffic(
            layers_of(self.model, geometry=self._pool.geometry)
        )

    def close(self) -> None:
        """Free the backend. The Enhancer cannot be used afterwards."""
        self._pool.close()

    def __enter__(self) -> Enhancer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check_model(model: object) -> None:
    if not isinstance(model, (QuantizedModel, FloatModel)):
        raise TypeError(
            f"the model is {model!r}; expected a name, a path, a QuantizedModel or a FloatModel"
        )
    speech_of(model)  # refuses networks by themselves


def _connected(
    model: QuantizedModel | FloatModel, backend: str, geometry: Geometry | None
) -> Network:
    if isinstance(model, QuantizedModel):
        return FixedPoint(connect(backend, model, geometry))
    if backend != "emu" or geometry is not None:
        raise ValueError(
            f"{model.name} is a float model and backend {backend!r} computes integers: "
            "quantize it first, or use backend 'emu'"
        )
    return FloatPipeline(model)


def _enhance_channel(stream: Stream, samples: Float, rate: int, advance: Advance) -> Float:
    stream.reset()
    size = max(_CHUNK * spec.HOP * rate // spec.SAMPLE_RATE, 1)
    parts = []
    for i in range(0, len(samples), size):
        chunk = samples[i : i + size]
        parts.append(stream.process(chunk))
        advance(len(chunk))
    return np.concatenate([*parts, stream.flush()])


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) not in (1, 2) or 0 in shape or shape[1:] > (MAX_CHANNELS,):
        raise ValueError(
            f"found an array of shape {shape}; expected (n,) or (n, channels) with at least "
            f"one sample and at most {MAX_CHANNELS} channels: is it transposed?"
        )
