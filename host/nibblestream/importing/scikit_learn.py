"""Reading of scikit-learn's fitted networks, and of pipelines of affine steps to one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..network.activation import LINEAR, RELU, SIGMOID, TANH
from .affine import Affine
from .chain import Chain, Layer
from .check import ROWS, Original
from .refusal import first_line, unsupported

Float = npt.NDArray[np.float64]

ACTIVATIONS = {
    "identity": LINEAR,
    "relu": RELU,
    "logistic": SIGMOID,
    "tanh": TANH,
    "softmax": LINEAR,  # of the outputs; the largest is the same without it
}
ROUNDING = 1e-9  # of a step's outputs, relative to the largest


def read(estimator: Any) -> tuple[tuple[Layer, ...], Original]:
    """Return the layers of a network or of a pipeline to one, and the original.

    Raises
    ------
    TypeError
        It is not a network or a pipeline to one.
    ValueError
        It is not fitted, or a step before the network is not affine.
    """
    *before, network = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    if not hasattr(network, "hidden_layer_sizes"):
        raise TypeError(
            f"found a {type(network).__name__}; expected an MLPClassifier or MLPRegressor, or a "
            "Pipeline that ends with one"
        )
    if not hasattr(network, "coefs_"):
        raise ValueError(f"the {type(network).__name__} is not fitted; call its fit first")
    chain = Chain()
    affine = [step for step in before if step is not None and step != "passthrough"]
    inputs = getattr(estimator, "n_features_in_", None)
    if inputs is None:
        raise ValueError("the first step does not tell its number of features; fit it again")
    x = chain.start((1, inputs))
    for step in affine:
        x = _transformed(step, x)
    return _layers(chain, network, x), _original(estimator, network, affine)


def _layers(chain: Chain, network: Any, x: Affine) -> tuple[Layer, ...]:
    kinds = [network.activation] * (len(network.coefs_) - 1) + [network.out_activation_]
    for weights, bias, kind in zip(network.coefs_, network.intercepts_, kinds, strict=True):
        if kind not in ACTIVATIONS:
            raise unsupported(f"{type(network).__name__}'s activation {kind!r}")
        x = chain.product(x, weights) + bias
        if ACTIVATIONS[kind] != LINEAR:
            x = chain.activate(x, ACTIVATIONS[kind])
    return chain.finish(x)


def _transformed(step: Any, x: Affine) -> Affine:
    """Return the values after an affine step, which is found from its outputs.

    Raises
    ------
    ValueError
        The step is not affine.
    """
    width = x.shape[-1]
    transform = _transform(step)
    offset = transform(np.zeros((1, width)))
    slope = transform(np.eye(width)) - offset
    rows = np.random.default_rng(0).normal(0, 3, (ROWS, width))
    found = transform(rows)
    if np.abs(rows @ slope + offset - found).max() > ROUNDING * max(1.0, np.abs(found).max()):
        raise ValueError(
            f"{type(step).__name__} is not affine, so it cannot be folded into a layer; expected "
            "steps such as StandardScaler, MinMaxScaler or PCA, and others outside the pipeline"
        )
    folded: Affine = x @ slope
    return folded.__add__(offset[0])


def _transform(step: Any) -> Callable[[Float], Float]:
    def transform(rows: Float) -> Float:
        try:
            with warnings.catch_warnings():  # rows have no names of features
                warnings.simplefilter("ignore")
                return np.asarray(step.transform(rows), np.float64)
        except Exception as error:  # scikit-learn's own, or another library's
            raise ValueError(
                f"{type(step).__name__} fails on rows of numbers: {first_line(error)}"
            ) from error

    return transform


def _original(estimator: Any, network: Any, before: Sequence[Any]) -> Original:
    classifier = hasattr(network, "classes_")

    def run(x: Float) -> Float:
        for step in before:
            x = _transform(step)(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = network.predict_proba(x) if classifier else network.predict(x)
        if classifier and network.n_outputs_ == 1:  # predict_proba has 1 - p beside p
            found = found[:, 1]
        return np.asarray(found, np.float64).reshape(len(x), -1)

    return Original(run, softmax=network.out_activation_ == "softmax")
