"""Networks from Keras, on its PyTorch backend: the same outputs, or refused by the layer's name."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest

os.environ["KERAS_BACKEND"] = "torch"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras")
layers = keras.layers

from nibblestream import quantize  # noqa: E402
from nibblestream.importing import from_keras  # noqa: E402
from nibblestream.network.front import Plain  # noqa: E402

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"),
]

EQUAL = ""


def adapted():
    """A Normalization with statistics of its own."""
    layer = layers.Normalization()
    layer.adapt(np.random.default_rng(1).normal(1, 3, (50, 6)).astype(np.float32))
    return layer


def moved():
    """A BatchNormalization with statistics and scales of its own."""
    layer = layers.BatchNormalization()
    layer.build((None, 5))
    rng = np.random.default_rng(2)
    layer.set_weights([rng.uniform(0.5, 1, 5) for _ in range(4)])
    return layer


def stack(*middle, inputs=(6,)):
    return keras.Sequential([keras.Input(inputs), *middle, layers.Dense(3)])


def functional(way):
    entry = keras.Input((6,))
    return keras.Model(entry, way(entry))


def dense(*args, **options):
    return layers.Dense(5, *args, **options)


CASES = {
    "Dense": (lambda: stack(dense("relu"), dense("tanh"), dense("sigmoid")), EQUAL),
    "no bias": (lambda: stack(dense("relu", use_bias=False)), EQUAL),
    "Normalization": (lambda: stack(adapted(), dense("relu")), EQUAL),
    "BatchNormalization": (
        lambda: stack(dense(), moved(), layers.ReLU(), layers.Dropout(0.5)),
        EQUAL,
    ),
    "Rescaling": (lambda: stack(layers.Rescaling(1 / 255, offset=-0.5), dense("relu6")), EQUAL),
    "Activation": (lambda: stack(dense(), layers.Activation("hard_sigmoid")), EQUAL),
    "hard_tanh": (lambda: stack(dense("hard_tanh")), EQUAL),
    "ReLU of 6": (lambda: stack(dense(), layers.ReLU(6.0)), EQUAL),
    "ReLU with a slope": (lambda: stack(dense(), layers.ReLU(negative_slope=0.25)), EQUAL),
    "LeakyReLU": (lambda: stack(dense(), layers.LeakyReLU(negative_slope=0.125)), EQUAL),
    "Flatten": (lambda: stack(layers.Flatten(), dense("relu"), inputs=(2, 4)), EQUAL),
    "Reshape": (lambda: stack(layers.Reshape((8,)), dense("relu"), inputs=(2, 4)), EQUAL),
    "a model in a model": (lambda: stack(stack(dense("relu")), dense("relu")), EQUAL),
    "functional": (lambda: functional(lambda x: dense("relu")(dense("relu")(x))), EQUAL),
    "softmax": (lambda: stack(dense("softmax")), r"layer 0 '.*' \(Dense\): .*softmax .* remove it"),
    "Softmax": (lambda: stack(layers.Softmax()), "Softmax .* remove it"),
    "gelu": (lambda: stack(dense("gelu")), "activation gelu is not supported"),
    "leaky_relu": (lambda: stack(dense("leaky_relu")), "slope 0.2; .* power of two"),
    "a ReLU from 1 on": (lambda: stack(layers.ReLU(threshold=1.0)), "a ReLU with threshold 1"),
    "LayerNormalization": (lambda: stack(layers.LayerNormalization()), "normalises by stat"),
    "Conv1D": (
        lambda: stack(layers.Conv1D(2, 2), layers.Flatten(), inputs=(4, 2)),
        "Conv1D shares",
    ),
    "a branch": (lambda: functional(lambda x: layers.Add()([x, layers.Dense(6)(x)])), "Add is"),
    "a slice": (lambda: functional(lambda x: dense()(x)[:, :2]), "GetItem is not supported"),
    "no inputs": (
        lambda: keras.Sequential([layers.Dense(3)]),
        "start it with keras.Input, or call",
    ),
    "two outputs": (lambda: functional(lambda x: [dense()(x), dense()(x)]), "and one output"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_model_is_equal_or_refused(rng, case):
    make, refusal = CASES[case]
    network = make()
    if refusal:
        with pytest.raises(ValueError, match=refusal) as error:
            from_keras(network)
        assert "\n" not in str(error.value)
        return
    model = from_keras(network)
    assert (model.name, model.training) == (network.name, {"imported": "Keras"})
    x = rng.uniform(-2, 2, (9, model.inputs)).astype(np.float32)
    expected = network.predict_on_batch(x.reshape(9, *network.input_shape[1:]))
    np.testing.assert_allclose(model(x.astype(np.float64)), expected, rtol=1e-5, atol=1e-4)
    quantize(model)


def test_examples(rng):
    rows = rng.uniform(0, 3, (20, 2, 4))
    model = from_keras(stack(layers.Flatten(), dense("relu"), inputs=(2, 4)), example=rows)
    assert model.front == Plain.seen(rows.reshape(20, 8))


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match=r"found a str; .*: net\.keras is a Keras file: load"):
        from_keras("net.keras")
    with pytest.raises(TypeError, match=r"found a Dense; expected a Keras model$"):
        from_keras(dense())
