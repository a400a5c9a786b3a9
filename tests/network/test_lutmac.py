"""Layers of any activation in integers: against the oracle, within their accumulator, counted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from networks import ACTIVATIONS
from nibblestream import spec
from nibblestream.fixed import QFormat
from nibblestream.network.activation import LINEAR, RELU, SIGMOID, TANH, Activation, clip, leaky
from nibblestream.network.curve import INPUT, SIGMOID_ERROR, TANH_ERROR
from nibblestream.network.formats import LARGEST_SHIFT
from nibblestream.network.layer import QuantizedLayer
from nibblestream.network.lut import Lut
from nibblestream.network.lutmac import LutMac
from nibblestream.network.scheme import Scheme
from slow_integers import layer as slow_layer

pytestmark = pytest.mark.numeric


@st.composite
def layers(draw: st.DrawFn) -> QuantizedLayer:
    """Any layer: every activation and code width, exponents -20 to 20, biases of both widths."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    bits, k = draw(st.sampled_from(spec.CODE_BITS)), draw(st.integers(0, 10))
    shape = draw(st.integers(1, 6)), draw(st.integers(1, 20))
    exponent = draw(st.integers(-20, 20))
    word = draw(
        st.sampled_from([QFormat(16, 11), QFormat(25, 20), QFormat(17, 15), QFormat(25, 9)])
    )
    activation = draw(st.sampled_from(ACTIVATIONS))
    frac = word.frac + 7 + k - exponent
    assume(not activation.tabled or -2 <= frac - INPUT[activation.kind].frac + 15 <= 55)
    wide = frac < spec.BIAS.frac or draw(st.booleans())
    down = draw(st.integers(0, 12 if wide else 0))
    bias = QFormat(16, frac - down) if wide else spec.BIAS
    assume(bias.frac <= frac <= bias.frac + 30)
    output = QFormat(25, frac - draw(st.integers(0, 30)))
    mantissa = rng.integers(-128, 128, 1 << bits if bits < 8 else 4).astype(np.int32)
    internal = rng.random(len(mantissa)) < 0.5
    return QuantizedLayer(
        codes=rng.integers(0, 1 << bits, shape).astype(np.uint8),
        lut=None if bits == 8 else Lut(mantissa, internal, 8, k),
        k=k,
        scheme=Scheme("u-vbs" if bits == 8 else "kmeans", bits),
        bias=_extreme(rng, bias, shape[:1]),
        input_format=word,
        output_format=spec.CURVE if activation.tabled else output,
        activation=activation,
        exponent=exponent,
        bias_format=bias,
        saturated=0.0,
    )


