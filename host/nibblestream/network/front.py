"""What comes before a network and after it, as a property of the model: `Front` and `Plain`.

A front gives the formats of the network's inputs and outputs, bounds on them, their layout in
memory, and its fields in model files and in the code stream. `speech.front` has the one for speech.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import QFormat
from .rows import Rows

Float = npt.NDArray[np.float64]
Header = dict[str, Any]

HEADROOM = 2.0  # of the ranges of inputs over those of rows seen
REACH = 8.0  # default largest magnitude of an input: that of most standardized data
REACHES = (1e-100, 1e100)  # within which all formats and factors are normal floats
MOST_EXPONENT = 300
NARROW_STEPS = 10  # bits that 16-bit words must leave for the input with the smallest range


class Front(ABC):
    """Base class: what comes before a network's first layer and after its last."""

    raw: ClassVar[bool]
    """Whether rows of values go in and come out, unchanged by the spectral kernels."""

    @property
    @abstractmethod
    def input_format(self) -> QFormat:
        """Format of the first layer's inputs."""

    @property
    def output_format(self) -> QFormat | None:
        """Format of the last layer's outputs; None if it is chosen for their range."""
        return None

    @property
    def limits(self) -> tuple[float, float]:
        """Limits to which outputs of the last layer are clipped."""
        return -np.inf, np.inf

    @property
    def past(self) -> int:
        """Number of earlier frames that the network sees with each."""
        return 0

    def scale(self, inputs: int) -> Float:
        """Return the powers of two that inputs are divided by, float64 (inputs,).

        The integers of the first layer's inputs are in `input_format` after this division.
        """
        return np.ones(inputs)

    def integers(self, x: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int32]:
        """Return inputs, float (n, inputs), in integers as the first layer takes them."""
        return self.input_format.from_float(x / self.scale(x.shape[1]))

    def in_integers(self) -> Front:
        """Return this front with its parameters rounded to their integer formats."""
        return self

    @abstractmethod
    def check(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless networks of these widths fit."""

    @abstractmethod
    def norm(self, inputs: int) -> float:
        """Return a bound on the Euclidean norm of an input row."""

    def bounds(self, inputs: int) -> Float | None:
        """Return a bound on each input's magnitude, float64 (inputs,), or None if unknown."""
        return None

    def row_weights(self, inputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the weight of each row (n, inputs) in errors of the outputs, with a mean of 1."""
        return np.ones(len(inputs), np.float32)

    @abstractmethod
    def rows(self, inputs: int, outputs: int) -> tuple[Rows, Rows]:
        """Return the layouts of rows in memory, of inputs and of outputs."""

    @abstractmethod
    def fields(self, inputs: int) -> dict[str, int]:
        """Return the front's fields of `spec.MODEL_BEAT`."""

    @abstractmethod
    def entries(self, kind: str) -> Header:
        """Return the front's fields in the header of a model file of the given kind."""

    @classmethod
    @abstractmethod
    def read(cls, header: Header) -> Front | None:
        """Return the front of a model file's header; None if it has another kind of front."""


def read_front(header: Header) -> Front:
    """Return the front of a model file's header; raise ValueError if there is none."""
    for kind in Front.__subclasses__():
        front = kind.read(header)
        if front is not None:
            return front
    raise ValueError("its header does not say what comes before and after the network")


@dataclass(frozen=True)
class Plain(Front):
    """A network by itself: rows of numbers in, rows of numbers out.

    Parameters
    ----------
    reach : float or sequence of float
        Largest magnitude of the inputs, for all or for each, 1e-100 to 1e100; larger ones saturate.
    exponents : sequence of int
        Of the power of two that each input is divided by (see `scale`), in a quantized model:
        inputs of very different ranges then share a format and, with the inverse factors, a table
        of weights. Empty if all are 0.

    Raises
    ------
    ValueError
        A reach or an exponent is out of range.
    """

    raw: ClassVar[bool] = True
    reach: float | Sequence[float] | Float = REACH
    exponents: Sequence[int] | npt.NDArray[np.integer[Any]] = ()

    def __post_init__(self) -> None:
        values = tuple(float(value) for value in np.ravel(self.reach))
        least, most = REACHES
        if not values or not all(least <= value <= most for value in values):
            raise ValueError(
                f"reach is {self.reach}; expected positive, finite magnitudes, {least} to {most}"
            )
        object.__setattr__(self, "reach", values)
        exponents = tuple(int(value) for value in self.exponents)
        if any(abs(exponent) > MOST_EXPONENT for exponent in exponents):
            raise ValueError(
                f"exponents are {exponents}; expected -{MOST_EXPONENT} to {MOST_EXPONENT}"
            )
        object.__setattr__(self, "exponents", exponents if any(exponents) else ())

    @classmethod
    def seen(cls, rows: npt.NDArray[Any], whole: Float | float = np.inf) -> Plain:
        """Return the front for inputs like those of rows (n, inputs), with a headroom of two.

        An input that is always zero takes the median of the other ranges. No range is larger than
        `whole`, except for what was seen.
        """
        seen = np.abs(rows).max(axis=0).astype(np.float64)
        if not seen.any():
            return cls(np.minimum(np.full(len(seen), REACH), whole))
        reach = np.clip(whole, seen, HEADROOM * seen)
        return cls(np.where(seen > 0, reach, np.median(reach[seen > 0])))

    @property
    def input_format(self) -> QFormat:
        """Format of the divided inputs: 16 bits, or 25 if their ranges differ much."""
        reach = np.ldexp(self.reach, np.negative(self.exponents or 0))
        whole = int(np.frexp(reach.max())[1])
        narrow = QFormat(spec.NARROW_VALUE_BITS, spec.NARROW_VALUE_BITS - 1 - whole)
        if reach.min() >= narrow.resolution * 2**NARROW_STEPS:
            return narrow
        return QFormat(spec.ACTIVATION_BITS, spec.ACTIVATION_BITS - 1 - whole)

    def check(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless there is one reach, or one for each input, as of exponents."""
        if np.size(self.reach) not in (1, inputs):
            raise ValueError(
                f"reach has {np.size(self.reach)} values; expected 1, or {inputs}, one per input"
            )
        if len(self.exponents) not in (0, inputs):
            raise ValueError(f"there are {len(self.exponents)} exponents; expected {inputs}")

    def scale(self, inputs: int) -> Float:
        """Return the powers of two that inputs are divided by, float64 (inputs,)."""
        return np.ldexp(np.ones(inputs), self.exponents or 0)

    def norm(self, inputs: int) -> float:
        """Return a bound on the Euclidean norm of an input row."""
        return float(np.linalg.norm(self.bounds(inputs)))

    def bounds(self, inputs: int) -> Float:
        """Return the largest magnitude of each input, float64 (inputs,)."""
        return np.broadcast_to(np.asarray(self.reach, np.float64), (inputs,))

    def rows(self, inputs: int, outputs: int) -> tuple[Rows, Rows]:
        """Return the layouts of rows in memory, of inputs and of outputs."""
        bits = spec.WIDE_VALUE_BITS if self._wide else spec.NARROW_VALUE_BITS
        return Rows((inputs,), bits), Rows((outputs,), spec.WIDE_VALUE_BITS)

    def fields(self, inputs: int) -> dict[str, int]:
        """Return the front's fields of `spec.MODEL_BEAT`."""
        return {"raw": 1, "wide": int(self._wide), "inputs": inputs}

    def entries(self, kind: str) -> Header:
        """Return the front's fields in the header of a model file."""
        entries: Header = {"front": "plain", "reach": np.ravel(self.reach).tolist()}
        return {**entries, "exponents": list(self.exponents)} if self.exponents else entries

    @classmethod
    def read(cls, header: Header) -> Plain | None:
        """Return the front of a model file's header; None if it has another kind of front."""
        if header.get("front") != "plain":
            return None
        return cls(header["reach"], header.get("exponents", ()))

    @property
    def _wide(self) -> bool:
        return self.input_format.bits > spec.NARROW_VALUE_BITS

    def __str__(self) -> str:
        largest = np.max(self.reach)
        each = ", each over a power of two" if self.exponents else ""
        return f"inputs within +-{largest:g} in {self.input_format.bits} bits{each}"
