"""Conversion of a PyTorch network to a chain of steps, traced by `torch.fx`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import fx, nn

from .chain import Clip, Linear, Scale, Step
from .check import Original

EXPECTED = "Linear, ReLU, BatchNorm1d, Dropout, Identity, Flatten, and at the end ReLU6 or Hardtanh"

Float = npt.NDArray[np.float64]


def original(module: nn.Module) -> Original:
    """Return a function that evaluates the module in evaluation mode and float64."""
    exact = _evaluated(module)

    def run(x: Float) -> Float:
        with torch.no_grad():
            return np.asarray(exact(torch.from_numpy(x)).numpy())

    return run


def steps(module: nn.Module) -> Iterator[Step]:
    """Yield the steps of a module in order.

    Raises
    ------
    TypeError
        `module` is not a torch.nn.Module.
    ValueError
        It branches, cannot be traced or has an unsupported step; the message names the step.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"found a {type(module).__name__}; expected a torch.nn.Module")
    traced = _traced(_evaluated(module))
    given, number = None, 0
    for node in traced.graph.nodes:
        if node.op == "placeholder" and given is None:
            given = node
            continue
        name = str(node.target) if node.op == "call_module" else node.name
        where = f"layer {number} {name!r}"
        if node.op == "output":
            where = "the output"
        _check_follows(node, given, where)
        if node.op != "output":
            step = _step(node, traced, where)
            if step is not None:
                yield step
        given, number = node, number + 1


def _evaluated(module: nn.Module) -> nn.Module:
    return copy.deepcopy(module).eval().double()


def _traced(module: nn.Module) -> fx.GraphModule:
    # The tracer does not look into leaf modules (those of torch.nn), so wrap a single one.
    if fx.Tracer().is_leaf_module(module, ""):
        module = nn.Sequential(module)
    try:
        return fx.symbolic_trace(module)
    except Exception as error:  # the module's code may raise anything
        raise ValueError(
            f"{type(module).__name__} cannot be traced by torch.fx ({error}); expected a network "
            "whose steps do not depend on its inputs"
        ) from error


def _check_follows(node: fx.Node, given: fx.Node | None, where: str) -> None:
    """Raise ValueError unless a node's only input is the output of the node before."""
    if node.op == "placeholder" or node.all_input_nodes != [given]:
        raise ValueError(
            f"{where} takes {node.all_input_nodes or 'another input of the network'}; expected a "
            "chain without branches, in which each step takes the output of the one before"
        )


def _step(node: fx.Node, traced: fx.GraphModule, where: str) -> Step | None:
    """Return the step of a node; None if it changes nothing."""
    if node.op == "call_module":
        module = traced.get_submodule(str(node.target))
        for kind, read in _MODULES.items():
            if isinstance(module, kind):
                return read(module, where)
        raise _unsupported(where, type(module).__name__)
    name = getattr(node.target, "__name__", str(node.target))
    if name in ("relu", "relu_"):
        return Clip(where)
    if name == "flatten" and [*node.args[1:], *node.kwargs.values()] == [1]:
        return None
    raise _unsupported(where, name)


def _unsupported(where: str, name: str) -> ValueError:
    return ValueError(f"{where}: {name} is not supported; expected {EXPECTED}")


def _array(tensor: torch.Tensor | None, default: float, size: int) -> Float:
    if tensor is None:
        return np.full(size, default)
    return np.asarray(tensor.detach().numpy(), np.float64)


def _linear(module: nn.Linear, where: str) -> Linear:
    weights = _array(module.weight, 0, 0)
    return Linear(where, weights, _array(module.bias, 0, len(weights)))


def _batch_norm(module: nn.BatchNorm1d, where: str) -> Scale:
    size = module.num_features
    if module.running_mean is None or module.running_var is None:
        raise ValueError(
            f"{where}: BatchNorm1d keeps no running statistics, so it depends on the batch; "
            "expected track_running_stats=True"
        )
    deviation = np.sqrt(_array(module.running_var, 1, size) + module.eps)
    factor = _array(module.weight, 1, size) / deviation
    offset = _array(module.bias, 0, size) - _array(module.running_mean, 0, size) * factor
    return Scale(where, factor, offset)


def _flatten(module: nn.Flatten, where: str) -> None:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise ValueError(
            f"{where}: Flatten joins dimensions {module.start_dim} to {module.end_dim}; "
            "expected 1 to -1"
        )


# ReLU6 is a subclass of Hardtanh and needs no entry.
_MODULES: dict[type[nn.Module], Callable[[Any, str], Step | None]] = {
    nn.Linear: _linear,
    nn.ReLU: lambda module, where: Clip(where),
    nn.Hardtanh: lambda module, where: Clip(where, module.min_val, module.max_val),
    nn.BatchNorm1d: _batch_norm,
    nn.Dropout: lambda module, where: None,
    nn.Identity: lambda module, where: None,
    nn.Flatten: _flatten,
}
