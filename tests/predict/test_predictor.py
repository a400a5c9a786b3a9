"""Predictor: what the integers say, in any cut, on any backend; and what is refused and counted."""

from __future__ import annotations

import doctest
import threading
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import slow_integers
from networks import random_model
from nibblestream import Enhancer, Predictor, quantize
from nibblestream.fixed import QFormat
from nibblestream.network.activation import LINEAR, RELU, clip, leaky
from nibblestream.network.front import Plain
from nibblestream.predict import predictor
from plain_networks import ACTIVATIONS, plain_network

pytestmark = pytest.mark.numeric

WIDTHS = (6, 5, 3)


def network(activations=(RELU, LINEAR), widths=WIDTHS, reach=8.0, seed=7):
    made = plain_network(np.random.default_rng(seed), widths, activations)
    return replace(made, front=Plain(reach))


@pytest.fixture(scope="module")
def model():
    return quantize(network(), "kmeans", 4)


@pytest.fixture
def net(model):
    with Predictor(model) as net:
        yield net


@pytest.fixture
def x(rng):
    return rng.normal(0, 1, (70, WIDTHS[0]))


def by_hand(model, rows):
    """Outputs by the slow oracle, in Python's integers."""
    rows = [[int(value) for value in row] for row in rows]
    for layer in model.layers:
        rows = [slow_integers.layer(row, layer) for row in rows]
    return np.array(rows)


# --- what comes out --------------------------------------------------------------------------
def test_floats_are_rounded_run_and_scaled(net, model, x):
    integers = np.array([[round(value * 2**11) for value in row] for row in x])
    assert net.input_format == QFormat(16, 11)
    expected = by_hand(model, integers) * 2.0**-net.output_format.frac
    found = net.predict(x)
    assert (found.dtype, found.shape) == (np.float64, (70, 3))
    np.testing.assert_array_equal(found, expected)
    raw = net.predict_integers(integers)
    assert raw.dtype == np.int32
    np.testing.assert_array_equal(raw * 2.0**-net.output_format.frac, expected)


def test_it_is_near_the_float_model(x):
    model = network()
    with Predictor(quantize(model, "u-vbs", 8)) as net, Predictor(model) as exact:
        expected = x
        for weights, bias, activation in model.layers():
            expected = activation(expected @ weights.T.astype(float) + bias)
        np.testing.assert_allclose(exact.predict(x), expected, rtol=1e-12, atol=1e-12)
        error = net.predict(x) - expected
        assert np.sqrt(np.mean(error**2)) < 0.02 * expected.std()


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 40), max_size=6),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=2, max_size=2),
    together=st.sampled_from([1, 7, 64, 1 << 18]),
)
def test_any_cut_gives_the_whole(cuts, activations, together):
    model = quantize(network(activations), "kmeans", 3)
    x = np.random.default_rng(sum(cuts)).normal(0, 2, (40, WIDTHS[0])).clip(-8, 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "_VALUES", together)
        with Predictor(model) as net, Predictor(model) as other:
            whole = net.predict(x)
            parts = [other.predict(part) for part in np.split(x, sorted(cuts))]
            np.testing.assert_array_equal(np.concatenate(parts), whole)
            assert other.traffic.frames == net.traffic.frames == 40
            assert other.saturated == net.saturated


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    activations=st.lists(st.sampled_from(ACTIVATIONS), min_size=4, max_size=4),
    bits=st.sampled_from([2, 3, 4, 8]),
    rows=st.integers(0, 70),
    seed=st.integers(0, 99),
)
@pytest.mark.usefixtures("kernel_cache")
def test_kernels_give_the_same_bits(widths, activations, bits, rows, seed):
    chosen = tuple(activations[: len(widths) - 1])
    scheme = "u-vbs" if bits == 8 else "kmeans"
    model = quantize(network(chosen, widths, seed=seed), scheme, bits)
    x = np.random.default_rng(seed).uniform(-8, 8, (rows, widths[0]))
    with Predictor(model) as emu, Predictor(model, "csim") as csim:
        np.testing.assert_array_equal(csim.predict(x), emu.predict(x))
        assert csim.traffic == emu.traffic
        assert csim.saturated.layers is None


@pytest.mark.parametrize("dtype", ["float16", ">f4", "int8", "uint8", "<i8", "float64"])
def test_numbers_of_any_dtype(net, rng, dtype):
    x = rng.integers(0, 8, (9, WIDTHS[0]))
    np.testing.assert_array_equal(net.predict(x.astype(dtype)), net.predict(x.tolist()))
    if np.dtype(dtype).kind in "iu":
        raw = net.predict_integers(x.astype(dtype))
        np.testing.assert_array_equal(raw, net.predict_integers(x))


