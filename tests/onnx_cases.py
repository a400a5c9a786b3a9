"""ONNX graphs, and whether each is imported or how it is refused."""

from __future__ import annotations

from onnx import TensorProto, helper

EQUAL = ""  # the mark of a graph that is imported


def node(text, **attributes):
    """Make a node of "Kind input input -> output"."""
    kind, *inputs = text.split(" -> ")[0].split()
    output = text.split(" -> ")[1]
    inputs = ["" if name == "_" else name for name in inputs]
    return helper.make_node(kind, inputs, output.split(), f"net/{output}", **attributes)


def chain(*middle, **attributes):
    """Make nodes of a layer from "x", steps of its six values from "a" on, and a layer to "y"."""
    given, nodes = "a", [node("Gemm x w1 b1 -> a")]
    for i, text in enumerate(middle):
        nodes.append(node(f"{text.replace('*', given)} -> s{i}", **attributes))
        given = f"s{i}"
    return [*nodes, node(f"MatMul {given} w2 -> z"), node("Add b2 z -> y")]


CASES = {
    # name: the nodes, and "" or what the refusal says
    "Gemm, MatMul and Add": (chain("Relu *"), EQUAL),
    "Gemm's parameters": (
        [node("Gemm x half_t b1 -> y", transB=1, alpha=0.5, beta=1.5)],
        EQUAL,
    ),
    "Gemm without a bias": ([node("Gemm x w1 -> y", alpha=0.75)], EQUAL),
    "what changes nothing": (chain("Identity *", "Dropout *", "Reshape * sixes"), EQUAL),
    "Flatten": ([node("Flatten x -> f"), node("MatMul f w1 -> y")], EQUAL),
    "constant Mul": (chain("Mul * row", "Relu *"), EQUAL),
    "constant Sub": (chain("Sub * gain", "Relu *", "Sub f2.0 *"), EQUAL),
    "constant Div": (chain("Relu *", "Div * gain"), EQUAL),
    "Neg, Sum": (chain("Relu *", "Neg *", "Sum * gain row"), EQUAL),
    "Mul before": ([node("Mul x f0.25 -> m"), node("MatMul m w1 -> y")], EQUAL),
    "Cast of a value": (chain("Cast *", to=TensorProto.FLOAT), EQUAL),
    "Transpose of a weight": (
        [node("Transpose w8 -> t"), node("MatMul x t -> y")],
        EQUAL,
    ),
    "Cast and Transpose of a weight": (
        [
            node("Cast half -> c", to=TensorProto.FLOAT),
            node("Transpose c -> t", perm=[1, 0]),
            node("MatMul x t -> y"),
        ],
        EQUAL,
    ),
    "a scaled weight": ([node("Mul w1 row -> m"), node("MatMul x m -> y")], EQUAL),
    "weights first": (
        [
            node("Transpose x -> t"),
            node("MatMul w8 t -> m"),
            node("Relu m -> r"),
            node("Transpose r -> y"),
        ],
        EQUAL,
    ),
    "Gemm of a transpose": (
        [node("Transpose x -> t"), node("Gemm t w1 b1 -> y", transA=1)],
        EQUAL,
    ),
    "ReLU as Max": (chain("Max * f0.0"), EQUAL),
    "ReLU6 as Max and Min": (chain("Max f0.0 *", "Min * f6.0"), EQUAL),
    "LeakyRelu": (chain("LeakyRelu *", alpha=0.125), EQUAL),
    "PRelu": (chain("PRelu * f0.25"), EQUAL),
    "Sigmoid": (chain("Sigmoid *"), EQUAL),
    "Tanh": (chain("Tanh *"), EQUAL),
    "HardSigmoid": (chain("HardSigmoid *"), EQUAL),
    "HardSigmoid's parameters": (chain("HardSigmoid *", alpha=0.5, beta=0.25), EQUAL),
    "Clip": (chain("Clip * f-1.0 f0.5"), EQUAL),
    "Clip below": (chain("Clip * f0.25"), EQUAL),
    "Clip above": (chain("Clip * _ f0.5"), EQUAL),
    "BatchNormalization": (
        chain("BatchNormalization * gain shift mean variance", "Relu *"),
        EQUAL,
    ),
    "Unsqueeze and Squeeze": (chain("Unsqueeze * axes", "Squeeze * axes"), EQUAL),
    "Slice and Gather": (
        [
            node("Slice x start end axes -> s"),
            node("Gather x evens -> g", axis=1),
            node("Add s g -> y"),
        ],
        EQUAL,
    ),
    "a computed shape": (
        [
            node("Shape x -> s"),
            node("Gather s zero -> n", axis=0),
            node("Unsqueeze n zero1 -> u"),
            node("Concat u minus -> c", axis=0),
            node("Reshape x c -> r"),
            node("MatMul r w1 -> y"),
        ],
        EQUAL,
    ),
    "Constant nodes": (
        [
            node("Constant -> k", value_float=0.5),
            node("Mul x k -> m"),
            node("MatMul m w1 -> y"),
        ],
        EQUAL,
    ),
    "shared constants through Identity": (
        [
            node("Identity b1 -> same"),
            node("Gemm x w1 same -> a"),
            node("Relu a -> b"),
            node("Add b same -> y"),
        ],
        EQUAL,
    ),
    "quantized weights": (
        [node("DequantizeLinear codes scale whole -> d"), node("MatMul x d -> y")],
        EQUAL,
    ),
    "quantized weights by channel": (
        [node("DequantizeLinear codes scales wholes -> d", axis=1), node("MatMul x d -> y")],
        EQUAL,
    ),
    "weights that are quantized": (
        [
            node("QuantizeLinear w1 scale whole -> q"),
            node("DequantizeLinear q scale whole -> d"),
            node("MatMul x d -> y"),
        ],
        EQUAL,
    ),
    "bfloat16 weights": (
        [node("Cast brain -> c", to=TensorProto.FLOAT), node("MatMul x c -> y")],
        EQUAL,
    ),
    "quantized values": (
        [
            node("QuantizeLinear x scale whole -> q"),
            node("DequantizeLinear q scale whole -> d"),
            node("MatMul d w1 -> y"),
        ],
        "node 0 'net/q': QuantizeLinear quantizes computed values; export the network without",
    ),
    "Softmax": ([node("MatMul x w1 -> m"), node("Softmax m -> y")], "node 1 .* remove it"),
    "LayerNormalization": (chain("LayerNormalization * gain shift"), "normalises by statistics"),
    "Gelu": (chain("Gelu *"), "node 1 'net/s0': Gelu is not supported; expected fully connected"),
    "LeakyRelu of 0.01": (chain("LeakyRelu *"), "slope 0.01; .* for example 1/64 or 1/128"),
    "PRelu by units": (chain("PRelu * slopes"), "from 0.25 to 0.5; expected the same for all"),
    "Cast to integers": (chain("Cast *", to=TensorProto.INT32), "Cast to integers is not supp"),
    "a residual connection": (chain("Relu *", "Add * a"), "node 2 'net/s1': adds values from"),
    "a product of values": (chain("Mul * *"), "multiplies two computed values"),
    "a Max of values": (
        [node("Neg x -> n"), node("Max x n -> y")],
        "node 1 'net/y': takes several computed values",
    ),
    "branches joined": ([node("Concat x x -> y", axis=1)], "Concat joins branches"),
    "a batch of rows": ([node("Reshape x threes -> y")], "node 0 'net/y': "),
    "sums over rows": ([node("ReduceMean x -> y")], "ReduceMean is not supported"),
    "two inputs": ([node("Add x x2 -> y")], r"takes 2 inputs \(x, x2\); expected 1"),
    "no inputs": ([node("Relu w1 -> y")], "takes 0 inputs|do not depend on the inputs"),
}
