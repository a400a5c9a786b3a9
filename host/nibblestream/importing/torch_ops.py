"""What PyTorch's operations (`torch.ops.aten`) do to `Affine` values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..network.activation import SIGMOID, TANH
from .affine import Affine
from .chain import Chain
from .gru import check_state, gru
from .normalise import batch_norm
from .refusal import unsupported

Float = npt.NDArray[np.float64]

# Operations that move elements, or copy them.
_MOVES = """
    alias broadcast_to chunk clone contiguous detach expand flatten flip index index_select
    lift_fresh_copy movedim narrow numpy_T permute repeat reshape roll select slice split
    split_with_sizes squeeze t tile transpose unbind unflatten unsqueeze view _unsafe_view
"""
MOVES = frozenset(_MOVES.split())
# Operations that only check something.
NOTHING = frozenset({"_assert_tensor_metadata"})


def kept(tensor: torch.Tensor) -> Float:
    """Return a constant as float64."""
    return np.asarray(tensor.detach().to(torch.float64).numpy())


def _linear(chain: Chain, x: Any, weights: Any, bias: Any = 0.0) -> Any:
    if isinstance(weights, Affine):
        raise ValueError("multiplies by computed weights; expected constants")
    return chain.product(x, weights.T) + (0.0 if bias is None else bias)


def _addmm(chain: Chain, bias: Any, x: Any, y: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return chain.product(x, y) * alpha + bias * beta


def _divide(chain: Chain, x: Any, y: Any, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is not None:
        raise unsupported(f"division rounded by {rounding_mode}")
    return x / y


def _batch_norm(chain: Chain, x: Affine, *args: Any) -> Affine:
    weights, bias, mean, variance, training, _, epsilon, *_ = args
    if training:
        raise unsupported("batch_norm")
    return batch_norm(x, weights, bias, mean, variance, epsilon)


def _dropout(chain: Chain, x: Affine, probability: float, training: bool) -> Affine:
    if training:
        raise ValueError(
            "drops values at random; expected evaluation mode, so pass training=self.training"
        )
    return x


def _gru(chain: Chain, x: Affine, state: Any, params: Any, biases: bool, *args: Any) -> Any:
    layers, dropout, training, bidirectional, *_ = args
    if not isinstance(params, (list, tuple)):
        raise ValueError("takes packed sequences; expected a tensor of one sequence or a batch")
    if bidirectional:
        raise ValueError("reads sequences from both ends; expected bidirectional=False")
    check_state(state)
    each = len(params) // layers
    for layer in range(layers):
        weights, own, *given = params[layer * each : (layer + 1) * each]
        x = gru(chain, x, weights, own, np.array(given) if biases else np.zeros((2, len(own))))
        x = _dropout(chain, x, dropout, training and dropout > 0 and layer < layers - 1)
    return (x,)


def _cast(chain: Chain, x: Affine, *args: Any, **kwargs: Any) -> Affine:
    for dtype in (*args, *kwargs.values()):
        if isinstance(dtype, torch.dtype) and not dtype.is_floating_point:
            raise unsupported(f"a cast to {dtype}")
    return x


def _limited(x: Any, *other: Any) -> tuple[Affine, Any]:
    """Return a computed value and a constant tensor, given in any order."""
    for value, limit in ((x, *other), (*other, x)) if len(other) == 1 else ():
        if isinstance(value, Affine) and isinstance(limit, np.ndarray):
            return value, limit
    raise unsupported("the largest or smallest of computed values")


def _larger(chain: Chain, x: Any, *other: Any) -> Affine:
    value, limit = _limited(x, *other)
    return chain.clip(value, low=limit)


def _smaller(chain: Chain, x: Any, *other: Any) -> Affine:
    value, limit = _limited(x, *other)
    return chain.clip(value, high=limit)


def _threshold(chain: Chain, x: Affine, threshold: float, value: float) -> Affine:
    if threshold or value:
        raise unsupported(f"threshold at {threshold:g} to {value:g}")
    return chain.clip(x, 0)


def _product(chain: Chain, x: Any, y: Any) -> Any:
    return chain.product(x, y)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "_native_batch_norm_legit_no_training": lambda chain, x, w, b, mean, var, _, epsilon: (
        batch_norm(x, w, b, mean, var, epsilon),
    ),
    "_to_copy": _cast,
    "add": lambda chain, x, y, alpha=1: x + y * alpha,
    "addmm": _addmm,
    "batch_norm": _batch_norm,
    "bmm": _product,
    "clamp": lambda chain, x, min=None, max=None: chain.clip(x, min, max),
    "clamp_max": lambda chain, x, high: chain.clip(x, high=high),
    "clamp_min": lambda chain, x, low: chain.clip(x, low=low),
    "div": _divide,
    "alpha_dropout": _dropout,
    "dropout": _dropout,
    "feature_dropout": _dropout,
    "gru": _gru,
    "hardsigmoid": lambda chain, x: chain.clip(x / 6 + 0.5, 0, 1),
    "hardtanh": lambda chain, x, low=-1, high=1: chain.clip(x, low, high),
    "leaky_relu": lambda chain, x, slope=0.01: chain.leaky(x, slope),
    "linear": _linear,
    "matmul": _product,
    "max": _larger,
    "maximum": _larger,
    "min": _smaller,
    "minimum": _smaller,
    "mm": _product,
    "mul": lambda chain, x, y: x * y,
    "mv": _product,
    "native_dropout": lambda chain, x, p, training: (_dropout(chain, x, p, training),),
    "neg": lambda chain, x: -x,
    "prelu": lambda chain, x, slope: chain.leaky(x, slope),
    "relu": lambda chain, x: chain.clip(x, 0),
    "relu6": lambda chain, x: chain.clip(x, 0, 6),
    "rsub": lambda chain, x, y, alpha=1: y - x * alpha,
    "sigmoid": lambda chain, x: chain.activate(x, SIGMOID),
    "sub": lambda chain, x, y, alpha=1: x - y * alpha,
    "sym_size": lambda chain, x, dimension: x.shape[dimension],
    "tanh": lambda chain, x: chain.activate(x, TANH),
    "threshold": _threshold,
    "to": _cast,
}