def test_no_rows(net):
    empty = np.zeros((0, WIDTHS[0]))
    assert net.predict(empty).shape == (0, 3)
    assert net.predict_integers(empty.astype(int)).dtype == np.int32
    assert net.traffic.passes == 0


def test_a_stream_is_the_whole_in_blocks(model, x, monkeypatch):
    monkeypatch.setattr(predictor, "_VALUES", 1)
    with Predictor(model) as net:
        blocks = list(net.stream(x))
        assert [len(block) for block in blocks] == [32, 32, 6]
        np.testing.assert_array_equal(np.concatenate(blocks), net.predict(x))


# --- what is counted -------------------------------------------------------------------------
def test_traffic_is_of_all_calls(net, model, x):
    net.predict(x)
    net.predict(x[:1])
    traffic = net.traffic
    assert (traffic.frames, traffic.passes) == (71, 4)  # 32 + 32 + 6, and 1
    assert traffic.streamed == 4 * model.stream_bytes
    assert "71 rows in 4 passes" in str(traffic)
    net.close()
    assert net.traffic == traffic


def test_inputs_beyond_the_reach_saturate_with_one_warning(x, monkeypatch):
    monkeypatch.setattr(predictor, "_VALUES", 1)  # three blocks
    model = quantize(network(reach=[1, 2, 4, 8, 8, 3]), "kmeans", 4)
    reach = np.array([1, 2, 4, 8, 8, 3])
    loud = x * 4
    beyond = int((np.abs(loud) > reach).sum())
    with Predictor(model) as net:
        with pytest.warns(UserWarning, match="saturate") as caught:
            found = net.predict(loud)
        np.testing.assert_array_equal(found, net.predict(np.clip(loud, -reach, reach)))
        assert net.saturated.inputs == beyond > 0
    (warning,) = caught
    text = str(warning.message)
    assert f"{beyond} of 420 input values ({100 * beyond / 420:.3g}%)" in text
    assert "+-1 to +-8" in text
    assert "--calibration" in text
    assert warning.filename == __file__


def test_the_largest_floats_saturate_and_the_nearest_do_not(net):
    """A value that rounds to the reach is not beyond it: float32 rows may be above float64 ones."""
    near = np.full((1, 6), 8 + 2.0**-13)
    np.testing.assert_array_equal(net.predict(near), net.predict(np.full((1, 6), 8)))
    assert net.saturated.inputs == 0
    with pytest.warns(UserWarning, match=r"6 of 6 input values \(100%\)"):
        found = net.predict(np.full((1, 6), np.finfo(float).max))
    np.testing.assert_array_equal(found, net.predict(near))


def test_the_reach_itself_does_not_saturate(net):
    edge = np.full((2, WIDTHS[0]), 8.0) * [[1], [-1]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = net.predict(edge)
    raw = net.predict_integers((edge * 2**11).astype(int))
    np.testing.assert_array_equal(raw * net.output_format.resolution, expected)
    assert net.saturated.inputs == 0


@pytest.mark.parametrize("activation", [LINEAR, RELU, leaky(0.5), clip(0, 0.75), clip(-9, 0.75)])
def test_outputs_that_saturate_are_counted_by_layer(x, activation):
    """A value that the activation limits by itself is none of them."""
    model = quantize(network((activation, LINEAR)), "kmeans", 4)
    first, last = model.layers
    narrow = QFormat(16, 15)  # -1 to 1
    layers = (
        replace(first, output_format=narrow, saturated=0.0),
        replace(last, input_format=narrow),
    )
    wide = [slow_integers.layer([round(v * 2**11) for v in row], first) for row in x]
    values = np.array(wide) * first.output_format.resolution
    near = np.abs(np.abs(values) - 1) < 1e-3  # where rounding could decide
    expected = int(((values >= 1) | (values < -1)).sum())
    with Predictor(replace(model, layers=layers)) as net:
        assert net.saturated.layers == [0, 0]
        net.predict(x)
        assert abs(net.saturated.layers[0] - expected) <= near.sum()
        assert net.saturated.layers[1] == 0
        assert (expected > 0) == (activation != clip(0, 0.75))
        text = "none in the layers" if not expected else f"{net.saturated.layers[0]} in layer 0"
        assert text in str(net.saturated)


def test_float_models_do_not_saturate(x):
    with Predictor(network()) as net:
        net.predict(100 * x)
        assert (net.saturated.inputs, net.saturated.layers) == (0, [0, 0])


def test_memory_does_not_grow_with_the_rows(net, tmp_path, rng):
    path, rows = tmp_path / "x.dat", 1_000_000
    rng.normal(0, 1, (rows, WIDTHS[0])).astype(np.float32).tofile(path)
    x = np.memmap(path, np.float32, "r", shape=(rows, WIDTHS[0]))
    tracemalloc.start()
    try:
        count = sum(len(block) for block in net.stream(x))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == rows
    assert peak < 20e6 < x.nbytes


# --- what is refused -------------------------------------------------------------------------
SIX = np.zeros((2, 6))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros(6), ValueError, r"shape \(6,\).*pass \[x\]"),
        (np.zeros((2, 5)), ValueError, r"shape \(2, 5\); expected \(n, 6\)"),
        (np.zeros((6, 2)), ValueError, r"shape \(6, 2\)"),
        (np.zeros((1, 2, 6)), ValueError, r"shape \(1, 2, 6\)"),
        (3.0, ValueError, r"shape \(\)"),
        (SIX.astype(bool), TypeError, "dtype bool"),
        (SIX.astype(complex), TypeError, "dtype complex128"),
        (SIX.astype(object), TypeError, "dtype object"),
        (SIX.astype(str), TypeError, "dtype <U"),
        (None, TypeError, "dtype object"),
        ([[1, 2], [3]], TypeError, "expected"),
        (np.where(np.arange(12).reshape(2, 6) == 9, np.nan, 0), ValueError, r"x\[1, 3\] is nan"),
        (np.where(np.arange(12).reshape(2, 6) == 2, -np.inf, 0), ValueError, r"x\[0, 2\] is -inf"),
    ],
)
def test_bad_rows_are_refused(net, x, error, message):
    with pytest.raises(error, match=message):
        net.predict(x)
    with pytest.raises(error, match=message):
        list(net.stream(x))


