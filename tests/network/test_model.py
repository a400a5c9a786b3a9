"""Quantized networks: formats, the accumulator's proof, and Table 3's bytes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from networks import network
from nibblestream import spec
from nibblestream.fixed import QFormat
from nibblestream.network import formats
from nibblestream.network.float_model import FloatModel
from nibblestream.network.layer import QuantizedLayer
from nibblestream.network.lut import Lut
from nibblestream.network.model import QuantizedModel
from nibblestream.quantize import Scheme, quantize
from nibblestream.speech.front import INPUTS, Speech
from nibblestream.speech.stft import stft

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def small() -> FloatModel:
    return network(hidden=(4,))


# --- the paper's network -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "bits", "memory"),
    [
        ("u", 8, 297_216),
        ("u", 4, 148_608),
        ("rs-vbs", 4, 148_608),
        (("rs-vbs", "u"), (4, 8), 165_120),
    ],
)
def test_memory_is_table_3s(scheme: Any, bits: Any, memory: int) -> None:
    model = quantize(network("magnitude", "magnitude"), scheme, bits)
    assert model.ideal_bytes == memory
    assert model.ideal_bytes <= model.stream_bytes <= 1.02 * memory


def test_stream_of_the_papers_network() -> None:
    assert quantize(network()).stream_bytes == 149_632


@pytest.mark.parametrize("features", ["magnitude", "log2"])
@pytest.mark.parametrize("head", ["magnitude", "gain"])
@pytest.mark.parametrize("hidden", [(), (5,), (9, 3)])
@pytest.mark.parametrize("scheme", ["u", "u-vbs", "rs", "rs-vbs"])
def test_every_network_gets_formats(
    features: str, head: str, hidden: tuple[int, ...], scheme: str
) -> None:
    model = quantize(network(features, head, hidden), scheme, 3)
    assert len(model.layers) == len(hidden) + 1
    first, last = model.layers[0], model.layers[-1]
    assert first.input_format == (spec.FEATURE if features == "log2" else spec.MAGNITUDE)
    assert last.output_format == (spec.GAIN if head == "gain" else spec.MAGNITUDE)
    for layer in model.layers:
        assert layer.shift >= 0
        assert layer.accumulator_bits <= spec.ACCUMULATOR_BITS
        assert np.abs(layer.decoded).max() < 1 << (spec.WEIGHT_BITS - 1)
    for layer in model.layers[:-1]:
        assert layer.output_format.bits == spec.ACTIVATION_BITS
    assert model.front.least_gain == round(0.1 * 2**15)


def test_decoded_weights_are_near_the_trained_ones() -> None:
    trained = network()
    model = quantize(trained, ("rs-vbs", "u-vbs"), (4, 8))
    for layer, weights, scale in zip(model.layers, trained.weights, (0.02, 0.004), strict=True):
        error = layer.decoded * 2.0**-layer.weight_frac - weights
        assert np.sqrt(np.mean(error**2)) < scale
    assert model.layers[1].lut is None
    assert not model.layers[0].decoded.flags.writeable


def test_biases_are_eight_bit_uniform() -> None:
    trained = network(hidden=())
    biases = np.zeros(spec.BINS)
    biases[:4] = [1.0, -1.0, 0.5 / 128, -0.5 / 128]
    model = quantize(FloatModel("b", trained.weights, (biases,), Speech("log2", "gain")))
    assert model.layers[0].bias[:5].tolist() == [127, -128, 1, -1, 0]
    assert model.layers[0].bias.dtype == np.int32


def test_parameters_go_to_their_layers(small: FloatModel) -> None:
    model = quantize(
        small, ["rs", "rs-vbs"], (2, 4), m=(6, 8), k=(None, 1), ratio=[1, 0.5], p_start=(0.1, 0.04),
        p_stop=0.9,
    )  # fmt: skip
    assert model.layers[0].scheme == Scheme("rs", 2, 6, None, 1, 0.1, 0.9)
    assert model.layers[1].scheme == Scheme("rs-vbs", 4, 8, 1, 0.5, 0.04, 0.9)
    assert [layer.k for layer in model.layers] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bits": (4, 8, 4)}, "bits has 3 values, the model 2 layers"),
        ({"scheme": ["u"]}, "scheme has 1 values, the model 2 layers"),
        ({"k": (99, 1)}, "layer 0: k is 99"),
    ],
)
def test_quantize_names_the_layer(
    small: FloatModel, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        quantize(small, **arguments)


def test_unclamped_networks_are_refused() -> None:
    trained = network(hidden=(3,))
    weights, biases = trained.weights, trained.biases
    with pytest.raises(ValueError, match=r"layer 1: weights reach .* clamp them"):
        quantize(FloatModel("w", (weights[0], weights[1] * 20), biases, Speech("log2", "gain")))
    with pytest.raises(ValueError, match="layer 0: biases reach 2"):
        quantize(FloatModel("b", weights, (biases[0] * 0 + 2, biases[1]), Speech("log2", "gain")))


# --- formats and the accumulator's proof -----------------------------------------------------


def test_full_scale_audio_stays_below_the_norm(rng: np.random.Generator) -> None:
    magnitudes, t = Speech("magnitude", "magnitude"), np.arange(1024)
    signals = [
        np.sign(np.sin(0.3 * t)),
        np.ones(1024),
        np.cos(np.pi * t),
        rng.choice([-1.0, 1], 1024),
    ]
    for signal in signals:
        frames = np.abs(stft(signal))[: 2 * spec.CONTEXT]
        assert np.linalg.norm(frames[4 : 4 + spec.CONTEXT]) < magnitudes.norm(INPUTS)
    assert magnitudes.norm(INPUTS) == pytest.approx((8 * 256 * 48) ** 0.5)
    assert Speech("log2", "gain").norm(INPUTS) == pytest.approx(1032**0.5)


@pytest.mark.parametrize(
    ("largest", "finest", "frac"),
    [
        (0.0, 30, 24),
        (0.99, 30, 24),
        (1.0, 30, 23),
        (255.9, 30, 16),
        (256.0, 30, 15),
        (1e9, 30, 12),
        (0.1, 20, 20),
    ],
)
def test_formats_leave_room(largest: float, finest: int, frac: int) -> None:
    word = formats.activation_format(largest, finest, formats.MIN_FRAC)
    assert word == QFormat(25, frac)
    assert largest * 2.0**frac < word.high or largest == 1e9


def test_bounds_add_the_bias() -> None:
    bounds = formats.norm_bounds(np.array([[3.0, 4.0], [0, 1]]), np.array([-1.0, 0.5]), 2.0)
    assert bounds.tolist() == [11, 2.5]
    reach = np.array([2.0, 1.0])
    bounds = formats.sum_bounds(np.array([[3.0, -4.0], [0, 1]]), np.array([-1.0, 0.5]), reach)
    assert bounds.tolist() == [11, 1.5]


def test_bounds_go_from_layer_to_layer() -> None:
    model = quantize(network("log2", "gain", (64, 32, 16)))
    norm = Speech("log2", "gain").norm(INPUTS)
    for layer in model.layers[:-1]:
        weights = layer.decoded * 2.0**-layer.weight_frac
        bounds = np.sqrt((weights**2).sum(axis=1)) * norm + np.abs(layer.bias) / 128
        assert layer.output_format.frac == 24 - int(np.floor(np.log2(bounds.max()))) - 1
        norm = np.sqrt((bounds**2).sum())


def test_hidden_activations_cannot_saturate(rng: np.random.Generator) -> None:
    model = quantize(network("log2", "gain", (16, 8)))
    low, high = spec.FEATURE.low, spec.FEATURE.high
    worst = np.where(model.layers[0].decoded > 0, high, low).astype(np.int64)  # a row a neuron
    for layer in model.layers[:-1]:
        total = worst @ layer.decoded.T.astype(np.int64) + (
            layer.bias.astype(np.int64) << layer.bias_shift
        )
        worst = np.maximum(total >> layer.shift, 0)
        assert worst.max() < layer.output_format.high


def test_accumulator_bound_is_reached() -> None:
    """The bound is what the worst input gives, to the unit."""
    lut = Lut(np.array([-128, 0, 5, 100], np.int32), np.array([False, True, True, False]), 8, 2)
    layer = QuantizedLayer(
        codes=np.zeros((1, 6), np.uint8),
        lut=lut,
        k=2,
        scheme=Scheme(bits=2),
        bias=np.array([-128], np.int32),
        input_format=QFormat(12, 11),
        output_format=QFormat(17, 15),
    )
    worst = 6 * 2048 * 128 * 4 + (128 << (11 + 9 - 7)) + (1 << (11 + 9 - 15 - 1))
    assert layer.accumulator_bits == worst.bit_length() + 1
    bound = formats.accumulator_bound(
        6, layer.input_format, 512, 128 << layer.bias_shift, layer.shift
    )
    assert bound == worst
    assert formats.accumulator_bound(1, QFormat(8, 0), 1, 0, 0) == 128


def test_overflow_is_refused_and_the_k_that_fits_fits() -> None:
    trained = network("magnitude", "magnitude")
    with pytest.raises(
        ValueError, match=r"layer 0: 1032 inputs and k = 10 can reach .* k = 5 fits"
    ):
        quantize(trained, k=(10, 2))
    assert quantize(trained, k=(5, 2)).layers[0].accumulator_bits <= 48


def test_automatic_k_respects_the_accumulator() -> None:
    trained = network("magnitude", "magnitude", (4,))
    narrow = FloatModel(
        "narrow", (trained.weights[0] * 0.001, trained.weights[1]), trained.biases,
        Speech("magnitude", "magnitude"),
    )  # fmt: skip
    assert quantize(narrow).layers[0].k == 5
    assert quantize(narrow, "u-vbs").layers[0].k == 10  # all internal: k costs no width


@pytest.mark.parametrize("scheme", [Scheme(), Scheme("u-vbs"), Scheme(m=5), Scheme("u-vbs", 8)])
@pytest.mark.parametrize("inputs", [1, 129, 1032, 2048])
def test_largest_shift_that_fits_is_largest(scheme: Scheme, inputs: int) -> None:
    word = QFormat(25, 12)
    most = formats.largest_shift_that_fits(inputs, word, scheme)

    def width(k: int) -> int:
        frac = scheme.m - 1 + k
        weight = 1 << (frac if scheme.split else scheme.m - 1)
        return formats.accumulator_bound(
            inputs, word, weight, 1 << word.frac + frac, word.frac + frac
        ).bit_length() + 1  # fmt: skip

    assert width(most) <= 48
    assert most == 18 - scheme.m or width(most + 1) > 48


def test_an_output_finer_than_the_accumulator_is_refused() -> None:
    with pytest.raises(ValueError, match=r"17 fractional bits, but the accumulator only 14"):
        quantize(network("log2", "magnitude", ()), "u", 2, m=4)


def test_layers_refuse_parts_that_contradict(small: FloatModel) -> None:
    layer = quantize(small).layers[0]
    good = {field.name: getattr(layer, field.name) for field in fields(layer)}
    wrong = [
        ({"codes": layer.codes.astype(np.int64)}, "expected uint8"),
        ({"codes": layer.codes + np.uint8(9)}, "expected below 16"),
        ({"lut": None}, "without a LUT"),
        ({"k": layer.k + 1}, "LUT has"),
        ({"scheme": Scheme("u", 8)}, "with a LUT"),
        ({"scheme": Scheme("rs")}, "does not shift"),
        ({"bias": layer.bias[:-1]}, "expected int32"),
        ({"bias": layer.bias + np.int32(200)}, "expected -128 to 127"),
    ]
    for change, message in wrong:
        with pytest.raises(ValueError, match=message):
            QuantizedLayer(**{**good, **change})


def test_models_refuse_layers_that_do_not_fit(small: FloatModel) -> None:
    model = quantize(small)
    with pytest.raises(ValueError, match="1032 inputs and 4 outputs; for speech, expected"):
        QuantizedModel("x", model.layers[:1], Speech("log2", "gain"))
    with pytest.raises(ValueError, match="layer 0 is given"):
        QuantizedModel("x", model.layers, Speech("magnitude", "gain"))
    with pytest.raises(ValueError, match="layer 2 is given"):
        QuantizedModel("x", model.layers, Speech("log2", "magnitude"))
    with pytest.raises(ValueError, match=r"expected \(out, 129\)"):
        QuantizedModel("x", model.layers[::-1], Speech("log2", "gain"))
    with pytest.raises(ValueError, match=r"gain_floor is 1\.5"):
        QuantizedModel("x", model.layers, Speech("log2", "gain", 1.5))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": (), "biases": ()}, "has 0 layers"),
        ({"weights": (np.zeros((129, 1000)),)}, "1000 inputs and 129 outputs; .* expected 1032"),
        ({"weights": (np.zeros((128, INPUTS)),)}, "1032 inputs and 128 outputs"),
        ({"weights": (np.full((129, INPUTS), np.nan),)}, "layer 0 holds NaN"),
        ({"biases": (np.full(129, np.inf),)}, "layer 0 holds NaN or infinity"),
        ({"biases": (np.zeros(128),)}, r"shape \(128,\); expected \(129,\)"),
        ({"biases": ()}, "1 layers have 0 biases"),
        ({"training": {"loss": float("nan")}}, "not JSON"),
        ({"training": {"when": object()}}, "not JSON"),
    ],
)
def test_float_models_refuse(change: dict[str, Any], message: str) -> None:
    good = {"name": "x", "weights": (np.zeros((129, INPUTS)),), "biases": (np.zeros(129),)}
    with pytest.raises(ValueError, match=message):
        FloatModel(**{**good, "front": Speech("log2", "gain"), **change})


def test_words_wider_than_the_multiplier_takes_are_refused() -> None:
    layer = quantize(network(hidden=(4,))).layers[0]
    with pytest.raises(ValueError, match="25 signed bits"):
        replace(layer, output_format=QFormat(36, 20))
    with pytest.raises(ValueError, match="25 signed bits"):
        replace(layer, output_format=QFormat(25, 12, signed=False))


def test_only_float_models_are_quantized() -> None:
    model = quantize(network(hidden=(4,)))
    for wrong in (model, "mlp-float", None):
        with pytest.raises(TypeError, match="expected a FloatModel"):
            quantize(wrong)  # type: ignore[arg-type]
