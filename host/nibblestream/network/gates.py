"""What a layer whose outputs depend on earlier rows needs of its sums, inputs and codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import spec
from . import pack
from .curve import INPUT
from .memory import Memory
from .recurrent import Recurrent

if TYPE_CHECKING:
    from .layer import QuantizedLayer


def check_gates(layer: QuantizedLayer) -> None:
    """Raise ValueError if the kernel cannot run a layer with memory or a recurrent layer."""
    cell = layer.activation
    if not isinstance(cell, Memory | Recurrent):
        return
    if layer.shift + min(cell.shifts) < 0:
        least = INPUT[cell.kind].frac - min(cell.shifts)
        raise ValueError(
            f"sums have {layer.accumulator_frac} fractional bits; expected {least} or more before "
            f"a {cell}: use a larger m or k, or scale the weights down"
        )
    if isinstance(cell, Recurrent):
        _check_recurrent(layer)


def _check_recurrent(layer: QuantizedLayer) -> None:
    """Check that inputs are no finer than the sums they add to, and that codes fit on chip."""
    if layer.align < 0:
        raise ValueError(
            f"inputs have {layer.input_format.frac} fractional bits; expected "
            f"{layer.accumulator_frac} or fewer, as the sums of the {layer.activation}"
        )
    beats = pack.beats_of(layer.shape, layer.bits)
    if beats > spec.RECURRENT_DEPTH:
        raise ValueError(
            f"the codes of {layer.width} units are {beats} beats; the kernel keeps "
            f"{spec.RECURRENT_DEPTH} of a {layer.activation}: use fewer units or fewer bits"
        )
