"""A network of another framework to a float model: read, scaled, checked against the original."""

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
    """Import a PyTorch network as it computes in evaluation mode.

    Linear and ReLU make the layers; batch normalisation beside a Linear is folded into it; Dropout,
    Identity and Flatten are passed over; at the very end, what the head does anyway (a clamp to
    [0, 1] before a gain) may stand. Weights or biases beyond +-1 are scaled by powers of two.

    Parameters
    ----------
    module : torch.nn.Module
        1032 inputs (8 frames of 129 bins, oldest first) to 129 outputs; `nn.Sequential`, or
        anything that `torch.fx.symbolic_trace` follows. It is left as it is.
    features : {"log2", "magnitude"}
        What the network was trained to see.
    head : {"gain", "magnitude"}
        What its outputs mean: a gain on the noisy magnitude, or the enhanced magnitude.
    gain_floor : float
        Smallest gain, 0 to 1.
    name : str
        Of the model.

    Returns
    -------
    FloatModel
        Its outputs equal the module's within float32's rounding, as was checked.

    Raises
    ------
    TypeError
        It is no module.
    ValueError
        Something in the network cannot run here; it is named with its place.

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
    return _built(chain, pytorch.original(module), name, features, head, gain_floor, origin)


def from_onnx(
    path: str | Path, *, features: str, head: str, gain_floor: float = 0.0, name: str = ""
) -> FloatModel:
    """Import an ONNX network; takes and refuses what `from_torch` does.

    Gemm, or MatMul and Add, with constant weights make the layers.

    Parameters
    ----------
    path : path
        Weights in float64, float32 or float16.
    features, head, gain_floor
        As for `from_torch`.
    name : str
        Of the model; the file's stem, if not given.

    Returns
    -------
    FloatModel

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is no ONNX file, or something in the network cannot run here; it is named.
    """
    from . import onnx_graph

    path = Path(path)
    graph = onnx_graph.load(path)
    try:
        chain = fold(onnx_graph.steps(graph))
        original, origin = onnx_graph.original(graph), {"imported": path.name}
        return _built(chain, original, name or path.stem, features, head, gain_floor, origin)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _built(
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
            f"{error}; a network sees 8 frames of 129 bins, {INPUTS} inputs with the oldest frame "
            f"first, and gives 129 outputs. Found {found}"
        ) from error
