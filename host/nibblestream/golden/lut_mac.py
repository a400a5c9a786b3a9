"""Golden vectors of `lut_mac`: networks of every kind, state, retries and refused streams."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import spec
from ..geometry import Geometry
from ..network import code_order, code_stream
from ..network.activation import LINEAR, RELU
from ..network.float_model import Float32, FloatModel
from ..network.lutmac import Network
from ..network.memory import MEMORY
from ..network.model import QuantizedModel
from ..network.pack import Beats
from ..quantize import quantize
from ..speech.context import Context
from ..speech.features import FloorTracker
from ..speech.front import INPUTS, Speech, speech_of
from . import plain
from .block import Block, beats, changed, ports, sizes, words

Int32 = npt.NDArray[np.int32]


def lut_mac(rng: np.random.Generator, geometry: Geometry) -> Iterator[Block]:
    """Yield blocks of one network after the other; the state carries over unless it is reset."""
    session = Session(random_model(rng, (5,)), rng, geometry)
    yield from every_size(session)
    yield from retries(session)
    yield from refusals(session)
    session.stream = without_digest(session.model, geometry)
    yield session.block(1, bank=0)
    for model in models(rng):
        session = Session(model, rng, geometry)
        yield session.block(9, bank=0, reset=1)
        yield session.block(2, bank=1)
    session = Session(QuantizedModel.load("mlp"), rng, geometry)
    yield session.block(8, bank=0, reset=1)
    yield from plain.blocks(
        rng, geometry
    )  # between two blocks of speech, whose state they must not touch
    yield session.block(3, bank=1)


def models(rng: np.random.Generator) -> Iterator[QuantizedModel]:
    """Yield networks of odd widths that cover every depth, code, feature, head and context."""
    yield random_model(rng, (), bits=2)
    yield random_model(rng, (3, 4), "magnitude", "magnitude", bits=3)
    yield random_model(rng, (17,), head="magnitude", bits=3, scheme="rs")
    yield random_model(rng, (33, 2, 3), "magnitude", scheme="u", bits=8)
    yield random_model(rng, (16,), scheme=("rs-vbs", "u"), bits=(4, 8))
    model = random_model(rng, (18, 40), scheme="u-vbs")
    linear = [replace(layer, activation=LINEAR) for layer in model.layers]
    yield replace(model, layers=tuple(linear))
    yield remembering(rng)


def random_model(
    rng: np.random.Generator,
    hidden: tuple[int, ...],
    features: str = "log2",
    head: str = "gain",
    **scheme: Any,
) -> QuantizedModel:
    """Return a quantized network of random weights with a peaked distribution."""
    shapes = [(out, n) for n, out in pairwise((INPUTS, *hidden, spec.BINS))]
    model = FloatModel(
        name="random",
        weights=tuple(_peaked(rng, out, n) for out, n in shapes),
        biases=tuple(rng.uniform(-0.3, 0.6, out).astype(np.float32) for out, _ in shapes),
        front=Speech(features, head, gain_floor=0.1),
    )
    return quantize(model, **scheme)


def remembering(rng: np.random.Generator) -> QuantizedModel:
    """Return a network that sees frames one by one and remembers."""
    shapes = [(8, spec.BINS), (33, 8), (spec.BINS, 11)]
    model = FloatModel(
        name="remembering",
        weights=tuple(_peaked(rng, out, n) for out, n in shapes),
        biases=tuple(rng.normal(0.1, 0.4, out).astype(np.float32) for out, _ in shapes),
        front=Speech("log2", "gain", 0.1, context=1),
        activations=(RELU, MEMORY, LINEAR),
        scaled=True,
    )
    return quantize(model)


def _peaked(rng: np.random.Generator, outputs: int, inputs: int) -> Float32:
    weights = rng.laplace(0, 0.8 * inputs**-0.5, (outputs, inputs))
    return weights.clip(-0.99, 0.99).astype(np.float32)


class State:
    """The state in one bank: bins' floors, features of earlier frames, units of memories."""

    def __init__(self, model: QuantizedModel) -> None:
        self._log2 = speech_of(model).features == "log2"
        self._tracker = FloorTracker()
        self._context = Context(speech_of(model).context)
        self._network = Network(model)

    def outputs(self, magnitude: Int32) -> Int32:
        """Return the network's outputs for the next frames, and update the state."""
        seen = self._tracker.process(magnitude) if self._log2 else magnitude
        return self._network.process(self._context.stacked(seen))


