"""Untrained networks of any shape without speech around them, and rows of inputs to feed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nibblestream import QuantizedModel, quantize, spec
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH, clip, leaky
from nibblestream.network.float_model import FloatModel
from nibblestream.network.front import Plain
from nibblestream.network.memory import MEMORY, Cell
from nibblestream.network.recurrent import RECURRENT
from nibblestream.network.topology import shape_of

ACTIVATIONS = (LINEAR, RELU, clip(0, 6), clip(-1, 0.75), leaky(2**-4), SIGMOID, TANH, MEMORY)
CELLS = (*ACTIVATIONS, RECURRENT)  # the last one after a layer of its sums
MOST_UNITS = 104  # of a GRU with codes of 8 bits
REACHES = {"narrow": 4.0, "wide": (0.001, 100.0)}  # of inputs: words of 16 and of 25 bits


def plain_network(
    rng: np.random.Generator,
    widths: Sequence[int],
    activations: Sequence[Cell] = (),
    reach: str = "narrow",
    *,
    scaled: bool = True,
) -> FloatModel:
    """A network with weights beyond +-1 if it is scaled; one with wide inputs is not."""
    scaled = scaled and reach != "wide"
    scale = 3.0 if scaled else 0.3
    each = np.resize(REACHES[reach], widths[0])
    cells = tuple(activations) or (RELU,) * (len(widths) - 1)
    triples = zip(widths[1:], widths, cells, strict=False)
    shapes = [shape_of(out, n, cell) for out, n, cell in triples]
    return FloatModel(
        name="plain",
        weights=tuple(
            (rng.laplace(0, scale * n**-0.5, (out, n))).clip(-0.99 * scale, 0.99 * scale)
            for out, n in shapes
        ),
        biases=tuple(rng.uniform(-0.3 * scale, 0.3 * scale, out) for out, _ in shapes),
        front=Plain(each if reach == "wide" and widths[0] > 1 else REACHES["narrow"]),
        activations=cells,
        scaled=scaled,
    )


def random_plain(
    rng: np.random.Generator, *, widest: int = 300, bits: int | None = None, **options: Any
) -> QuantizedModel:
    """A quantized network of one to four layers, with any activations, widths and code widths.

    A GRU is two layers.
    """
    layers = int(rng.integers(1, 5))
    widths, cells = [round(2 ** rng.uniform(0, np.log2(widest)))], []
    for i in rng.integers(len(CELLS), size=layers):
        width, cell = round(2 ** rng.uniform(0, np.log2(widest))), CELLS[i]
        if cell == RECURRENT:
            width = min(width, MOST_UNITS)
            widths.append(3 * width)
            cells.append(LINEAR)
        widths.append(min(width, spec.MAX_WIDTH // cell.sums))
        cells.append(cell)
    reach = str(rng.choice(list(REACHES)))
    model = plain_network(rng, widths, cells, reach, scaled=bool(rng.random() < 0.7))
    width = [int(bits or rng.choice([2, 3, 4, 8])) for _ in cells]
    return quantize(model, ["u" if n == 8 else "rs-vbs" for n in width], width, **options)


def random_rows(rng: np.random.Generator, model: QuantizedModel, rows: int) -> np.ndarray:
    """Inputs over the whole range of their words, with a few extremes: int32 (rows, inputs)."""
    word = model.front.input_format
    found = rng.normal(0, 0.3, (rows, model.inputs)) * word.high
    extreme = rng.random(found.shape) < 0.05
    found[extreme] = rng.choice([word.low, word.high, 0], extreme.sum())
    return np.clip(np.round(found), word.low, word.high).astype(np.int32)
