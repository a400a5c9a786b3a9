"""Choice between quantized networks by their integer outputs on calibration rows.

`auto` tries its own method first and then every other scheme. Its own is the best for most
networks, but not for all: a layer of few distinct values, for example, fits a table exactly, unless
its units are scaled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ..network.lutmac import Network
from ..network.model import QuantizedModel
from ..network.scheme import NAMES, Scheme
from .teacher import Teacher

BLOCK = 1024  # rows evaluated at once


def candidates(schemes: list[Scheme]) -> Iterator[list[Scheme]]:
    """Yield the schemes, then with each other scheme in place of auto that allows its k."""
    yield schemes
    if any(scheme.name == "auto" for scheme in schemes):
        for name in reversed(NAMES):
            if name != "auto" and all(_allows(name, s.k) for s in schemes if s.name == "auto"):
                yield [replace(s, name=name) if s.name == "auto" else s for s in schemes]


def best(models: Iterable[QuantizedModel], teacher: Teacher) -> QuantizedModel:
    """Return the model with the least `integer_error`, the first of equals."""
    return min(models, key=lambda model: integer_error(model, teacher))


def integer_error(model: QuantizedModel, teacher: Teacher) -> float:
    """Return the mean squared error of a model's outputs, computed in integers, on all rows."""
    network, last = Network(model), model.layers[-1].output_format
    x, found = model.front.integers(teacher.inputs), []
    for group in teacher.sequences.groups(BLOCK):
        rows, some = teacher.sequences.only(group)
        network.reset()
        found.append(some.rows(network.process(some.grid(x[rows]))))
    return teacher.error(last.to_float(np.concatenate(found)))


def _allows(name: str, k: int | None) -> bool:
    return not k or Scheme(name).shifted
