"""Import of a network: read it, equalise it, compare its outputs with those of the original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..network.float_model import FloatModel
from ..network.front import Front, Plain
from .chain import Layer
from .check import Original, check_equal
from .equalise import equalise
from .refusal import first_line

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn
    from torch.export import ExportedProgram

Float = npt.NDArray[np.float64]


def from_torch(
    module: nn.Module | ExportedProgram,
    *,
    front: Front | None = None,
    example: Any = None,
    name: str = "imported",
) -> FloatModel:
    """Import a PyTorch network with its behaviour in evaluation mode.

    It is exported by `torch.export`. Whatever scales, shifts or rearranges values by constants is
    folded into fully connected layers, so it does not matter whether a network uses modules,
    functions or parameters. Activations are ReLU, ReLU6, Hardtanh and other clips, LeakyReLU with
    a power of two as slope, Sigmoid, Tanh and Hardsigmoid. Each layer of a ``nn.GRU`` becomes two;
    such a network gives the outputs of all steps of a sequence, which starts from an empty state.

    Parameters
    ----------
    module : torch.nn.Module or torch.export.ExportedProgram
        Also scripted, traced, compiled or wrapped in DataParallel; on any device, in any float
        type. It is not modified. The first dimension of inputs is the batch; with a GRU, inputs
        are (time, features), (batch, time, features) or (time, batch, features).
    front : Front, optional
        What comes before and after the network; by default `Plain`.
    example : array_like (n, ...), optional
        Inputs, for which outputs are compared, too. They tell the shape of inputs, which is
        otherwise taken from the weights, and, if there is no `front`, their largest magnitude.
        With a GRU, they are one sequence (time, features), or what the module takes.
    name : str
        Name of the model.

    Returns
    -------
    FloatModel
        Its outputs were checked to equal the module's within float32 rounding. Hidden units may be
        scaled by powers of two.

    Raises
    ------
    TypeError
        `module` is not a network, but a path or a state_dict, say.
    ValueError
        The network is not supported; the message names the step and what to do.

    Examples
    --------
    >>> from torch import nn
    >>> from nibblestream import quantize
    >>> layers = nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10)
    >>> digits = np.random.default_rng(0).uniform(0, 16, (100, 8, 8))
    >>> model = from_torch(nn.Sequential(*layers), example=digits)
    >>> model.inputs, model.outputs, max(model.front.reach) <= 2 * digits.max()
    (64, 10, True)
    >>> [layer.shape for layer in quantize(model).layers]
    [(32, 64), (10, 32)]
    """
    from . import torch_module

    rows = None if example is None else _rows(example)
    layers, original = torch_module.read(module, None if rows is None else rows.shape[1:])
    return _model(layers, original, front, rows, name, f"PyTorch {type(module).__name__}")


def from_onnx(
    network: str | Path | ModelProto,
    *,
    front: Front | None = None,
    example: Any = None,
    name: str = "",
) -> FloatModel:
    """Import an ONNX network, under the same conditions as `from_torch`.

    Parameters
    ----------
    network : path or onnx.ModelProto
        ONNX file, with external data beside it if there are any, or the model in memory. Weights
        may have any float type, or integers that DequantizeLinear converts. The first dimension of
        the input is the batch; with a GRU, see `from_torch`.
    front, example
        As for `from_torch`.
    name : str
        Name of the model; by default the stem of the file's name.

    Returns
    -------
    FloatModel

    Raises
    ------
    FileNotFoundError
        The file does not exist.
    ValueError
        It is not an ONNX file, or the network is not supported; the message names the node.
    """
    from . import onnx_graph

    path = Path(network) if isinstance(network, (str, Path)) else None
    rows = None if example is None else _rows(example)
    graph = onnx_graph.load(path or network)
    try:
        layers, original = onnx_graph.read(graph, None if rows is None else rows.shape[1:])
        origin = "ONNX" if path is None else path.name
        stem = "imported" if path is None else path.stem
        return _model(layers, original, front, rows, name or stem, origin)
    except ValueError as error:
        raise ValueError(f"{path}: {error}" if path else str(error)) from error
    except Exception as error:  # of many kinds, for graphs that contradict themselves
        raise ValueError(
            f"{path or 'the model'}: damaged, or of a kind that the onnx package cannot evaluate: "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error


def from_keras(
    network: Any, *, front: Front | None = None, example: Any = None, name: str = ""
) -> FloatModel:
    """Import a Keras network: a chain of layers, Sequential or functional.

    Dense, BatchNormalization, Normalization, Rescaling, Activation, ReLU, LeakyReLU, Dropout,
    Flatten and Reshape are read. For other layers, write ONNX with
    ``network.export("net.onnx", format="onnx")`` and call `from_onnx`.

    Parameters
    ----------
    network : keras.Model
        With any backend; Keras is not imported here.
    front, example
        As for `from_torch`.
    name : str
        Name of the model; by default the network's.

    Returns
    -------
    FloatModel

    Raises
    ------
    TypeError
        `network` is not a Keras model.
    ValueError
        A layer is not supported; the message names it.
    """
    from . import keras_layers

    rows = None if example is None else _rows(example)
    layers, original = keras_layers.read(network)
    return _model(layers, original, front, rows, name or network.name, "Keras")


def from_sklearn(
    estimator: Any, *, front: Front | None = None, example: Any = None, name: str = "imported"
) -> FloatModel:
    """Import a network from scikit-learn: `MLPClassifier` or `MLPRegressor`, or a pipeline to one.

    Scalers and other affine steps of a `Pipeline`, such as PCA, are folded into the first layer.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor or Pipeline
        It must be fitted.
    front, example
        As for `from_torch`. Pass raw inputs of the pipeline as `example`, as their range matters.
    name : str
        Name of the model.

    Returns
    -------
    FloatModel
        A regressor's outputs are its predictions. A classifier's are one probability for two
        classes, and for more classes what the softmax is taken of: the largest output is the
        predicted class.

    Raises
    ------
    TypeError
        `estimator` is another kind of estimator.
    ValueError
        It is not fitted, or a step of the pipeline is not affine.
    """
    from . import scikit_learn

    rows = None if example is None else _rows(example)
    layers, original = scikit_learn.read(estimator)
    origin = f"scikit-learn {type(estimator).__name__}"
    return _model(layers, original, front, rows, name, origin)


def _rows(example: Any) -> Float:
    """Return examples of inputs as float64 (n, ...)."""
    try:
        rows = np.asarray(example, np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"example: {first_line(error)}; expected numbers (n, inputs)") from error
    if rows.ndim < 2 or not rows.size or not np.isfinite(rows).all():
        raise ValueError(
            f"example has the shape {rows.shape}, or NaN; expected (n, inputs), all finite"
        )
    return rows


def _model(
    layers: Sequence[Layer],
    original: Original,
    front: Front | None,
    example: Float | None,
    name: str,
    origin: str,
) -> FloatModel:
    equal = equalise(layers)
    sequences = [] if example is None else original.sequences(example)
    rows = np.concatenate(sequences) if sequences else None
    inputs = equal[0].weights.shape[1]
    if rows is not None and rows.shape[1] != inputs:
        raise ValueError(f"example has {rows.shape[1]} inputs a row; the network takes {inputs}")
    if front is None:
        front = Plain() if rows is None else Plain.seen(rows)
    model = FloatModel(
        name=name,
        weights=tuple(layer.weights.astype(np.float32) for layer in equal),
        biases=tuple(layer.bias.astype(np.float32) for layer in equal),
        front=front,
        training={"imported": origin},
        activations=tuple(layer.activation for layer in equal),
        scaled=True,
    )
    check_equal(model, original, sequences)
    return model
