"""`Predictor`: runs rows of numbers through a network by itself."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..backends import Backend, connect
from ..fixed import QFormat
from ..geometry import Geometry
from ..hardware.traffic import Traffic, layers_of, rows_of
from ..network.float_model import FloatModel
from ..network.float_network import FloatNetwork
from ..network.front import Plain
from ..network.model import QuantizedModel, load_model
from .inputs import INTEGERS, NUMBERS, Inputs
from .saturated import Saturated

Array = npt.NDArray[Any]

_VALUES: Final = 1 << 18  # of the widest layer, computed together; bounds the memory


class Predictor:
    """Predictions of a network by itself: rows of numbers in, rows of numbers out.

    Rows are computed in blocks, so memory does not grow with their number. A quantized model gives
    the same bits on every backend, and however its rows are cut into calls; in a network with
    memory, the rows of a call follow on those of the calls before. Threads may share a Predictor;
    their blocks take turns.

    Parameters
    ----------
    model : str, path, QuantizedModel or FloatModel
        A model file, or a model, that is not for speech.
    backend : {"emu", "csim", "virtual", "pynq"}
        Where the integer arithmetic runs: in NumPy, in the compiled C++ kernels, on a virtual
        board, or on a real board. Float models run in float64, on "emu" only.
    geometry : str or Geometry, optional
        Of the kernels, such as "16x8", the default for "csim"; else, if None, what the board has.
        No bit depends on it.

    Raises
    ------
    ValueError
        The backend is unknown or cannot run the model, the model is for speech, or the model file
        is damaged.
    TypeError
        The model is none.
    FileNotFoundError
        The model does not exist, or "csim" finds no C++ compiler.

    Examples
    --------
    >>> import numpy as np
    >>> from nibblestream import FloatModel, Predictor, quantize
    >>> trained = FloatModel("xor", ([[1, 1], [1, 1]], [[1, -2]]), ([0, -1], [0]), scaled=True)
    >>> with Predictor(quantize(trained, "kmeans", bits=4), backend="emu") as net:
    ...     net.predict([[0, 0], [0, 1], [1, 0], [1, 1]])
    array([[0.],
           [1.],
           [1.],
           [0.]])
    """

    def __init__(
        self,
        model: str | Path | QuantizedModel | FloatModel,
        backend: str = "emu",
        geometry: str | Geometry | None = None,
    ) -> None:
        self.model = load_model(model) if isinstance(model, (str, Path)) else model
        self._inputs = Inputs(_plain(self.model), self.model.inputs)
        chosen = Geometry.parse(geometry) if isinstance(geometry, str) else geometry
        self._backend: Backend | FloatNetwork | None = _connected(self.model, backend, chosen)
        self._block = self._backend.block
        self._layers = layers_of(self.model, geometry=self._backend.geometry)
        widest = max(self.model.inputs, *(layer.outputs for layer in self._layers))
        self._together = max(_VALUES // widest // self._block, 1) * self._block
        self._lock = Lock()
        self._rows = self._passes = self._beyond = 0
        self._read = self._backend.counted(), self._backend.saturated()

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the outputs of rows of numbers.

        Parameters
        ----------
        x : float or int, shape (n, inputs)
            n may be 0. Values beyond the model's reach saturate, with a warning.

        Returns
        -------
        float64, shape (n, outputs)

        Raises
        ------
        TypeError
            `x` is not numbers.
        ValueError
            Its shape is wrong, or a value is NaN or infinite.
        RuntimeError
            This Predictor was closed, or the backend failed.
        """
        return self._filled(self._checked(x, integers=False), integers=False)

    def predict_integers(self, x: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """Return the outputs of rows of integers, as the hardware takes and gives them.

        Parameters
        ----------
        x : int, shape (n, inputs)
            In `input_format`, within the model's reach.

        Returns
        -------
        int32, shape (n, outputs)
            In `output_format`.

        Raises
        ------
        TypeError
            `x` is not integers, or the model is a float model.
        ValueError
            Its shape is wrong, or a value is beyond the reach.
        RuntimeError
            This Predictor was closed, or the backend failed.
        """
        return self._filled(self._checked(x, integers=True), integers=True)

    def stream(self, x: npt.ArrayLike, *, integers: bool = False) -> Iterator[Array]:
        """Yield what `predict` or `predict_integers` returns, in blocks of rows.

        Neither inputs nor outputs then need to fit into memory: `x` can be a `numpy.memmap`.
        Raises as those do; errors of values only when their block is reached.
        """
        return self._outputs(self._checked(x, integers), integers)

    @property
    def input_format(self) -> QFormat:
        """Format of the integers that go in; TypeError for a float model."""
        return _quantized(self.model).layers[0].input_format

    @property
    def output_format(self) -> QFormat:
        """Format of the integers that come out; TypeError for a float model."""
        return _quantized(self.model).layers[-1].output_format

    @property
    def traffic(self) -> Traffic:
        """Weight traffic of all rows so far, in bytes; on a board also as counted there."""
        with self._lock:
            rows = rows_of(self.model)
            return Traffic(self._layers, self._rows, self._passes, self._read[0], rows)

    @property
    def saturated(self) -> Saturated:
        """Values that saturated so far."""
        with self._lock:
            return Saturated(self._beyond, self._read[1])

    def close(self) -> None:
        """Free the backend. The Predictor cannot be used afterwards."""
        with self._lock:
            if self._backend is not None:
                self._backend.close()
            self._backend = None

    def __enter__(self) -> Predictor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _checked(self, x: npt.ArrayLike, integers: bool) -> Array:
        if integers:
            _quantized(self.model)
        return self._inputs.array(x, INTEGERS if integers else NUMBERS)

    def _filled(self, rows: Array, integers: bool) -> Array:
        outputs = np.empty((len(rows), self.model.outputs), np.int32 if integers else np.float64)
        at = 0
        for block in self._outputs(rows, integers):
            outputs[at : at + len(block)] = block
            at += len(block)
        return outputs

    def _outputs(self, rows: Array, integers: bool) -> Iterator[Array]:
        beyond = 0
        for at in range(0, max(len(rows), 1), self._together):
            block = rows[at : at + self._together]
            if integers:
                yield self._run(self._inputs.integers(block, at))
                continue
            floats = self._inputs.floats(block, at)
            if isinstance(self.model, FloatModel):
                yield self._run(floats)
                continue
            words, more = self._inputs.rounded(floats)
            beyond += more
            yield self.output_format.to_float(self._run(words, more))
        if beyond:
            warnings.warn(self._inputs.warning(beyond, len(rows)), stacklevel=4)

    def _run(self, block: Array, beyond: int = 0) -> Array:
        with self._lock:
            if self._backend is None:
                raise RuntimeError("this Predictor was closed; make a new one")
            outputs = self._backend.process(block)
            self._rows += len(block)
            self._passes += -(-len(block) // self._block)
            self._beyond += beyond
            self._read = self._backend.counted(), self._backend.saturated()
        return outputs


def _plain(model: QuantizedModel | FloatModel) -> Plain:
    """Return the front of a plain model; raise an error for anything else."""
    if not isinstance(model, (QuantizedModel, FloatModel)):
        raise TypeError(
            f"the model is {model!r}; expected a path, a QuantizedModel or a FloatModel"
        )
    if not isinstance(model.front, Plain):
        raise ValueError(f"{model.name} enhances speech: use Enhancer, or 'nibblestream enhance'")
    return model.front


def _quantized(model: QuantizedModel | FloatModel) -> QuantizedModel:
    if isinstance(model, QuantizedModel):
        return model
    raise TypeError(f"{model.name} is a float model, which has no integers: quantize it first")


def _connected(
    model: QuantizedModel | FloatModel, backend: str, geometry: Geometry | None
) -> Backend | FloatNetwork:
    if isinstance(model, QuantizedModel):
        return connect(backend, model, geometry)
    if backend != "emu" or geometry is not None:
        raise ValueError(
            f"{model.name} is a float model and backend {backend!r} computes integers: "
            "quantize it first, or use backend 'emu'"
        )
    return FloatNetwork(model)
