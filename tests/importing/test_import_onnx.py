"""Networks from ONNX: each graph is imported and equal, or refused by the name of its node."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from nibblestream import quantize
from nibblestream.importing import from_onnx
from nibblestream.network.activation import RELU, SIGMOID, clip
from nibblestream.network.front import Plain
from onnx_cases import CASES, chain, node

pytestmark = pytest.mark.numeric


@pytest.fixture
def w(rng):
    """Constants that graphs may use, (in, out) as ONNX has them."""
    drawn = {
        "w1": rng.normal(0, 0.3, (8, 6)),
        "b1": rng.normal(0, 0.2, 6),
        "w2": rng.normal(0, 0.3, (6, 3)),
        "b2": rng.normal(0, 0.2, 3),
        "row": rng.uniform(0.5, 1, (1, 6)),
        "gain": rng.uniform(0.5, 1, 6),
        "shift": rng.normal(0, 1, 6),
        "mean": rng.normal(0, 1, 6),
        "variance": rng.uniform(0.5, 1, 6),
        "w8": rng.normal(0, 0.3, (8, 8)),
        "slopes": np.array([0.25, 0.5, 0.25, 0.25, 0.25, 0.25]),
        **{f"f{x}": np.array(x) for x in (-1.0, 0.0, 0.25, 0.5, 2.0, 6.0)},
    }
    return {name: array.astype(np.float32) for name, array in drawn.items()} | {
        "axes": np.array([1]),
        "flat": np.array([-1, 8]),
        "sixes": np.array([0, -1]),
        "threes": np.array([-1, 3]),
        "evens": np.array([0, 4]),
        "start": np.array([1]),
        "end": np.array([3]),
        "half": rng.normal(0, 0.3, (6, 8)).astype(np.float16),
        "brain": rng.normal(0, 0.3, (8, 6)).astype(ml_dtypes.bfloat16),
        "codes": rng.integers(-127, 128, (8, 6)).astype(np.int8),
        "whole": np.array(0, np.int8),
        "scale": np.float32(0.01),
        "scales": rng.uniform(0.001, 0.01, 6).astype(np.float32),
        "wholes": np.zeros(6, np.int8),
        "zero": np.array(0),
        "minus": np.array([-1]),
    }


@pytest.fixture
def graph(w):
    """Make a model of nodes from "x" to "y"."""

    def make(nodes, shape=("n", 8), outputs=("y",), opset=21, kind=TensorProto.FLOAT, **constants):
        arrays = {**w, **constants}
        used = {name for node in nodes for name in node.input}
        entries = [helper.make_tensor_value_info("x", kind, shape)]
        if "x2" in used:
            entries.append(helper.make_tensor_value_info("x2", kind, shape))
        body = helper.make_graph(
            nodes,
            "net",
            entries,
            [helper.make_tensor_value_info(name, kind, ("n", "m")) for name in outputs],
            [numpy_helper.from_array(a, name) for name, a in arrays.items() if name in used],
        )
        return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    return make


def reference(model, x):
    """What ONNX's evaluator gives, row by row, in float32."""
    evaluator = ReferenceEvaluator(model)
    rows = [evaluator.run(None, {"x": row[None].astype(np.float32)})[0] for row in x]
    return np.stack([np.asarray(row, np.float64).ravel() for row in rows])


@pytest.mark.parametrize("case", CASES)
def test_each_graph_is_equal_or_refused(rng, w, graph, case):
    nodes, refusal = CASES[case]
    extra = {"half_t": w["half"].astype(np.float32), "zero1": np.array([0])}
    model = graph(nodes, **extra)
    if refusal:
        with pytest.raises(ValueError, match=refusal) as error:
            from_onnx(model)
        assert "\n" not in str(error.value)
        return
    found = from_onnx(model)
    x = rng.uniform(-2, 2, (9, 8))
    np.testing.assert_allclose(found(x), reference(model, x), rtol=1e-5, atol=1e-5)
    quantize(found)


@pytest.mark.parametrize("shape", [("n", 8), (1, 8), (64, 8), (None, 8), ("n", 2, 4), ("n", 1, 8)])
def test_the_first_dimension_is_the_batch(rng, graph, shape):
    model = graph([node("Reshape x flat -> f"), node("MatMul f w1 -> y")], shape=shape)
    assert from_onnx(model).inputs == 8


