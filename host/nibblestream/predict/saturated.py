"""Counts of the values that saturated, at a network's inputs and in its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Saturated:
    """Values that saturated.

    Parameters
    ----------
    inputs : int
        Inputs beyond the model's reach.
    layers : sequence of int, optional
        Outputs of each layer beyond its output format; 0 where a bound excludes any. None if the
        backend does not count them.
    """

    inputs: int
    layers: Sequence[int] | None

    def __str__(self) -> str:
        inputs = f"values that saturated: {self.inputs} at the inputs"
        if self.layers is None:
            return f"{inputs} (this backend does not count those in layers)"
        found = (f"{count} in layer {i}" for i, count in enumerate(self.layers) if count)
        return f"{inputs}, {', '.join(found) or 'none in the layers'}"
