"""The integer pipeline once more, one number at a time in Python integers: slow and obvious."""

from __future__ import annotations

import math
from fractions import Fraction

from nibblestream import spec
from nibblestream.speech.cordic import ANGLES, INVERSE_GAIN
from nibblestream.speech.features import LOG2_TABLE


def rounded(value: Fraction) -> int:
    """To nearest, halves away from zero."""
    magnitude = math.floor(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


def turned(x: int, y: int, i: int, forward: bool) -> tuple[int, int]:
    dx, dy = y >> i, x >> i
    return (x - dx, y + dy) if forward else (x + dx, y - dy)


def vectoring(re: int, im: int) -> tuple[int, int]:
    x, y, angle = re << spec.CORDIC_GUARD, im << spec.CORDIC_GUARD, 0
    if re < 0:
        x, y, angle = -x, -y, 2 ** (spec.CORDIC_ANGLE_BITS - 1)
    for i, step in enumerate(ANGLES):
        forward = y < 0
        # Turning back by d is turning forward by -d: negate after the shift, never before.
        x, y = turned(x, y, i, forward)
        angle += -step if forward else step
    scale = Fraction(INVERSE_GAIN, 2 ** (spec.CORDIC_INVERSE_GAIN_FRAC + spec.CORDIC_GUARD))
    phase = rounded(Fraction(angle, 2 ** (spec.CORDIC_ANGLE_BITS - spec.PHASE_BITS)))
    return rounded(x * scale), (phase + 2**15) % 2**16 - 2**15


def rotation(magnitude: int, phase: int) -> tuple[int, int]:
    phase = (phase + 2**15) % 2**16 - 2**15
    x = rounded(
        Fraction(magnitude * INVERSE_GAIN, 2 ** (spec.CORDIC_INVERSE_GAIN_FRAC - spec.CORDIC_GUARD))
    )
    if not -(2**14) <= phase < 2**14:
        x, phase = -x, (phase + 2**15 + 2**15) % 2**16 - 2**15
    y, angle = 0, phase << (spec.CORDIC_ANGLE_BITS - spec.PHASE_BITS)
    for i, step in enumerate(ANGLES):
        forward = angle >= 0
        x, y = turned(x, y, i, forward)
        angle += -step if forward else step
    scale = Fraction(1, 2**spec.CORDIC_GUARD)
    re, im = (min(max(rounded(v * scale), -(2**23)), 2**23 - 1) for v in (x, y))
    return re, im


def log2(magnitude: int) -> int:
    value = magnitude + spec.LOG2_OFFSET
    exponent = value.bit_length() - 1
    fraction = value * 2**spec.LOG2_FRAC // 2**exponent - 2**spec.LOG2_FRAC
    return exponent * 2**spec.LOG2_FRAC + fraction + int(LOG2_TABLE[fraction // 4])


def features(frames: list[list[int]]) -> list[list[int]]:
    out, floor = [], [log2(m) * 2**8 for m in frames[0]]
    for frame in frames:
        row = []
        for f, magnitude in enumerate(frame):
            level = log2(magnitude) * 2**8
            speed = spec.FLOOR_RISE if level > floor[f] else spec.FLOOR_FALL
            floor[f] += rounded(Fraction(level - floor[f], 2**speed))
            feature = rounded(Fraction(level - floor[f], 2**8))
            row.append(min(max(feature, -2048), 2047))
        out.append(row)
    return out


def layer(x: list[int], quantized) -> list[int]:
    """One frame through one layer of a model, from its codes."""
    return [activated(total, quantized) for total in sums(x, quantized)]


def sums(x: list[int], quantized) -> list[int]:
    """The accumulators of a layer for one frame."""
    out = []
    for o in range(quantized.codes.shape[0]):
        total = int(quantized.bias[o]) << quantized.bias_shift
        for i, value in enumerate(x):
            code = int(quantized.codes[o, i])
            if quantized.lut is None:
                weight = code - 256 if code > 127 else code
            else:
                weight = int(quantized.lut.mantissa[code])
                weight <<= 0 if quantized.lut.internal[code] else quantized.k
            total += weight * value
        out.append(total)
    return out


def activated(total: int, quantized) -> int:
    """The output of a sum: rounded, limited, and sent through the activation."""
    activation, word = quantized.activation, quantized.output_format
    value = Fraction(total) / Fraction(2) ** quantized.accumulator_frac
    if activation.kind in ("sigmoid", "tanh"):
        return chord(value, activation.kind == "sigmoid")
    if activation.kind == "leaky" and value < 0:
        value *= Fraction(activation.slope)
    low, high = word.low, word.high
    if activation.kind == "relu":
        low = max(low, 0)
    if activation.kind == "clip":
        ends = (Fraction(max(min(end, 1e12), -1e12)) for end in (activation.low, activation.high))
        low, high = (max(low, min(rounded(end * Fraction(2) ** word.frac), high)) for end in ends)
    return max(low, min(rounded(value * Fraction(2) ** word.frac), high))


def gru(x: list[int], quantized, state: list[int]) -> list[int]:
    """One row through a recurrent layer, from its codes; `state` moves on."""
    before = [rounded(Fraction(h, 2**7)) for h in state]
    one = Fraction(2) ** quantized.accumulator_frac
    totals = [total / one for total in map(Fraction, sums(before, quantized))]
    given = [Fraction(value) / Fraction(2) ** quantized.input_format.frac for value in x]
    row = []
    for u in range(len(state)):
        s_r, s_z, s_n = totals[3 * u : 3 * u + 3]
        x_r, x_z, x_n = given[3 * u : 3 * u + 3]
        r, step = chord(x_r + s_r, sigmoid=True), chord(-(x_z + s_z), sigmoid=True)
        hidden = max(-(2**24), min(rounded(s_n * 2**16), 2**24 - 1))
        inner = rounded(Fraction(r * hidden, 2**16)) + rounded(x_n * 2**15)
        new = chord(Fraction(inner, 2**15), sigmoid=False)
        state[u] += rounded(Fraction(step * (new * 2**7 - state[u]), 2**15))
        row.append(rounded(Fraction(state[u], 2**7)))
    return row


def chord(value: Fraction, sigmoid: bool) -> int:
    """Tanh, or sigmoid, in 2**-15, on the chord between two points of tanh that are 1/32 apart."""
    x = rounded(value * 2**14 if sigmoid else value * 2**15)
    first, along = divmod(min(abs(x), 2**18 - 1), 1024)
    start, end = (rounded(Fraction(math.tanh(i / 32)) * 2**15) for i in (first, first + 1))
    height = start + rounded(Fraction((end - start) * along, 1024))
    tanh = -height if x < 0 else height
    return rounded(Fraction(2**15 + tanh, 2)) if sigmoid else tanh


def network(x: list[int], model, states: list[list[int]]) -> list[int]:
    """The outputs of one row; the states of layers with memory are changed."""
    for quantized, state in zip(model.layers, states, strict=True):
        if quantized.activation.kind == "memory":
            x = units(sums(x, quantized), quantized, state)
        else:
            x = layer(x, quantized)
    return x


def units(total: list[int], quantized, state: list[int]) -> list[int]:
    """The outputs of a layer with memory; its state is changed."""
    row = []
    for u in range(quantized.width):
        z, c, o = (
            Fraction(s) / Fraction(2) ** quantized.accumulator_frac for s in total[3 * u :][:3]
        )
        forget, candidate, gate = chord(4 * z, True), chord(c, False), chord(o, True)
        state[u] += rounded(Fraction(forget, 2**15) * (candidate * 2**7 - state[u]))
        row.append(rounded(Fraction(gate * state[u], 2**22)))
    return row


def pipeline(model, spectra: list[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    polar = [[vectoring(*bin_) for bin_ in frame] for frame in spectra]
    magnitudes = [[m for m, _ in frame] for frame in polar]
    seen = features(magnitudes) if model.front.features == "log2" else magnitudes
    past = [[0] * spec.BINS] * (model.front.context - 1) + seen
    states = [[0] * quantized.width for quantized in model.layers]
    out = []
    for t, frame in enumerate(polar):
        x = network(
            [value for row in past[t:][: model.front.context] for value in row], model, states
        )
        if model.front.head == "gain":
            gains = [min(max(g, model.front.least_gain), 2**15) for g in x]
            x = [rounded(Fraction(m * g, 2**15)) for m, g in zip(magnitudes[t], gains, strict=True)]
        out.append([rotation(m, phase) for m, (_, phase) in zip(x, frame, strict=True)])
    return out