def test_examples_tell_sizes_that_the_graph_leaves_open(graph):
    model = graph([node("MatMul x w1 -> y")], shape=("n", "m"))
    assert from_onnx(model, example=np.ones((2, 8))).inputs == 8
    with pytest.raises(ValueError, match="node 0 'net/y': "):
        from_onnx(model)


def test_a_row_without_a_batch(rng, w, graph):
    model = from_onnx(graph([node("MatMul x w1 -> y")], shape=(8,)))
    np.testing.assert_array_equal(model.weights[0], w["w1"].T)


@pytest.mark.parametrize("kind", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_float_types(rng, w, graph, kind):
    wide = {name: w[name].astype(kind) for name in ("w1", "b1", "w2", "b2")}
    type_of = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    model = from_onnx(graph(chain("Relu *"), kind=type_of, **wide))
    np.testing.assert_array_equal(model.weights[0], wide["w1"].astype(np.float32).T)
    np.testing.assert_array_equal(model.biases[1], wide["b2"].astype(np.float32))


def test_old_operators_have_attributes(w, graph):
    nodes = [
        node("MatMul x w1 -> a"),
        node("Unsqueeze a -> u", axes=[1]),
        node("Squeeze u -> s", axes=[1]),
        node("Clip s -> y", min=-0.5, max=0.5),
    ]
    assert from_onnx(graph(nodes, opset=9)).activations == (clip(-0.5, 0.5),)


def test_clips_without_limits_that_exporters_write(graph):
    huge = {"low": np.float32(0), "high": np.finfo(np.float32).max}
    assert from_onnx(graph(chain("Clip * low high"), **huge)).activations[0] == RELU


def test_functions_of_the_model_are_inlined(rng, w, graph):
    body = helper.make_function(
        "own",
        "Layer",
        ["v"],
        ["r"],
        [helper.make_node("Sigmoid", ["v"], ["r"])],
        [helper.make_opsetid("", 21)],
    )
    model = graph(chain("Relu *"))
    model.functions.append(body)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node[1].op_type, model.graph.node[1].domain = "Layer", "own"
    assert from_onnx(model).activations[0] == SIGMOID


def test_files_have_names_and_external_data(tmp_path, rng, graph):
    model = graph(chain("Relu *"))
    weights = from_onnx(model).weights
    path = tmp_path / "digits.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    found = from_onnx(str(path), example=np.full((3, 8), 2.5))
    assert (found.name, found.training) == ("digits", {"imported": "digits.onnx"})
    assert found.front == Plain(np.full(8, 5.0))
    np.testing.assert_array_equal(found.weights[0], weights[0])
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ValueError, match=r"digits\.onnx: not an ONNX .* external data are"):
        from_onnx(path)


def test_other_files_are_refused(tmp_path, graph):
    with pytest.raises(FileNotFoundError, match="no such file; expected an ONNX model"):
        from_onnx(tmp_path / "none.onnx")
    path = tmp_path / "net.onnx"
    for content in (b"", b"RIFF not a network", graph(chain()).SerializeToString()[:200]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"net\.onnx: not an ONNX model"):
            from_onnx(path)
    with pytest.raises(TypeError, match=r"found a bytes; expected a path or onnx\.ModelProto"):
        from_onnx(b"")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.pth", "load it into its module in Python and call .*from_torch, or export"),
        ("a.safetensors", "weights alone"),
        ("a.pt2", "torch.export.load"),
        ("a.h5", "from_keras, or write ONNX with model.export"),
        ("a.tflite", "tf2onnx"),
        ("a.joblib", "from_sklearn"),
    ],
)
def test_files_of_others_are_refused_with_what_to_do(name, message):
    with pytest.raises(ValueError, match=f"^{name} is .*{message}"):
        from_onnx(name)


def test_two_outputs_are_refused(graph):
    with pytest.raises(ValueError, match=r"gives 2 outputs \(y, a\); expected 1"):
        from_onnx(graph(chain("Relu *"), outputs=("y", "a")))
