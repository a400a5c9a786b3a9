"""The code stream: a whole model as 64-bit beats, as stored in memory and read by `lut_mac`.

One beat for the model; then for each layer one beat with its shape and formats, one with its
activation (if it is none of linear and ReLU), its LUT, its biases and its codes (`code_order`).
`spec` defines the layouts. With two memory ports, every other beat belongs to the second one: those
beside headers, LUTs and biases are zero. The kernels get a model only this way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import spec
from ..geometry import DEFAULT, Geometry
from . import code_order
from .activation import RELU
from .layer import QuantizedLayer
from .memory import Memory
from .model import QuantizedModel
from .pack import Beats
from .recurrent import Recurrent


def beats(model: QuantizedModel, geometry: Geometry = DEFAULT) -> Beats:
    """Return the code stream of a model.

    Returns
    -------
    uint64, shape (n * geometry.ports,)

    Raises
    ------
    ValueError
        A value, such as a shift, does not fit its field of the layout.
    """
    first = _beat(
        spec.MODEL_BEAT,
        magic=spec.STREAM_MAGIC,
        version=spec.STREAM_VERSION,
        layers=len(model.layers),
        **model.front.fields(model.layers[0].inputs),
    )
    parts = [layer_beats(layer, geometry) for layer in model.layers]
    return np.concatenate([_first_port(np.array([first], np.uint64), geometry), *parts])


def layer_beats(layer: QuantizedLayer, geometry: Geometry = DEFAULT) -> Beats:
    """Return a layer's part of the stream: its header, LUT, biases and codes."""
    tables = np.concatenate([_header(layer), _lut(layer), _bias(layer)])
    recurrent = isinstance(layer.activation, Recurrent)
    codes = code_order.ordered(layer.codes, layer.bits, geometry, recurrent)
    return np.concatenate([_first_port(tables, geometry), codes])


def _first_port(beats: Beats, geometry: Geometry) -> Beats:
    """Return beats of the first memory port, with zeros for the second one, if there is one."""
    found = np.zeros((len(beats), geometry.ports), np.uint64)
    found[:, 0] = beats
    return found.ravel()


def table_beats(bits: int) -> int:
    """Count the beats of a layer's LUT."""
    return spec.LUT_ENTRIES * spec.LUT_ENTRY_BITS // spec.BEAT_BITS if bits < 8 else 0


def bias_beats(outputs: int, wide: bool) -> int:
    """Count the beats of a layer's biases, of 16 bits (`wide`) or 8."""
    return -(-outputs * (spec.WIDE_BIAS_BITS if wide else spec.BIAS.bits) // spec.BEAT_BITS)


def digest(stream: Beats) -> int:
    """Return the 32-bit digest that `lut_mac` computes of a stream.

    Each beat is XORed into a 64-bit register that is rotated left by one bit before each beat; the
    digest is the XOR of the register's halves. Zero means a rejected stream, so a digest of zero
    is returned as one. A single wrong bit changes the digest, unless that turns zero into one.
    """
    left = np.arange(len(stream) - 1, -1, -1, dtype=np.uint64) % np.uint64(spec.BEAT_BITS)
    right = (np.uint64(spec.BEAT_BITS) - left) % np.uint64(spec.BEAT_BITS)
    state = int(np.bitwise_xor.reduce((stream << left) | (stream >> right)))
    return (state ^ state >> 32) & 0xFFFF_FFFF or 1


def _beat(layout: spec.Layout, **values: int) -> int:
    beat = 0
    for name, value in values.items():
        field = layout[name]
        if not 0 <= int(value) < 1 << field.bits:
            raise ValueError(
                f"{name} is {value}, but the stream has {field.bits} bits for it: "
                f"expected 0 to {(1 << field.bits) - 1}"
            )
        beat |= int(value) << field.low
    return beat


def _header(layer: QuantizedLayer) -> Beats:
    word = layer.word
    beat = _beat(
        spec.LAYER_BEAT,
        inputs=layer.inputs,
        outputs=layer.outputs,
        code_bits=layer.bits,
        k=layer.k,
        shift=layer.shift,
        bias_shift=layer.bias_shift,
        output_bits=word.high.bit_length(),
        relu=layer.activation == RELU or not word.signed,
        activation=_number(layer),
        wide_bias=layer.bias_format != spec.BIAS,
    )
    return np.array([beat, *_activation(layer)], np.uint64)


def _number(layer: QuantizedLayer) -> int:
    """Return the index of the layer's activation in `spec.ACTIVATIONS`."""
    kind = layer.activation.kind
    return 0 if kind in ("linear", "relu") else spec.ACTIVATIONS.index(kind)


def _activation(layer: QuantizedLayer) -> list[int]:
    """Return the activation beat, or none for linear and ReLU."""
    if not _number(layer):
        return []
    if layer.activation.kind == "clip":
        words = {name: spec.ACTIVATION_BEAT[name].bits for name in ("low", "high")}
        ends = zip(words.items(), layer.limits, strict=True)
        return [_beat(spec.ACTIVATION_BEAT, **{n: end % (1 << bits) for (n, bits), end in ends})]
    if isinstance(layer.activation, Memory):
        return [_beat(spec.ACTIVATION_BEAT, units=layer.width)]
    if isinstance(layer.activation, Recurrent):
        return [_beat(spec.ACTIVATION_BEAT, units=layer.width, align=layer.align)]
    shift = layer.curve_shift if layer.activation.tabled else layer.activation.leak
    return [_beat(spec.ACTIVATION_BEAT, shift=shift)]


def _lut(layer: QuantizedLayer) -> Beats:
    """Return the LUT, 4 entries per beat; entries beyond 2**bits are zero."""
    if layer.lut is None:
        return np.empty(0, np.uint64)
    entries = np.zeros(spec.LUT_ENTRIES, "<u2")
    mantissa, internal = spec.LUT_ENTRY["mantissa"], spec.LUT_ENTRY["internal"]
    words = layer.lut.mantissa & ((1 << mantissa.bits) - 1)
    words = words << mantissa.low | layer.lut.internal.astype(np.int32) << internal.low
    entries[: len(words)] = words
    return _as_beats(entries)


def _bias(layer: QuantizedLayer) -> Beats:
    """Return the biases, 8 per beat or 4 wide ones, two's complement."""
    wide = layer.bias_format != spec.BIAS
    word = np.dtype("<i2" if wide else "<i1")
    beats = bias_beats(layer.outputs, wide)
    padded = np.zeros(beats * spec.BEAT_BITS // 8 // word.itemsize, word)
    padded[: layer.outputs] = layer.bias
    return _as_beats(padded)


def _as_beats(array: npt.NDArray[np.generic]) -> Beats:
    return array.view("<u8").astype(np.uint64)
