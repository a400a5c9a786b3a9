"""GRUs from ONNX: what exporters write and what graphs hold, with ONNX Runtime as the judge."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from onnx import TensorProto, helper, numpy_helper

from gru_networks import Recurs, last, transposed, viewed
from nibblestream import FloatModel
from nibblestream.cli import main
from nibblestream.importing import from_onnx
from nibblestream.importing.onnx_sequence import one_step
from nibblestream.network.activation import LINEAR
from nibblestream.network.recurrent import RECURRENT
from onnx_cases import node

pytestmark = pytest.mark.numeric


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(4)


def judged(path, x):
    """What ONNX Runtime gives for inputs x, a row for each row of them."""
    runtime = pytest.importorskip("onnxruntime")
    found = runtime.InferenceSession(str(path)).run(None, {"x": x.astype(np.float32)})[0]
    return found.reshape(-1, found.shape[-1])


WAYS = {
    "dynamo": {},
    "legacy": {"dynamo": False},
    "any steps": {"dynamo": False, "dynamic_axes": {"x": {0: "one", 1: "two"}}},
}
NETWORKS = {  # the module, and the shape of inputs with one sequence
    "a batch first": (lambda: Recurs(), (1, 6, 7)),
    "two layers": (lambda: Recurs(layers=2), (1, 6, 7)),
    "as many steps as units": (lambda: Recurs(layers=2, batch_first=False), (4, 1, 7)),
    "as many steps as inputs": (lambda: Recurs(viewed), (1, 7, 7)),
    "transposed": (lambda: Recurs(transposed, batch_first=False), (1, 6, 7)),
    "viewed": (lambda: Recurs(viewed), (1, 6, 7)),
}


def export(module, path, shape, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module.eval(), (torch.zeros(shape),), path, input_names=["x"], **options)
    return path


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("network", NETWORKS)
def test_what_torch_exports_is_equal(tmp_path, rng, network, way):
    make, shape = NETWORKS[network]
    path = export(make(), tmp_path / "net.onnx", shape, **WAYS[way])
    x = rng.normal(0, 2, shape)
    rows = x.reshape(-1, 7)
    model = from_onnx(path, example=rng.normal(0, 2, (50, 7)))
    np.testing.assert_allclose(model(rows), judged(path, x), atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_steps_without_a_batch(tmp_path, rng, way):
    options = {**WAYS[way], **({"dynamic_axes": {"x": {0: "one"}}} if way == "any steps" else {})}
    path = export(Recurs(), tmp_path / "net.onnx", (6, 7), **options)
    x = rng.normal(0, 2, (6, 7))
    np.testing.assert_allclose(from_onnx(path)(x), judged(path, x), atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("net", [Recurs, lambda: Recurs(viewed)])
def test_a_batch_of_several_holds_sequences(tmp_path, rng, net, way):
    path = export(net(), tmp_path / "net.onnx", (3, 6, 7), **WAYS[way])
    x = rng.normal(0, 2, (3, 6, 7))
    model = from_onnx(path, example=x)
    expected = judged(path, x).reshape(3, 6, 3)
    np.testing.assert_allclose([model(rows) for rows in x], expected, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_the_last_step_alone_is_refused(tmp_path, way):
    path = export(Recurs(last), tmp_path / "net.onnx", (1, 6, 7), **WAYS[way])
    with pytest.raises(ValueError, match="steps; expected a row for each"):
        from_onnx(path)


@pytest.fixture
def graph(rng):
    """Make a model of one GRU, of 7 inputs and 4 units, between "x" and "y"."""
    arrays = {
        "w": rng.normal(0, 0.5, (1, 12, 7)),
        "r": rng.normal(0, 0.5, (1, 12, 4)),
        "b": rng.normal(0, 0.5, (1, 24)),
        "zeros": np.zeros((1, 1, 4)),
        "ones": np.ones((1, 1, 4)),
    }
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()} | {
        "axis": np.array([1]),
        "length": np.array([6], np.int32),
        "row": np.array([-1, 4]),
    }

    def make(text, *, y="Squeeze g axis -> y", shape=("t", 1, 7), **attributes):
        attributes = {"hidden_size": 4, "linear_before_reset": 1, **attributes}
        nodes = [node(text, **attributes), node(y)]
        rank = 2 if "Reshape" in y else 3
        used = {name for made in nodes for name in made.input}
        body = helper.make_graph(
            nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, "abc"[:rank])],
            [numpy_helper.from_array(a, name) for name, a in arrays.items() if name in used],
        )
        imports = [helper.make_opsetid("", 21)]
        return helper.make_model(body, opset_imports=imports, ir_version=10)

    return make


GRAPHS = {
    "biases": ("GRU x w r b -> g", {}),
    "none": ("GRU x w r -> g", {}),
    "a state of zeros": ("GRU x w r b _ zeros -> g", {}),
    "the default activations, named": ("GRU x w r b -> g", {"activations": ["Sigmoid", "tanh"]}),
    "the default direction, named": ("GRU x w r b -> g", {"direction": "forward"}),
    "an unused last state": ("GRU x w r b -> g h", {}),
    "rows": ("GRU x w r b -> g", {"y": "Reshape g row -> y"}),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_each_graph_is_equal(tmp_path, rng, graph, case):
    text, options = GRAPHS[case]
    onnx.save(graph(text, **options), tmp_path / "net.onnx")
    model = from_onnx(tmp_path / "net.onnx")
    x = rng.normal(0, 2, (40, 7))
    assert model.activations == (LINEAR, RECURRENT)
    expected = judged(tmp_path / "net.onnx", x[:, None])
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


REFUSED = {
    "reset before": (
        "GRU x w r b -> g",
        {"linear_before_reset": 0},
        "linear_before_reset=0, as re",
    ),
    "reverse": ("GRU x w r b -> g", {"direction": "reverse"}, "backwards; expected direction=for"),
    "both": (
        "GRU x w r b -> g",
        {"direction": "bidirectional"},
        "backwards; expected direction=for",
    ),
    "clip": ("GRU x w r b -> g", {"clip": 3.0}, "has the parameters clip=3.0; expected none"),
    "relu": (
        "GRU x w r b -> g",
        {"activations": ["Sigmoid", "Relu"]},
        "activations sigmoid, relu;",
    ),
    "layout": ("GRU x w r b -> g", {"layout": 1}, "has the parameters layout=1; expected none"),
    "lengths": ("GRU x w r b length -> g", {}, "takes lengths of sequences .*; expected none"),
    "state": (
        "GRU x w r b _ ones -> g",
        {},
        "starts from a state that is not zero; expected an emp",
    ),
    "last state": (
        "GRU x w r b -> a g",
        {},
        "node 1 'net/y': its input 'g' is the last state of a",
    ),
    "last state as output": (
        "GRU x w r b -> _ y",
        {"y": "Identity w -> g"},
        "the output 'y' is the last",
    ),
    "one step": ("GRU x w r b -> g", {"shape": (1, 1, 7)}, "no output depends on rows before"),
    "LSTM": ("LSTM x w r -> g", {}, "LSTM keeps a state that no layer here has"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_graphs_are_refused(graph, case):
    text, options, message = REFUSED[case]
    model = graph(text, **options)
    if case == "LSTM":
        del model.graph.node[0].attribute[:]
    with pytest.raises(ValueError, match=message) as error:
        from_onnx(model)
    assert "\n" not in str(error.value)


def test_a_state_as_a_second_input_is_refused(graph):
    model = graph("GRU x w r b _ h -> g")
    model.graph.input.append(helper.make_tensor_value_info("h", TensorProto.FLOAT, (1, 1, 4)))
    with pytest.raises(ValueError, match=r"takes 2 inputs \(x, h\); expected 1, without a state"):
        from_onnx(model)


@pytest.mark.parametrize(
    ("sizes", "shape", "single"),
    [
        ((1, 6), (6, 1, 4), (1, 1, 4)),
        ((6, 1), (6, -1), (1, -1)),
        ((3, 6), (6, 3, 4), (1, 1, 4)),
        ((3, 6), (18, 7), (1, 7)),
        ((1, 7), (7, 1, 7), (1, 1, 7)),
        ((1, 7), (1, -1, 7), (1, -1, 7)),
        ((0, 0), (-1, 7), (-1, 7)),
    ],
)
def test_reshapes_for_one_step_keep_the_features(sizes, shape, single):
    body = helper.make_graph(
        [node("Reshape x shape -> y")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (*sizes, 7))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.array(shape), "shape")],
    )
    (found,) = one_step(helper.make_model(body), sizes).graph.initializer
    assert tuple(numpy_helper.to_array(found)) == single


def run(*arguments):
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def test_from_an_onnx_file_to_predictions(tmp_path, rng, monkeypatch):
    """The rows of a file are one sequence, on floats and on integers."""
    monkeypatch.chdir(tmp_path)
    module, x = Recurs(layers=2), rng.normal(0, 1, (100, 7))
    export(module, "net.onnx", (1, 6, 7))
    np.save("rows.npy", x)
    np.savetxt("rows.csv", x, delimiter=",")
    assert "GRU" in run("import", "net.onnx", "-o", "net.npz", "--example", "rows.npy")
    assert FloatModel.load("net.npz").activations.count(RECURRENT) == 2
    expected = module.double()(torch.from_numpy(x)).detach().numpy()
    for rows in ("rows.npy", "rows.csv"):
        run("predict", "net.npz", rows, "-o", "out.npy")
        np.testing.assert_allclose(np.load("out.npy"), expected, atol=1e-5)
    run("quantize", "net.npz", "-o", "four.npz", "--scheme", "kmeans")
    run("predict", "four.npz", "rows.npy", "-o", "four.npy", "--backend", "emu")
    assert np.std(np.load("four.npy") - expected) < 0.3 * expected.std()