def test_bad_integers_are_refused(net):
    with pytest.raises(TypeError, match="dtype float64; expected integers"):
        net.predict_integers(SIX)
    for value, dtype in ((16385, int), (-16385, int), (2**63, np.uint64)):
        x = np.zeros((3, 6), dtype)
        x[2, 4] = value
        with pytest.raises(ValueError, match=rf"x\[2, 4\] is {value}; expected -16384 to 16384"):
            net.predict_integers(x)


def test_rows_are_counted_through_the_blocks(model, monkeypatch):
    monkeypatch.setattr(predictor, "_VALUES", 1)
    x = np.zeros((100, 6))
    x[77, 1] = np.nan
    with Predictor(model) as net, pytest.raises(ValueError, match=r"x\[77, 1\] is nan"):
        net.predict(x)


class Foreign:
    """An array of another library that NumPy cannot read."""

    def __array__(self, *_, **__):
        raise RuntimeError("it requires grad")


def test_arrays_that_numpy_cannot_read_are_refused(net):
    with pytest.raises(TypeError, match="found a Foreign; expected an array: it requires grad"):
        net.predict(Foreign())


def test_models_are_refused_by_whom_they_are_not_for(model, tmp_path):
    with pytest.raises(ValueError, match="use Enhancer"):
        Predictor(random_model(np.random.default_rng(0)))
    with pytest.raises(ValueError, match="use Enhancer"):
        Predictor("mlp-float")
    for plain in (model, network()):
        with pytest.raises(ValueError, match="use Predictor"):
            Enhancer(plain)
    for other in (None, 5, b"mlp"):
        with pytest.raises(TypeError, match="expected a path"):
            Predictor(other)
    with pytest.raises(FileNotFoundError, match="nothing"):
        Predictor(tmp_path / "nothing.npz")
    with pytest.raises(ValueError, match="no backend is called 'fpga'"):
        Predictor(model, backend="fpga")
    with pytest.raises(ValueError, match="quantize it first"):
        Predictor(network(), backend="csim")


def test_a_float_model_has_no_integers():
    with Predictor(network()) as net:
        for ask in (
            lambda: net.input_format,
            lambda: net.output_format,
            lambda: net.predict_integers(SIX.astype(int)),
        ):
            with pytest.raises(TypeError, match="float model"):
                ask()


def test_closed(model, x):
    net = Predictor(model)
    begun = net.stream(x)
    net.close()
    net.close()
    for use in (lambda: net.predict(x), lambda: net.predict(x[:0]), lambda: next(begun)):
        with pytest.raises(RuntimeError, match="closed"):
            use()


def test_threads_share_it(model, x):
    with Predictor(model) as net:
        expected, found = net.predict(x), {}

        def work(i):
            found[i] = [net.predict(x[i : i + 20]) for _ in range(20)]

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i, results in found.items():
            for result in results:
                np.testing.assert_array_equal(result, expected[i : i + 20])
        assert net.traffic.frames == 70 + 4 * 20 * 20


def test_the_example_in_the_docstring():
    result = doctest.testmod(predictor)
    assert (result.failed, result.attempted) == (0, 4)
