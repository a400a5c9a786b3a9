"""Narrower activations, for kernels whose memories have fewer bits than an activation at most."""

from __future__ import annotations

from dataclasses import replace

from .. import spec
from ..fixed import QFormat, round_shift
from ..geometry import CHOICES
from ..network.layer import QuantizedLayer
from ..network.model import QuantizedModel
from ..network.recurrent import factor_format


def narrowed(model: QuantizedModel, bits: int) -> QuantizedModel:
    """Return a model whose activations have at most `bits` bits, by fewer fractional bits.

    Parameters
    ----------
    model : QuantizedModel
    bits : int
        18 or 25: a geometry's `bits`.

    Raises
    ------
    ValueError
        No geometry has such memories, or the network's inputs are wider.
    """
    if bits not in CHOICES["bits"]:
        raise ValueError(f"activations of {bits} bits: expected one of {CHOICES['bits']}")
    word = model.layers[0].input_format
    if word.signed_bits > bits:
        raise ValueError(
            f"the inputs of {model.name} have {word.signed_bits} bits; expected {bits} or fewer: "
            "only their own format can hold them, so use wider activations"
        )
    layers = []
    for layer in model.layers:
        layers.append(_narrowed(layer, word, bits))
        word = layers[-1].output_format
    return replace(model, layers=tuple(layers))


def _narrowed(layer: QuantizedLayer, word: QFormat, bits: int) -> QuantizedLayer:
    """Return a layer that takes inputs in `word`, whose sums may have fewer fractional bits."""
    finest = factor_format(layer.activation, word).frac + layer.weight_frac
    output = layer.output_format
    excess = max(output.signed_bits - bits, 0)
    if not layer.activation.tabled:  # the outputs of curves have a format of their own
        frac = min(output.frac - excess, finest)
        output = replace(output, bits=output.bits - excess, frac=frac)
    bias, coarser = layer.bias, layer.bias_format.frac - finest
    bias_format = layer.bias_format
    if coarser > 0 and bias_format != spec.BIAS:
        bias, bias_format = round_shift(bias, coarser), replace(bias_format, frac=finest)
    return replace(
        layer, input_format=word, output_format=output, bias=bias, bias_format=bias_format
    )
