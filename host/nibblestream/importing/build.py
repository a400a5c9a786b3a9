"""Import of a network: read it, scale it, compare its outputs with those of the original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..network.float_model import FloatModel
from ..network.topology import INPUTS, check_topology
from .chain import Chain, Linear, fold
from .check import Original, check_end, check_equal
from .rescale import rescale

if TYPE_CHECKING:
    from torch import nn


def from_torch(
    module: nn.Module, *, features: str, head: str, gain_floor: float = 0.0, name: str = "imported"
) -> FloatModel:
    """Import a PyTorch network with its behaviour in evaluation mode.

    Linear and ReLU become layers. Batch normalisation before or after a Linear is folded into it.
    Dropout, Identity and Flatten are skipped. An activation after the last Linear is allowed if the
    head applies it anyway, such as a clamp to [0, 1] for a gain. Weights or biases beyond +-1 are
    scaled by powers of two.

    Parameters
    ----------
    module : torch.nn.Module
        1032 inputs (8 frames of 129 bins, oldest first) to 129 outputs; `nn.Sequential`, or any
        module that `torch.fx.symbolic_trace` can trace. It is not modified.
    features : {"log2", "magnitude"}
        Input features that the network was trained on.
    head : {"gain", "magnitude"}
        Meaning of the outputs: a gain on the noisy magnitude, or the enhanced magnitude.
    gain_floor : float
        Smallest gain, 0 to 1.
    name : str
        Name of the model.

    Returns
    -------
    FloatModel
        Its outputs were checked to equal the module's within float32 rounding.

    Raises
    ------
    TypeError
        `module` is not a torch.nn.Module.
    ValueError
        The network is not supported; the message names the layer and its position.

    Examples
    --------
    >>> from torch import nn
    >>> from nibblestream import Enhancer, quantize
    >>> layers = nn.Linear(1032, 512), nn.ReLU(), nn.Linear(512, 512), nn.Linear(512, 129)
    >>> model = from_torch(nn.Sequential(*layers), features="log2", head="gain", gain_floor=0.1)
    >>> with Enhancer(quantize(model, "kmeans", bits=3)) as enhancer:
    ...     clean = enhancer.enhance(np.zeros(8000), 8000)
    >>> clean.shape
    (8000,)
    """
    from . import pytorch

    origin = {"imported": f"PyTorch {type(module).__name__}"}
    chain = fold(pytorch.steps(module))
    return _build(chain, pytorch.original(module), name, features, head, gain_floor, origin)


def from_onnx(
    path: str | Path, *, features: str, head: str, gain_floor: float = 0.0, name: str = ""
) -> FloatModel:
    """Import an ONNX network, under the same conditions as `from_torch`.

    Gemm, or MatMul and Add, with constant weights become layers.

    Parameters
    ----------
    path : path
        ONNX file with weights in float64, float32 or float16.
    features, head, gain_floor
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

    path = Path(path)
    graph = onnx_graph.load(path)
    try:
        chain = fold(onnx_graph.steps(graph))
        original, origin = onnx_graph.original(graph), {"imported": path.name}
        return _build(chain, original, name or path.stem, features, head, gain_floor, origin)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _build(
    chain: Chain,
    original: Original,
    name: str,
    features: str,
    head: str,
    gain_floor: float,
    origin: dict[str, Any],
) -> FloatModel:
    _check_widths(chain.layers, features, head)
    layers = rescale(chain.layers)
    model = FloatModel(
        name=name,
        weights=tuple(layer.weights.astype(np.float32) for layer in layers),
        biases=tuple(layer.bias.astype(np.float32) for layer in layers),
        features=features,
        head=head,
        gain_floor=gain_floor,
        training=origin,
        relu=chain.relu,
    )
    check_end(model, chain.end)
    check_equal(model, chain.end, original)
    return model


def _check_widths(layers: tuple[Linear, ...], features: str, head: str) -> None:
    try:
        check_topology([layer.weights.shape for layer in layers], features, head)
    except ValueError as error:
        found = ", ".join(
            f"{layer.where}: {layer.weights.shape[1]} -> {layer.weights.shape[0]}"
            for layer in layers
        )
        raise ValueError(
            f"{error}; a network takes 8 frames of 129 bins ({INPUTS} inputs, oldest frame first) "
            f"and gives 129 outputs. Found {found}"
        ) from error