def _extreme(rng: np.random.Generator, word: QFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Words of a format, a third of which are its ends and zero."""
    x = rng.integers(word.low, word.high + 1, shape)
    ends = rng.random(shape) < 1 / 3
    return np.where(ends, rng.choice([word.low, -1, 0, 1, word.high], shape), x).astype(np.int32)


@settings(max_examples=300, deadline=None)
@given(layers(), st.integers(0, 2**32))
def test_layers_equal_the_oracle(layer: QuantizedLayer, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = _extreme(rng, layer.input_format, (4, layer.inputs))
    x[2:] >>= rng.integers(0, layer.input_format.bits, (2, 1))  # small ones, near a curve's middle
    found = LutMac(layer)(x)
    assert found.dtype == np.int32
    assert found.tolist() == [slow_layer(row, layer) for row in x.tolist()]


@settings(max_examples=150, deadline=None)
@given(layers())
def test_no_input_exceeds_the_accumulator(layer: QuantizedLayer) -> None:
    # The worst row for a neuron is built of the ends of the input format, by the signs of weights.
    word, half = layer.input_format, (1 << layer.shift + layer.activation.leak) >> 1
    for weights, bias in zip(layer.decoded.tolist(), layer.bias.tolist(), strict=True):
        high = sum(max(w * word.low, w * word.high) for w in weights) + (bias << layer.bias_shift)
        low = sum(min(w * word.low, w * word.high) for w in weights) + (bias << layer.bias_shift)
        assert -(1 << layer.accumulator_bits - 1) <= low - half
        assert high + half < 1 << layer.accumulator_bits - 1
    assert layer.accumulator_bits <= 48


def full_scale(inputs: int, **changes: Any) -> QuantizedLayer:
    """A layer whose weights are all -128 and whose bias is the largest: the worst there is."""
    made: dict[str, Any] = {
        "codes": np.full((1, inputs), 128, np.uint8),
        "lut": None,
        "k": 0,
        "scheme": Scheme("u", 8),
        "bias": np.array([-(2**15)], np.int32),
        "input_format": QFormat(25, 20),
        "output_format": QFormat(25, 8),
        "activation": LINEAR,
        "bias_format": QFormat(16, 20),
    }
    return QuantizedLayer(**{**made, **changes})


def test_the_bound_is_reached() -> None:
    layer = full_scale(64)
    worst = 64 * 128 * 2**24 + (2**15 << layer.bias_shift) + (1 << layer.shift - 1)
    assert layer.accumulator_bits == worst.bit_length() + 1
    x = np.full((1, 64), layer.input_format.low, np.int32)
    exact = 64 * 128 * 2**24 - (2**15 << layer.bias_shift)
    assert LutMac(replace(layer, output_format=QFormat(25, 0)))(x) == round(exact / 2**27)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bias_format": QFormat(16, -6)}, "50 bits, but the accumulator has 48"),
        ({"bias_format": QFormat(16, 28)}, "biases have 28 fractional bits, but .* only 27"),
        ({"bias_format": QFormat(12, 20)}, "expected .* or 16 signed bits"),
        ({"exponent": 20, "bias_format": QFormat(16, 0)},
         "outputs have 8 fractional bits, but the accumulator only 7"),
        ({"activation": TANH}, "outputs of tanh are .*; expected"),
        ({"activation": SIGMOID, "exponent": 31, "bias_format": QFormat(16, -10)},
         "sums have -4 fractional bits; expected -3 or more before sigmoid"),
        ({"activation": TANH, "output_format": spec.CURVE, "exponent": -40},
         "bits, but the accumulator has 48"),
        ({"activation": leaky(2.0**-15), "exponent": -20}, "55 bits, but the accumulator has 48"),
    ],
)  # fmt: skip
def test_layers_that_cannot_be_computed_are_refused(changes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        full_scale(64, **changes)


@pytest.mark.parametrize("activation", [SIGMOID, TANH], ids=str)
@pytest.mark.parametrize("frac", [-2, 3, 14, 20, 50])
def test_curves_take_sums_of_any_resolution(
    rng: np.random.Generator, activation: Activation, frac: int
) -> None:
    exponent = 27 - frac
    layer = full_scale(
        3, activation=activation, output_format=spec.CURVE, exponent=exponent,
        bias=np.zeros(1, np.int32), codes=np.array([[1, 5, 251]], np.uint8),
        bias_format=QFormat(16, min(frac, 15)),
    )  # fmt: skip
    assert layer.accumulator_frac == frac
    x = np.concatenate([rng.integers(-(2**24), 2**24, (40, 3)) >> s for s in range(25)])
    total = (x @ [1, 5, -5]) * 2.0**-frac
    bound = SIGMOID_ERROR if activation == SIGMOID else TANH_ERROR
    # Rounding to the curve's input moves it by half a step; both slopes there give 2**-17 at most.
    rounding = 2.0**-16
    lacking = 1 - activation(np.array(layer.word.high * layer.word.resolution))  # see COARSEST
    error = np.abs(spec.CURVE.to_float(LutMac(layer)(x))[:, 0] - activation(total))
    assert error.max() <= bound + rounding + lacking
    assert lacking < (1e-6 if frac >= 3 else 7e-4)
    assert layer.shift <= LARGEST_SHIFT


@pytest.mark.parametrize(
    ("activation", "beyond"),
    [(LINEAR, 4), (RELU, 3), (leaky(0.5), 3), (clip(-1, 1), 0), (clip(-np.inf, 3), 1),
     (clip(0, 100), 3)],
    ids=str,
)  # fmt: skip
def test_saturated_outputs_are_counted(activation: Activation, beyond: int) -> None:
    layer = full_scale(
        1, codes=np.array([[64]], np.uint8), bias=np.zeros(1, np.int32), activation=activation,
        input_format=QFormat(25, 12), output_format=QFormat(25, 18), saturated=0.0,
        bias_format=QFormat(16, 12),
    )  # fmt: skip
    # The weight is 1/2, and outputs reach 2**6: three of these values are above, one is below.
    x = 2**12 * np.array([[0], [1], [-1], [127], [128], [500], [2000], [-200]], np.int32)
    run = LutMac(layer)
    run(x)
    assert run.saturated == beyond
    run(x[:4])
    assert run.saturated == beyond
    never = LutMac(replace(layer, saturated=None))
    never(x)
    assert never.saturated == 0


def test_a_share_of_saturated_outputs_is_in_the_layers_text() -> None:
    layer = full_scale(64)
    assert "saturate" not in str(layer)
    assert str(replace(layer, saturated=0.0)).endswith("0.00% of outputs saturate")
    assert str(replace(layer, saturated=1 / 3)).endswith("33.33% of outputs saturate")
    assert math.isclose(replace(layer, exponent=3).weight_frac, 4)
