"""Reading of Keras layers by their class names; Keras itself is not imported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.activation import SIGMOID, TANH
from .affine import Affine
from .chain import Chain, Layer
from .check import FLOAT32, Original
from .normalise import batch_norm
from .refusal import advice, first_line, unsupported

Float = npt.NDArray[np.float64]

_NOTHING = """
    ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise Identity InputLayer
"""
NOTHING = frozenset(_NOTHING.split())


def read(network: Any) -> tuple[tuple[Layer, ...], Original]:
    """Return the layers of a Keras model, and the model to compare them with.

    Raises
    ------
    TypeError
        It is not a Keras model.
    ValueError
        A layer is not supported; the message names it.
    """
    if not hasattr(network, "layers") or not hasattr(network, "predict_on_batch"):
        hint = advice(network) if isinstance(network, str) else None
        found = f"found a {type(network).__name__}; expected a Keras model"
        raise TypeError(found if hint is None else f"{found}: {hint}")
    shape = getattr(network, "input_shape", None)
    known = isinstance(shape, tuple) and None not in shape[1:]
    if shape is None or not known or len(getattr(network, "outputs", ())) != 1:
        raise ValueError(
            f"the model's inputs have the shape {shape}; expected one input of a known shape, and "
            "one output: start it with keras.Input, or call it once"
        )
    chain = Chain()
    x = chain.start((1, *shape[1:]))
    for number, layer in enumerate(_flat(network)):
        try:
            x = _computed(chain, layer, x)
        except Exception as error:  # NumPy's, where shapes do not fit
            kind = type(layer).__name__
            raise ValueError(
                f"layer {number} {layer.name!r} ({kind}): {first_line(error)}"
            ) from error
    return chain.finish(x), Original(_run(network, shape[1:]), FLOAT32)


def _run(network: Any, shape: tuple[int, ...]) -> Callable[[Float], Float]:
    def run(x: Float) -> Float:
        found = network.predict_on_batch(x.reshape(-1, *shape).astype(np.float32))
        return np.asarray(found, np.float64).reshape(len(x), -1)

    return run


def _flat(network: Any) -> Iterator[Any]:
    """Yield the layers of a model and of models in it, in order, and operations between them."""
    for layer in getattr(network, "operations", network.layers):
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        else:
            yield layer


def _computed(chain: Chain, layer: Any, x: Affine) -> Affine:
    kind = type(layer).__name__
    if kind in NOTHING:
        return x
    if kind not in _LAYERS:
        raise unsupported(kind)
    return _LAYERS[kind](chain, layer, x)


def _dense(chain: Chain, layer: Any, x: Affine) -> Affine:
    kernel, *bias = (np.asarray(array, np.float64) for array in layer.get_weights())
    x = chain.product(x, kernel)
    return _activation(chain, layer, x + bias[0] if bias else x)


def _activation(chain: Chain, layer: Any, x: Affine) -> Affine:
    name = getattr(layer.activation, "__name__", type(layer.activation).__name__)
    if name not in _ACTIVATIONS:
        raise unsupported(f"activation {name}")
    return _ACTIVATIONS[name](chain, x)


def _relu(chain: Chain, layer: Any, x: Affine) -> Affine:
    config = layer.get_config()
    if config.get("threshold"):
        raise unsupported(f"a ReLU with threshold {config['threshold']:g}")
    highest = config.get("max_value")
    if config.get("negative_slope"):
        x = chain.leaky(x, config["negative_slope"])
        return x if highest is None else chain.clip(x, high=highest)
    return chain.clip(x, 0, highest)


def _leaky(chain: Chain, layer: Any, x: Affine) -> Affine:
    config = layer.get_config()
    return chain.leaky(x, config.get("negative_slope", config.get("alpha", math.nan)))


def _batch_norm(chain: Chain, layer: Any, x: Affine) -> Affine:
    values = {
        name: None if getattr(layer, name) is None else _array(getattr(layer, name))
        for name in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    if len(x.shape) != 2:
        raise ValueError(f"acts on inputs of shape {x.shape[1:]}; expected it after a Flatten")
    scale, shift, mean, variance = values.values()
    return batch_norm(x, scale, shift, mean, variance, layer.epsilon)


def _normalization(chain: Chain, layer: Any, x: Affine) -> Affine:
    deviation = np.maximum(np.sqrt(_array(layer.variance)), 1e-7)  # keras.config.epsilon()
    if layer.get_config().get("invert"):
        return x * deviation + _array(layer.mean)
    return (x - _array(layer.mean)) / deviation


def _reshape(chain: Chain, layer: Any, x: Affine) -> Affine:
    return x.moved(x.positions().reshape(1, *getattr(layer, "target_shape", (-1,))))


def _array(variable: Any) -> Float:
    return np.asarray(variable.numpy() if hasattr(variable, "numpy") else variable, np.float64)


_ACTIVATIONS: dict[str, Callable[[Chain, Affine], Affine]] = {
    "hard_sigmoid": lambda chain, x: chain.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda chain, x: chain.clip(x, -1, 1),
    "leaky_relu": lambda chain, x: chain.leaky(x, 0.2),
    "linear": lambda chain, x: x,
    "relu": lambda chain, x: chain.clip(x, 0),
    "relu6": lambda chain, x: chain.clip(x, 0, 6),
    "sigmoid": lambda chain, x: chain.activate(x, SIGMOID),
    "tanh": lambda chain, x: chain.activate(x, TANH),
}

_LAYERS: dict[str, Callable[[Chain, Any, Affine], Affine]] = {
    "Activation": _activation,
    "BatchNormalization": _batch_norm,
    "Dense": _dense,
    "Flatten": _reshape,
    "LeakyReLU": _leaky,
    "Normalization": _normalization,
    "ReLU": _relu,
    "Rescaling": lambda chain, layer, x: x * np.asarray(layer.scale) + np.asarray(layer.offset),
    "Reshape": _reshape,
}
