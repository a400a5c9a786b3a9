"""Golden vectors of `lut_mac` for networks without speech around them: rows of values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import numpy as np

from .. import spec
from ..geometry import Geometry
from ..network import code_order, code_stream
from ..network.activation import LINEAR, RELU, SIGMOID, TANH, clip, leaky
from ..network.fit import block_of
from ..network.float_model import Float32, FloatModel
from ..network.front import Plain
from ..network.lutmac import Network
from ..network.memory import MEMORY, Cell
from ..network.model import QuantizedModel
from ..network.pack import Beats
from ..network.recurrent import RECURRENT
from ..network.topology import shape_of
from ..quantize import quantize
from .block import Block, changed, ports

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


def blocks(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield blocks of every kind of network, the state carried on, and refused ones."""
    for kind in KINDS:
        source = Source(random_model(rng, *kind), rng, geometry)
        if source.most == 0:
            continue
        for i, rows in enumerate((1, 9, source.most, 3)):
            yield source.block(rows, bank=i % 2, reset=int(i == 0))
    yield from refusals(Source(random_model(rng, *KINDS[2]), rng, geometry))
    if geometry.kept:
        yield from recurrent_refusals(rng, geometry)


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


class Source:
    """A network and the state that its blocks carry on.

    `most` is the most rows that a block may have; 0 if the geometry cannot run the network.
    """

    def __init__(self, model: QuantizedModel, rng: np.random.Generator, geometry: Geometry) -> None:
        self.model, self.geometry = model, geometry
        self.stream = code_stream.beats(model, geometry)
        self._network, self._rng = Network(model), rng
        self.most = 0
        with suppress(ValueError):
            self.most = block_of(model, geometry)

    def block(self, rows: int, bank: int, reset: int) -> Block:
        """Return the next block of random rows, some values of which are extreme."""
        word, (taken, given) = self.model.front.input_format, self.model.rows
        rows = min(rows, self.most)
        x = self._rng.integers(word.low, word.high + 1, (rows, self.model.inputs))
        extreme = self._rng.random(x.shape) < 0.05
        x[extreme] = self._rng.choice([word.low, 0, word.high], extreme.sum())
        beats = len(self.stream) // self.geometry.ports
        return Block(
            (rows, beats, bank, reset, rows * taken.beats, rows * given.beats),
            (taken.pack(x), *ports(self.stream, self.geometry)),
            (given.pack(self._network.process(x)),),
            (code_stream.digest(self.stream), self.geometry.identity),
        )

    def second(self) -> int:
        """Return the place in the stream of the second layer's header."""
        first = code_stream.layer_beats(self.model.layers[0], self.geometry)
        return self.geometry.ports + len(first)

    def refused(self, good: Block, stream: Beats, arguments: tuple[int, ...] = ()) -> Block:
        """Return a block with another stream, or other arguments, that the kernel refuses."""
        rows, _, *rest = good.arguments
        arguments = arguments or (rows, len(stream) // self.geometry.ports, *rest)
        taken, given = arguments[-2:]
        return Block(
            arguments,
            (good.inputs[0][:taken], *ports(stream, self.geometry)),
            (np.zeros(given, np.uint64),),
            (0, self.geometry.identity),
        )


def refusals(source: Source) -> Iterator[Block]:
    """Yield rows whose registers or headers are wrong: all beats are taken, zeros are sent."""
    good, stream = source.block(5, bank=0, reset=1), source.stream
    rows, beats, bank, reset, taken, given = good.arguments
    yield good
    if rows < source.geometry.block:
        yield source.refused(good, stream, (rows + 1, beats, bank, reset, taken, given))
    yield source.refused(good, stream, (rows, beats, bank, reset, taken, given + 1))
    yield source.refused(good, stream, (rows, beats, bank, reset, taken - 1, given))
    second, each = source.second(), source.geometry.ports  # of sigmoid: two beats of header
    for at, field, value in (
        (0, spec.MODEL_BEAT["raw"], 0),
        (0, spec.MODEL_BEAT["wide"], 1),
        (0, spec.MODEL_BEAT["inputs"], 0),
        (0, spec.MODEL_BEAT["inputs"], spec.MAX_WIDTH + 1),
        (second, spec.LAYER_BEAT["activation"], len(spec.ACTIVATIONS)),
        (second, spec.LAYER_BEAT["activation"], spec.ACTIVATIONS.index("memory")),
        (second + each, spec.ACTIVATION_BEAT["shift"], 1),
    ):
        yield source.refused(good, changed(stream, at, field, value))
    yield source.refused(good, stream[: second + each])  # ends between the two beats
    yield good


def recurrent_refusals(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield rows whose recurrent layer has a header that does not fit it, or too many codes."""
    model = random_model(rng, (5, 27, 9), (LINEAR, RECURRENT), 4, False)
    source = Source(model, rng, geometry)
    good = source.block(5, bank=0, reset=1)
    yield good
    at, each = source.second(), geometry.ports
    for beat, field, value in (
        (at, spec.LAYER_BEAT["inputs"], 8),
        (at, spec.LAYER_BEAT["inputs"], 0),
        (at, spec.LAYER_BEAT["outputs"], 24),
        (at, spec.LAYER_BEAT["output_bits"], 17),
        (at, spec.LAYER_BEAT["shift"], 0),
        (at, spec.LAYER_BEAT["activation"], 0),
        (at + each, spec.ACTIVATION_BEAT["units"], 8),
    ):
        yield source.refused(good, changed(source.stream, beat, field, value))
    yield from _too_many_codes(rng, geometry)
    yield good


def _too_many_codes(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield a block whose codes have 2 bits but for its header: of 3, all are there, too many."""
    units = 200
    model = random_model(rng, (5, 3 * units, units), (LINEAR, RECURRENT), 2, False)
    source = Source(model, rng, geometry)
    less, more = (
        code_order.beats_of((3 * units, units), bits, geometry, recurrent=True) for bits in (2, 3)
    )
    if not source.most or more <= geometry.kept:
        return
    stream = changed(source.stream, source.second(), spec.LAYER_BEAT["code_bits"], 3)
    rest = np.zeros((more - less) * geometry.ports, np.uint64)
    good = source.block(5, bank=0, reset=1)
    yield source.refused(good, np.concatenate([stream, rest]))