class Session:
    """A network and its two banks of state: a block reads one bank and writes the other."""

    def __init__(self, model: QuantizedModel, rng: np.random.Generator, geometry: Geometry) -> None:
        self.model, self._speech, self.geometry = model, speech_of(model), geometry
        self.stream = code_stream.beats(model, geometry)
        self._banks = [State(model), State(model)]
        self._rng = rng
        self._level = rng.uniform(4, 22, spec.BINS)  # of each bin, in octaves

    def block(self, frames: int, bank: int, reset: int = 0) -> Block:
        """Return a block of random frames, of as many as the geometry holds."""
        frames = min(frames, self.geometry.block)
        magnitude = self._magnitudes(frames)
        state = State(self.model) if reset else copy.deepcopy(self._banks[bank])
        x = state.outputs(magnitude)
        self._banks[1 - bank] = state
        return Block(
            (frames, len(self.stream) // self.geometry.ports, bank, reset, 0, 0),
            (beats(spec.MAGNITUDE_BEAT, magnitude=magnitude), *ports(self.stream, self.geometry)),
            (self._sent(x),),
            (code_stream.digest(self.stream), self.geometry.identity),
        )

    def _magnitudes(self, frames: int) -> Int32:
        level = self._level + self._rng.normal(0, 2, (frames, spec.BINS))
        magnitude = 2.0**level
        extreme = self._rng.random(magnitude.shape) < 0.01
        magnitude[extreme] = self._rng.choice([0, 1, spec.MAGNITUDE.high], extreme.sum())
        return spec.MAGNITUDE.saturate(magnitude).astype(np.int32)

    def _sent(self, x: Int32) -> Beats:
        is_gain = self._speech.head == "gain"
        if is_gain:
            x = np.clip(x, self._speech.least_gain, 1 << spec.GAIN.frac)
        return beats(spec.NETWORK_BEAT, value=x, is_gain=np.full(x.shape, is_gain))


def every_size(session: Session) -> Iterator[Block]:
    """Yield a block of each size; the state carries over from one to the next."""
    nothing, identity = words(), session.geometry.identity
    unread = (nothing,) * (1 + session.geometry.ports)
    for i, frames in enumerate(sizes(session.geometry)[1:]):
        yield Block((0, 5, 1 - i % 2, 1, 0, 0), unread, (nothing,), (0, identity))
        yield session.block(frames, bank=i % 2, reset=int(i == 0))


def retries(session: Session) -> Iterator[Block]:
    """Yield repeated blocks, as after a fault, with resets between them."""
    block = session.block(3, bank=0, reset=1)
    yield from (block, block)
    block = session.block(10, bank=1)
    yield from (block, block)
    yield session.block(4, bank=1)  # other frames from the same state
    yield session.block(1, bank=0)
    yield session.block(2, bank=1, reset=1)
    yield session.block(5, bank=0)


def refusals(session: Session) -> Iterator[Block]:
    """Yield refused streams: the outputs are zeros, and the state that was read is kept."""
    yield session.block(7, bank=0, reset=1)
    good = session.block(1, bank=1)
    geometry = session.geometry
    for stream in damaged(session.model, geometry):
        yield replace(
            good,
            arguments=(1, len(stream) // geometry.ports, 1, 0, 0, 0),
            inputs=(good.inputs[0], *ports(stream, geometry)),
            outputs=(np.zeros_like(good.outputs[0]),),
            registers=(0, geometry.identity),
        )
    yield good


def damaged(model: QuantizedModel, geometry: Geometry) -> Iterator[Beats]:
    """Yield damaged copies of the stream of a network with two or more layers."""
    stream, each = code_stream.beats(model, geometry), geometry.ports
    beats = len(stream) // each
    for count in (0, 1, 2, beats // 2, beats - 1):
        yield stream[: count * each]
    yield np.concatenate([stream, np.zeros(each, np.uint64)])
    first = model.layers[0]
    second = each + len(code_stream.layer_beats(first, geometry))
    yield changed(stream[:second], 0, spec.MODEL_BEAT["layers"], 1)  # wrong number of outputs
    for at, layout, name, value in (
        (0, spec.MODEL_BEAT, "magic", spec.STREAM_MAGIC ^ 1),
        (0, spec.MODEL_BEAT, "version", spec.STREAM_VERSION + 1),
        (0, spec.MODEL_BEAT, "layers", 0),
        (each, spec.LAYER_BEAT, "inputs", INPUTS - 1),
        (each, spec.LAYER_BEAT, "inputs", 0),
        (each, spec.LAYER_BEAT, "outputs", 0),
        (each, spec.LAYER_BEAT, "outputs", spec.MAX_WIDTH + 1),
        (each, spec.LAYER_BEAT, "code_bits", 5),
        (each, spec.LAYER_BEAT, "output_bits", geometry.bits),
        (second, spec.LAYER_BEAT, "inputs", first.outputs + 1),
    ):
        yield changed(stream, at, layout[name], value)


def without_digest(model: QuantizedModel, geometry: Geometry) -> Beats:
    """Return the stream with padding that makes its digest 0, which is reported as 1.

    The padding is the upper half of the last beat of biases, which holds no bias.
    """
    stream, last = code_stream.beats(model, geometry), model.layers[-1]
    codes = code_order.beats_of(last.shape, last.bits, geometry)
    at = len(stream) - (codes + 1) * geometry.ports
    turns = len(stream) - 1 - at
    digest = code_stream.digest(stream)
    for bit in range(32, 64):
        if digest >> (bit + turns) % 32 & 1:
            stream[at] ^= np.uint64(1 << bit)
    return stream
