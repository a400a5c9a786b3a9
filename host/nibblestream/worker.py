"""A network at work for one stream at a time, and the ledger of what it streams meanwhile."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from . import spec
from .backends import Backend, connect
from .float_model import FloatModel
from .model import QuantizedModel
from .reference import FloatPipeline
from .stream import Stream
from .traffic import LayerTraffic, Traffic

Complex = npt.NDArray[np.complex128]


class Border:
    """The border between float and integer: a backend as seen from the float side."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.reset = backend.reset
        self.counted = backend.counted
        self.close = backend.close

    def process(self, spectrum: Complex) -> Complex:
        """Bring complex spectra (frames, 129) to `spec.SPECTRUM`, through the backend, and back."""
        parts = np.stack([spectrum.real, spectrum.imag], axis=-1)
        floats = spec.SPECTRUM.to_float(self.backend.process(spec.SPECTRUM.from_float(parts)))
        return floats[..., 0] + 1j * floats[..., 1]


class Worker:
    """A network, connected to its backend, and the stream that it works for.

    Parameters
    ----------
    model : QuantizedModel or FloatModel
    backend : str

    Raises
    ------
    TypeError
        That is no model.
    ValueError, RuntimeError, FileNotFoundError
        The backend is unknown, cannot run the model, or cannot run here.
    """

    def __init__(self, model: QuantizedModel | FloatModel, backend: str) -> None:
        self.pipeline = _pipeline(model, backend)
        self._block = model.block if isinstance(model, QuantizedModel) else spec.MAX_BLOCK
        self._stream: Callable[[], Stream | None] = lambda: None  # weak: it may be dropped
        self._frames = self._passes = 0
        self._before = self.pipeline.counted()

    def works_for(self, stream: Stream) -> bool:
        """Return whether this is the stream that it worked for last."""
        return self._stream() is stream

    def is_free(self) -> bool:
        """Return whether the stream that it worked for has ended, or is no more."""
        stream = self._stream()
        return stream is None or stream.ended

    def dismiss(self, why: str) -> None:
        """End the stream that it works for."""
        stream = self._stream()
        if stream is not None:
            stream.close(why)

    def take(self, stream: Stream) -> None:
        """Work for another stream, and begin a new ledger."""
        self._stream = weakref.ref(stream)
        self._frames = self._passes = 0
        self._before = self.pipeline.counted()

    def process(self, spectrum: Complex) -> Complex:
        """Enhance the next frames: complex (frames, 129), in and out."""
        self._frames += len(spectrum)
        self._passes += -(-len(spectrum) // self._block)
        return self.pipeline.process(spectrum)

    def traffic(self, layers: Sequence[LayerTraffic]) -> Traffic:
        """Return what was streamed since it took its stream."""
        now, before = self.pipeline.counted(), self._before
        counted = now - before if now and before else None
        return Traffic(layers, self._frames, self._passes, counted)


def _pipeline(model: QuantizedModel | FloatModel, backend: str) -> Border | FloatPipeline:
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
