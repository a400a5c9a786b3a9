"""Golden vectors of `lut_mac` for networks without speech around them: rows of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .. import spec
from ..geometry import DEFAULT
from ..network import code_stream, pack
from ..network.activation import LINEAR, RELU, SIGMOID, TANH, clip, leaky
from ..network.float_model import Float32, FloatModel
from ..network.front import Plain
from ..network.lutmac import Network
from ..network.memory import MEMORY, Cell
from ..network.model import QuantizedModel
from ..network.recurrent import RECURRENT
from ..network.topology import shape_of
from ..quantize import quantize
from .block import Block, changed

GRUS: tuple[Cell, ...] = (LINEAR, RECURRENT, LINEAR, RECURRENT, MEMORY)

# widths, activations, code bits, whether inputs need 32 bits
KINDS: tuple[tuple[tuple[int, ...], tuple[Cell, ...], int, bool], ...] = (
    ((1, 1), (LINEAR,), 4, False),
    ((5, 3), (TANH,), 4, True),
    ((17, 30, 33, 2), (RELU, SIGMOID, LINEAR), 3, False),
    ((64, 15, 16, 17, 7), (leaky(1 / 64), TANH, clip(-1, 1), SIGMOID), 2, True),
    ((40, 20, 20), (clip(0, 6), leaky(0.5)), 8, False),
    ((300, 9, 8), (RELU, TANH), 4, False),
    ((12, 9, 5, 20, 3), (RELU, MEMORY, MEMORY, LINEAR), 4, False),
    *(((7, 54, 18, 9, 3, 2), GRUS, bits, False) for bits in spec.CODE_BITS),
)


def blocks(rng: np.random.Generator) -> Iterator[Block]:
    """Yield blocks of every kind of network, the state carried on, and refused ones."""
    for kind in KINDS:
        model = random_model(rng, *kind)
        network = Network(model)
        for i, rows in enumerate((1, 9, model.block, 3)):
            yield block(model, network, rng, rows, bank=i % 2, reset=int(i == 0))
    yield from refusals(random_model(rng, *KINDS[2]), rng)
    yield from recurrent_refusals(rng)


def random_model(
    rng: np.random.Generator,
    widths: tuple[int, ...],
    activations: tuple[Cell, ...],
    bits: int,
    wide: bool,
) -> QuantizedModel:
    """Return a network of random weights, some of them above 1, with inputs of either width."""
    pairs = zip(pairwise(widths), activations, strict=True)
    shapes = [shape_of(out, n, cell) for (n, out), cell in pairs]
    size = 0.2 if wide else 3.0
    model = FloatModel(
        name="random",
        weights=tuple(_normal(rng, size * n**-0.5, (out, n)) for out, n in shapes),
        biases=tuple(_normal(rng, size / 2, (out,)) for out, _ in shapes),
        front=Plain(np.geomspace(1e-3, 1e3, widths[0]) if wide else 4.0),
        activations=activations,
        scaled=not wide,  # else powers of two bring the inputs to one range
    )
    return quantize(model, "u" if bits == 8 else "kmeans", bits)


def _normal(rng: np.random.Generator, scale: float, shape: tuple[int, ...]) -> Float32:
    return rng.normal(0, scale, shape).clip(-4 * scale, 4 * scale).astype(np.float32)


def block(
    model: QuantizedModel,
    network: Network,
    rng: np.random.Generator,
    rows: int,
    bank: int,
    reset: int,
) -> Block:
    """Return the next block of random rows, some values of which are extreme."""
    word, (taken, given) = model.front.input_format, model.rows
    x = rng.integers(word.low, word.high + 1, (rows, model.inputs))
    extreme = rng.random(x.shape) < 0.05
    x[extreme] = rng.choice([word.low, 0, word.high], extreme.sum())
    stream = code_stream.beats(model)
    return Block(
        (rows, len(stream), bank, reset, rows * taken.beats, rows * given.beats),
        (taken.pack(x), stream),
        (given.pack(network.process(x)),),
        (code_stream.digest(stream), DEFAULT.identity),
    )


def refusals(model: QuantizedModel, rng: np.random.Generator) -> Iterator[Block]:
    """Yield rows whose registers or headers are wrong: all beats are taken, zeros are sent."""
    good = block(model, Network(model), rng, 5, bank=0, reset=1)
    rows, beats, bank, reset, taken, given = good.arguments
    yield good
    yield _refused(good, (rows + 1, beats, bank, reset, taken, given))
    yield _refused(good, (rows, beats, bank, reset, taken, given + 1))
    yield _refused(good, (rows, beats, bank, reset, taken - 1, given))
    second = 1 + len(code_stream.layer_beats(model.layers[0]))  # of sigmoid: two beats of header
    for at, field, value in (
        (0, spec.MODEL_BEAT["raw"], 0),
        (0, spec.MODEL_BEAT["wide"], 1),
        (0, spec.MODEL_BEAT["inputs"], 0),
        (0, spec.MODEL_BEAT["inputs"], spec.MAX_WIDTH + 1),
        (second, spec.LAYER_BEAT["activation"], len(spec.ACTIVATIONS)),
        (second, spec.LAYER_BEAT["activation"], spec.ACTIVATIONS.index("memory")),
        (second + 1, spec.ACTIVATION_BEAT["shift"], 1),
    ):
        stream = changed(good.inputs[1], at, field, value)
        yield _refused(replace(good, inputs=(good.inputs[0], stream)), good.arguments)
    cut = good.inputs[1][: second + 1]  # ends between the two beats
    arguments = (rows, len(cut), bank, reset, taken, given)
    yield _refused(replace(good, inputs=(good.inputs[0], cut)), arguments)
    yield good


def recurrent_refusals(rng: np.random.Generator) -> Iterator[Block]:
    """Yield rows whose recurrent layer has a header that does not fit it, or too many codes."""
    model = random_model(rng, (5, 27, 9), (LINEAR, RECURRENT), 4, False)
    good = block(model, Network(model), rng, 5, bank=0, reset=1)
    yield good
    at = 1 + len(code_stream.layer_beats(model.layers[0]))
    for beat, field, value in (
        (at, spec.LAYER_BEAT["inputs"], 8),
        (at, spec.LAYER_BEAT["inputs"], 0),
        (at, spec.LAYER_BEAT["outputs"], 24),
        (at, spec.LAYER_BEAT["output_bits"], 17),
        (at, spec.LAYER_BEAT["shift"], 0),
        (at, spec.LAYER_BEAT["activation"], 0),
        (at + 1, spec.ACTIVATION_BEAT["units"], 8),
    ):
        stream = changed(good.inputs[1], beat, field, value)
        yield _refused(replace(good, inputs=(good.inputs[0], stream)), good.arguments)
    yield _too_many_codes(rng)
    yield good


def _too_many_codes(rng: np.random.Generator) -> Block:
    """Return a block whose codes have 2 bits but for its header: of 3, all are there, too many."""
    units = 200
    model = random_model(rng, (5, 3 * units, units), (LINEAR, RECURRENT), 2, False)
    rows, _, *rest = (good := block(model, Network(model), rng, 5, bank=0, reset=1)).arguments
    at = 1 + len(code_stream.layer_beats(model.layers[0]))
    stream = changed(good.inputs[1], at, spec.LAYER_BEAT["code_bits"], 3)
    less, more = (pack.beats_of((3 * units, units), bits) for bits in (2, 3))
    stream = np.concatenate([stream, np.zeros(more - less, np.uint64)])
    arguments = (rows, len(stream), *rest)
    return _refused(replace(good, inputs=(good.inputs[0], stream)), arguments)


def _refused(block: Block, arguments: tuple[int, ...]) -> Block:
    taken, given = arguments[-2:]
    return replace(
        block,
        arguments=arguments,
        inputs=(block.inputs[0][:taken], block.inputs[1]),
        outputs=(np.zeros(given, np.uint64),),
        registers=(0, DEFAULT.identity),
    )
