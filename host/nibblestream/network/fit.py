"""Whether a geometry of the kernels can run a network, and the rows that fit in a block."""

from __future__ import annotations

from ..geometry import Geometry
from . import code_order
from .model import QuantizedModel
from .recurrent import Recurrent
from .topology import largest_block


def block_of(model: QuantizedModel, geometry: Geometry) -> int:
    """Return the largest number of rows of a model that can share one pass over the codes.

    Raises
    ------
    ValueError
        The geometry cannot run the model: its activation memories are too small or too narrow, or
        it cannot keep the codes of a recurrent layer.
    """
    for i, layer in enumerate(model.layers):
        widest = max(word.signed_bits for word in (layer.input_format, layer.output_format))
        if widest > geometry.bits:
            raise ValueError(
                f"layer {i} of {model.name} has activations of {widest} bits; geometry {geometry} "
                f"has memories of {geometry.bits}: use a geometry with wider ones, or quantize "
                f"with activation_bits={geometry.bits} (--activation-bits)"
            )
        if isinstance(layer.activation, Recurrent):
            beats = code_order.beats_of(layer.shape, layer.bits, geometry, recurrent=True)
            if beats > geometry.kept:
                raise ValueError(
                    f"layer {i} of {model.name} is recurrent, with {beats} beats of codes; "
                    f"geometry {geometry} keeps {geometry.kept}: use one that keeps more"
                )
    shapes = [(layer.stored, layer.taken) for layer in model.layers]
    block = largest_block(shapes, geometry)
    if block == 0:
        widest = max(sum(shape) for shape in shapes)
        raise ValueError(
            f"{model.name} has a layer of {widest} inputs and outputs together; "
            f"geometry {geometry} holds {geometry.banks * geometry.depth}: "
            "use one with deeper memories"
        )
    return block
