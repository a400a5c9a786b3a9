"""The code stream, beat by beat: headers, 16 codes per beat, and their accumulated sum.

This follows `lut_mac`: in each clock, a beat supplies 16 codes, 16 copies of the look-up table
decode them to weights, 16 multipliers take one activation each, and the accumulator adds the sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import spec
from ..fixed import round_shift
from ..geometry import DEFAULT
from ..network import code_stream, pack
from ..network.activation import RELU
from ..network.layer import QuantizedLayer
from ..network.lut import decode
from ..network.lutmac import LutMac
from ..network.model import QuantizedModel
from ..plots.style import COLOURS, COLUMN, INK, styled
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
SHOWN = 3  # beats shown at either end of a long list


def headers(model: QuantizedModel) -> str:
    """Return the first two beats of a model's stream, field by field, as text."""
    stream = code_stream.beats(model)
    model_beat, layer_beat = stream[:2].tolist()
    lines = [
        f"beat 0  {_hex(model_beat)}  {_fields(model_beat, spec.MODEL_BEAT)}",
        f"beat 1  {_hex(layer_beat)}  {_fields(layer_beat, spec.LAYER_BEAT)}",
        f"in all {len(stream):,} beats of 8 bytes: {8 * len(stream):,} bytes",
    ]
    return "\n".join(lines)


def beat(layer: QuantizedLayer, x: Int32, neuron: int, number: int) -> str:
    """Return one beat of 4-bit codes as text: codes, weights, products and their sum.

    Parameters
    ----------
    layer : QuantizedLayer
        With 4-bit codes.
    x : int32, shape (in,)
        The inputs of the layer.
    neuron : int
        Index of the neuron; its codes start at a beat boundary.
    number : int
        Index of the beat within the neuron.

    Raises
    ------
    ValueError
        The codes do not have 4 bits.
    """
    first = DEFAULT.lanes * number
    place = neuron * pack.steps(layer.inputs, 4) + number
    codes = _codes(layer, place)
    lut, weights = layer.lut, decode(codes, layer.lut)
    assert lut is not None
    inputs = _row(x, layer)[first : first + DEFAULT.lanes].astype(np.int64)
    word = int(layer.beats[place])
    lines = [
        f"beat {number} of neuron {neuron}: {_hex(word)}",
        "lane   code  mantissa  part  weight  x  input  =     product",
    ]
    for lane, code in enumerate(codes):
        part = "int" if lut.internal[code] else "ext"
        product = weights[lane] * inputs[lane]
        lines.append(
            f"{lane:>4}   {code:04b}{lut.mantissa[code]:>10}  {part}{weights[lane]:>9}"
            f"{inputs[lane]:>10}{product:>14,}"
        )
    return "\n".join([*lines, f"the adder tree gives {weights @ inputs:,}"])


def sums(layer: QuantizedLayer, x: Int32, neuron: int) -> Int64:
    """Return a neuron's accumulator after each beat, int64 (beats,)."""
    size = pack.step_codes(layer.bits)
    products = layer.decoded[neuron].astype(np.int64) * x
    padded = np.zeros(pack.steps(layer.inputs, layer.bits) * size, np.int64)
    padded[: len(products)] = products
    return np.asarray(np.cumsum(padded.reshape(-1, size).sum(axis=1)))


def accumulating(layer: QuantizedLayer, x: Int32, neuron: int) -> str:
    """Return a neuron's accumulator after each beat, and its output, as text."""
    found = sums(layer, x, neuron)
    places = [*range(SHOWN), *range(len(found) - SHOWN, len(found))]
    lines = [f"after beat {place:>3}{found[place]:>18,}" for place in places]
    lines.insert(SHOWN, f"{'...':>14}")
    bias = int(layer.bias[neuron]) << layer.bias_shift
    total = found[-1] + bias
    rounded = int(round_shift(np.array(total), layer.shift))
    lines += [
        f"bias {layer.bias[neuron]:>4} << {layer.bias_shift:<2}{bias:>17,}",
        f"sum {total:>28,}    needs {int(total).bit_length() + 1} bits of 48",
        f">> {layer.shift:<2}, rounded {rounded:>17,}",
        f"{'ReLU, saturated' if layer.activation == RELU else 'saturated':<18}"
        f"{int(LutMac(layer)(x[None])[0, neuron]):>14,}    by LutMac, the definition",
    ]
    return "\n".join(lines)


@styled()
def accumulator_picture(layer: QuantizedLayer, x: Int32, neuron: int) -> Image:
    """Draw a neuron's accumulator over the beats."""
    from matplotlib.figure import Figure

    found = sums(layer, x, neuron) * layer.input_format.resolution * 2.0**-layer.weight_frac
    figure = Figure(figsize=(COLUMN, 2.0), layout="constrained")
    axis = figure.subplots()
    axis.step(range(len(found)), found, where="mid", color=COLOURS[0])
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set(xlabel="beat", ylabel="accumulator", xlim=(-0.5, len(found) - 0.5))
    axis.set_title(f"neuron {neuron}: {len(found)} beats of 16 codes")
    axis.grid()
    return image(figure, "The accumulator of a neuron after each beat")


def _codes(layer: QuantizedLayer, number: int) -> npt.NDArray[np.uint8]:
    if layer.bits != 4:
        raise ValueError(f"codes have {layer.bits} bits; expected 4 (16 codes per beat)")
    codes: npt.NDArray[np.uint8] = pack.unpack(layer.beats[[number]], 4, (1, DEFAULT.lanes))[0]
    return codes


def _row(x: Int32, layer: QuantizedLayer) -> Int32:
    """Pad the inputs with zeros to whole beats, like the codes."""
    return np.pad(x, (0, -layer.inputs % DEFAULT.lanes))


def _fields(beat: int, layout: spec.Layout) -> str:
    """Return the fields of a beat, four per line."""
    found = [f"{key} {beat >> low & (1 << bits) - 1}" for key, (low, bits) in layout.items()]
    lines = [", ".join(found[i : i + 4]) for i in range(0, len(found), 4)]
    return f"\n{'':29}".join(lines)


def _hex(beat: int) -> str:
    digits = f"{beat:016x}"
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))
