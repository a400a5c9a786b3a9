"""Networks from ONNX: the same outputs, or refused by the name of the node that does not fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from onnx import helper, numpy_helper

from nibblestream import Enhancer, quantize
from nibblestream.cli import main
from nibblestream.importing import build, from_onnx
from nibblestream.network.float_model import FloatModel
from nibblestream.network.topology import INPUTS

pytestmark = pytest.mark.numeric

GAIN = {"features": "log2", "head": "gain"}


@pytest.fixture
def w(rng):
    """Weights of a small network, (in, out) as ONNX has them, and what the tests need beside."""
    return {
        "w1": rng.normal(0, 0.05, (INPUTS, 6)),
        "b1": rng.normal(0, 0.2, 6),
        "w2": rng.normal(0, 0.2, (6, 129)),
        "b2": rng.normal(0, 0.2, 129),
    }


@pytest.fixture
def save(tmp_path, w):
    """Write a graph of nodes from "x" to "y" and return its path."""

    def write(nodes, dtype=np.float32, shape=("n", INPUTS), outputs=("y",), **constants):
        arrays = {key: np.asarray(value, dtype) for key, value in w.items()}
        arrays.update(constants)
        used = {name for node in nodes for name in node.input}
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        graph = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info(name, kind, ("n", "m")) for name in outputs],
            [numpy_helper.from_array(a, name) for name, a in arrays.items() if name in used],
        )
        path = tmp_path / "net.onnx"
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return path

    return write


def node(kind, given, output, name="", **attributes):
    return helper.make_node(kind, given, [output], name or f"net/{output}", **attributes)


def plain():
    """Two layers, as Gemm and as MatMul with Add."""
    return [
        node("Gemm", ["x", "w1", "b1"], "a"),
        node("Relu", ["a"], "b"),
        node("MatMul", ["b", "w2"], "c"),
        node("Add", ["b2", "c"], "y"),
    ]


def outputs(model: FloatModel, x: np.ndarray) -> np.ndarray:
    for weights, bias, relu in zip(model.weights, model.biases, model.relu, strict=True):
        x = x @ weights.T.astype(np.float64) + bias
        x = np.maximum(x, 0) if relu else x
    return x


def expected(w, x, dtype=np.float32):
    """The network of `plain`."""
    w1, b1, w2, b2 = (w[key].astype(dtype).astype(np.float64) for key in ("w1", "b1", "w2", "b2"))
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("shape", [("n", INPUTS), (1, INPUTS), (1, "t", INPUTS)])
def test_gemm_matmul_add_and_relu(rng, w, save, dtype, shape):
    model = from_onnx(save(plain(), dtype, shape), **GAIN, gain_floor=0.2)
    assert (model.name, model.gain_floor, model.relu) == ("net", 0.2, (True, False))
    assert model.training == {"imported": "net.onnx"}
    x = rng.uniform(-1, 1, (9, INPUTS))
    np.testing.assert_allclose(outputs(model, x), expected(w, x, dtype), atol=1e-6)


def test_gemms_parameters(rng, w, save):
    nodes = [
        node("Gemm", ["x", "w1t", "b1"], "a", transB=1, alpha=0.5, beta=1.5),
        node("Relu", ["a"], "b"),
        node("Gemm", ["b", "w2"], "y", alpha=0.75),
    ]
    model = from_onnx(save(nodes, w1t=w["w1"].T.astype(np.float32)), **GAIN)
    x = rng.uniform(-1, 1, (9, INPUTS))
    other = {"w1": w["w1"] * 0.5, "b1": w["b1"] * 1.5, "w2": w["w2"] * 0.75, "b2": w["b2"] * 0}
    np.testing.assert_allclose(outputs(model, x), expected(other, x), atol=1e-6)


@pytest.mark.parametrize("bias", [(1,), (1, 6), (6,), ()])
def test_biases_are_broadcast(rng, w, save, bias):
    b1 = rng.normal(0, 0.2, bias).astype(np.float32)
    model = from_onnx(save(plain(), b1=b1), **GAIN)
    np.testing.assert_array_equal(model.biases[0], np.broadcast_to(b1.ravel(), 6))


def test_what_changes_nothing_is_passed_over(rng, w, save):
    nodes = [
        node("Flatten", ["x"], "f", axis=1),
        node("Identity", ["f"], "i"),
        node("Gemm", ["i", "w1", "b1"], "a"),
        node("Relu", ["a"], "r"),
        node("Dropout", ["r"], "d"),
        node("Constant", [], "shape", value=numpy_helper.from_array(np.array([-1, 6]))),
        node("Reshape", ["d", "shape"], "b"),
        node("Constant", [], "k2", value=numpy_helper.from_array(w["w2"].astype(np.float32))),
        node("MatMul", ["b", "k2"], "c"),
        node("Add", ["c", "b2"], "s"),
        node("Clip", ["s", "low", "high"], "y"),
    ]
    ends = {"low": np.float32(0), "high": np.float32(1)}
    model = from_onnx(save(nodes, shape=("n", 8, 129), **ends), **GAIN)
    x = rng.uniform(-1, 1, (9, INPUTS))
    found = outputs(model, x).clip(0, 1)
    np.testing.assert_allclose(found, expected(w, x).clip(0, 1), atol=1e-6)
    with pytest.raises(ValueError, match="node 10 'net/y' keeps outputs between 0 and 1, but head"):
        from_onnx(save(nodes, shape=("n", 8, 129), **ends), features="log2", head="magnitude")


def test_batch_normalisation_is_folded(rng, w, save):
    norm = {name: rng.uniform(0.5, 1, 6).astype(np.float32) for name in ("g", "o", "m", "v")}
    nodes = plain()
    nodes[1] = node("BatchNormalization", ["a", "g", "o", "m", "v"], "n", epsilon=0.1)
    nodes.insert(2, node("Relu", ["n"], "b"))
    model = from_onnx(save(nodes, **norm), **GAIN)
    factor = norm["g"] / np.sqrt(norm["v"] + 0.1)
    other = {"w1": w["w1"] * factor, "b1": (w["b1"] - norm["m"]) * factor + norm["o"]}
    x = rng.uniform(-1, 1, (9, INPUTS))
    np.testing.assert_allclose(outputs(model, x), expected({**w, **other}, x), atol=1e-6)


def test_large_weights_are_scaled_back_across_relu(rng, w, save):
    scaled = {"w1": w["w1"] * 64, "b1": w["b1"] * 64, "w2": w["w2"] / 64}
    path = save(plain(), **{key: value.astype(np.float32) for key, value in scaled.items()})
    model = from_onnx(path, **GAIN)
    quantize(model)
    x = rng.uniform(-1, 1, (9, INPUTS))
    np.testing.assert_allclose(outputs(model, x), expected(w, x), atol=1e-6)
    with pytest.raises(ValueError, match=r"net\.onnx: node 0 'net/a': weights reach .* a factor"):
        from_onnx(save(plain(), w1=scaled["w1"].astype(np.float32)), **GAIN)


@pytest.mark.parametrize(
    ("index", "new", "message"),
    [
        (1, node("Sigmoid", ["a"], "b"), "node 1 'net/b': Sigmoid is not supported; expected Add"),
        (1, node("Relu", ["x"], "b"), "node 1 'net/b' takes x; expected a chain .* takes 'a'"),
        (1, node("Add", ["a", "a"], "b"), "node 1 'net/b' takes a, a; expected a chain"),
        (1, node("Flatten", ["a"], "b", axis=0), "Flatten has axis 0; expected 1"),
        (1, node("Clip", ["a", "", "six"], "b"), "node 1 'net/b' keeps values between -inf and 6"),
        (
            1,
            node("Reshape", ["a", "sizes"], "b"),
            r"Reshape to \[-1, 3\] does not keep the 6 values",
        ),
        (0, node("Gemm", ["x", "w1", "b1"], "a", transA=1), "node 0 'net/a': Gemm has transA"),
        (0, node("Gemm", ["w1", "x"], "a"), "node 0 'net/a': Gemm takes 'x' after 'w1'"),
        (0, node("MatMul", ["x", "b1"], "a"), r"MatMul has weights of shape \(6,\)"),
        (0, node("Gemm", ["x", "whole", "b1"], "a"), "takes 'whole' of int64; expected float16"),
        (3, node("Add", ["c", "b1"], "y"), r"node 3 'net/y': Add adds values of shape \(6,\)"),
    ],
)
def test_what_is_not_supported_is_named(save, monkeypatch, index, new, message):
    monkeypatch.setattr(onnx.checker, "check_model", lambda model: None)
    nodes = plain()
    nodes[index] = new
    extra = {"sizes": np.array([-1, 3]), "six": np.float32(6), "whole": np.ones((INPUTS, 6), int)}
    with pytest.raises(ValueError, match=message):
        from_onnx(save(nodes, **extra), **GAIN)


def test_other_outputs_and_inputs_are_refused(save):
    with pytest.raises(ValueError, match="the outputs are y, b; expected only 'y', of the last"):
        from_onnx(save(plain(), outputs=("y", "b")), **GAIN)
    with pytest.raises(
        ValueError, match=r"'x' has the shape \[1, 1000\] for one frame; expected 1032"
    ):
        from_onnx(save(plain(), shape=("n", 1000)), **GAIN)


def test_files_that_are_none_are_refused(tmp_path, save):
    with pytest.raises(FileNotFoundError, match="no such file; expected an ONNX model"):
        from_onnx(tmp_path / "none.onnx", **GAIN)
    path = save(plain())
    for content in (b"", b"RIFF not a network", path.read_bytes()[:500]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"net\.onnx: (not an ONNX model|the network has)"):
            from_onnx(path, **GAIN)


def test_the_original_is_asked(save, monkeypatch):
    """A difference that float32 does not explain is refused, however it came about."""
    path, scaled = save(plain()), build.rescale
    for factor in (1 + 1e-3, np.nan):

        def wrong(layers, factor=factor):
            first, last = scaled(layers)
            return first, replace(last, bias=last.bias * factor)

        monkeypatch.setattr(build, "rescale", wrong)
        with pytest.raises(ValueError, match=r"does not match the original|NaN"):
            from_onnx(path, **GAIN)


def test_the_command_line_imports(tmp_path, save, rng):
    path, output = save(plain()), tmp_path / "mask.npz"
    options = ["--features", "log2", "--head", "gain", "--gain-floor", "0.1"]
    result = CliRunner().invoke(main, ["import", str(path), "-o", str(output), *options])
    assert result.exit_code == 0, result.output
    assert "layer 1: 6 -> 129, 3096 bytes, no ReLU" in result.output
    model = FloatModel.load(output)
    assert (model.name, model.gain_floor, model.relu) == ("mask", 0.1, (True, False))
    with Enhancer(quantize(model)) as enhancer:
        assert enhancer.enhance(rng.normal(0, 0.1, 800), 8000).shape == (800,)


@pytest.mark.parametrize("suffix", ["pt", "pth", "pt2"])
def test_the_command_line_opens_no_pickles(tmp_path, suffix):
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(b"")
    options = ["-o", str(tmp_path / "m.npz"), "--features", "log2", "--head", "gain"]
    result = CliRunner().invoke(main, ["import", str(path), *options])
    assert result.exit_code == 2
    assert "expected an ONNX file" in result.output
