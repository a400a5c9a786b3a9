"""Streams of codes into the compiled kernels, with the registers of the model they were made of.

An input is the number of a model, the number of rows, and the beats. `lut_mac` has to refuse a
stream, or give its digest; either way no process may be left waiting, and the next block is right.
The campaign compiles the kernels with the address and undefined-behaviour sanitizers.
"""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from mutation import flipped, number

from networks import random_spectrum, remembering
from nibblestream import QuantizedModel, quantize, spec
from nibblestream.backends.csim import Board
from nibblestream.backends.emu import Emulation
from nibblestream.fixed import IntArray
from nibblestream.network import code_stream
from nibblestream.network.activation import LINEAR, RELU, TANH, clip, leaky
from nibblestream.network.memory import MEMORY
from nibblestream.network.pack import Beats
from nibblestream.network.recurrent import RECURRENT
from plain_networks import plain_network, random_rows


class RefusedError(ValueError):
    """`lut_mac` has refused a stream."""


REFUSALS = (RefusedError,)
LAYOUTS = (spec.MODEL_BEAT, spec.LAYER_BEAT, spec.LAYER_BEAT, spec.ACTIVATION_BEAT)
HEADER = 2  # bytes of an input before the beats: the model, the rows
OFTEN = 8  # inputs from one block that has to be right to the next


@cache
def models() -> list[QuantizedModel]:
    """Return a model of every kind of layer, of narrow and wide rows, and of spectra."""
    rng = np.random.default_rng(9)
    plain = [
        plain_network(rng, (5, 20, 3), (clip(-1, 0.75), leaky(0.25))),
        plain_network(rng, (4, 3, 2), (MEMORY, TANH), "wide"),
        plain_network(rng, (3, 6, 2, 2), (LINEAR, RECURRENT, RELU)),
        remembering(rng, (2,)),
    ]
    return [quantize(plain[0], ("rs-vbs", "u"), (3, 8)), *map(quantize, plain[1:])]


@cache
def board() -> Board:
    """Return the board that all inputs run on."""
    return Board()


def seeds() -> list[bytes]:
    """Return the streams of the models, for one row and for more than a group of lanes."""
    board()  # compiled before the first input
    return [
        bytes([i, rows]) + code_stream.beats(model).tobytes()
        for i, model in enumerate(models())
        for rows in (1, 9)
    ]


def mutate(data: bytes, rng: Random) -> bytes:
    """Set a field of a beat, drop, repeat or move beats, or change any byte."""
    header, beats = data[:HEADER], _beats(data)
    if not len(beats) or rng.random() < 0.1:
        return header + flipped(data[HEADER:], rng)
    how, at = rng.randrange(6), min(rng.randrange(len(beats)), rng.randrange(len(beats)))
    if how == 0:
        beats = np.delete(beats, slice(at, at + rng.choice((1, 1, 4))))
    elif how == 1:
        beats = np.insert(beats, at, beats[rng.randrange(len(beats)) :][: rng.choice((1, 4))])
    else:
        layout = LAYOUTS[0] if at == 0 else rng.choice(LAYOUTS)
        field = rng.choice(list(layout.values()))
        value = rng.choice((number(rng), rng.getrandbits(field.bits))) % (1 << field.bits)
        kept = int(beats[at]) & ~(((1 << field.bits) - 1) << field.low)
        beats[at] = kept | value << field.low
    return header + beats.tobytes()


def read(data: bytes) -> tuple[Beats, Beats, int]:
    """Run a block of rows; return the stream, the outputs and the digest of `lut_mac`."""
    model, rows = _block(data)
    beats = _beats(data)
    try:
        made, digest = _run(model, rows, beats)
    except RuntimeError as error:
        if "does not fit" not in str(error):
            raise
        raise RefusedError("the checked kernels stop at a value too wide for its word") from error
    if code_stream.digest(beats) % OFTEN == 0:
        _check_next(model, rows)
    if digest == 0:
        assert not made.any(), "a refused stream gives zeros"
        raise RefusedError("lut_mac refused the stream")
    return beats, made, digest


def verify(data: bytes, found: tuple[Beats, Beats, int]) -> None:
    """Check the digest."""
    beats, _, digest = found
    assert digest == code_stream.digest(beats)


def _beats(data: bytes) -> Beats:
    whole = len(data[HEADER:]) // 8 * 8
    return np.frombuffer(data[HEADER : HEADER + whole], "<u8").astype(np.uint64)


def _block(data: bytes) -> tuple[QuantizedModel, IntArray]:
    number, count = (data[:HEADER] + bytes(HEADER))[:HEADER]
    model = models()[number % len(models())]
    rng, rows = np.random.default_rng(3), count % model.block + 1
    return model, random_rows(rng, model, rows) if model.front.raw else random_spectrum(rng, rows)


def _run(model: QuantizedModel, rows: IntArray, beats: Beats) -> tuple[Beats, int]:
    sizes = [len(rows) * layout.beats * model.front.raw for layout in model.rows]
    made, digests = board().run(
        model.rows[0].pack(rows), beats, frames=len(rows), beats=len(beats), bank=0, reset=True,
        raw_in=sizes[0], raw_out=sizes[1],
    )  # fmt: skip
    return made, digests.codes


def _check_next(model: QuantizedModel, rows: IntArray) -> None:
    made, _ = _run(model, rows, code_stream.beats(model))
    np.testing.assert_array_equal(model.rows[1].unpack(made), Emulation(model).process(rows))
