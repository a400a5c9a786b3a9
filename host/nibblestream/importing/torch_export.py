"""Reading of a PyTorch network: exported by `torch.export`, then computed on `Affine` values."""

from __future__ import annotations

import contextlib
import io
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx import Node

from .affine import Affine
from .chain import Chain, Layer
from .refusal import NO_OUTPUT, first_line, unsupported
from .torch_ops import MOVES, NOTHING, OPERATIONS, kept

Float = npt.NDArray[np.float64]


def export(module: torch.nn.Module, shape: tuple[int, ...], dtype: torch.dtype) -> ExportedProgram:
    """Export a module for one row of inputs of a shape.

    Raises
    ------
    ValueError
        It cannot be exported: its steps depend on its inputs, or its code is not PyTorch alone.
    """
    # A failed export prints its graph.
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            row = torch.zeros(1, *shape, dtype=dtype)
            program = torch.export.export(module, (row,), strict=False)
        except Exception as error:  # the module's code may raise anything
            raise ValueError(
                f"torch.export cannot export it: {first_line(error)}; expected steps that are the "
                "same for all inputs, and PyTorch alone"
            ) from error
    return functional(program)


def functional(program: ExportedProgram) -> ExportedProgram:
    """Return a program without operations in place."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pure: ExportedProgram = program.run_decompositions({})
        return pure


def recurrent(program: ExportedProgram) -> bool:
    """Return whether a program has a recurrent layer, whose inputs are sequences."""
    names = [str(getattr(node.target, "_opname", "")) for node in program.graph.nodes]
    return any(name == "gru" for name in names)


def layers(program: ExportedProgram, shape: tuple[int, ...]) -> tuple[Layer, ...]:
    """Return the layers of an exported program for one row of inputs of a shape.

    Operations that depend on no input are computed by PyTorch; the others act on `Affine` values.

    Raises
    ------
    ValueError
        An operation is not supported, or the program branches; the message names the step.
    """
    chain = Chain()
    values: dict[str, Any] = _constants(program)
    values[_entry(program)] = chain.start((1, *shape))
    steps = [node for node in program.graph.nodes if node.op == "call_function"]
    for number, node in enumerate(steps):
        try:
            values[node.name] = _computed(chain, node, values)
        except Exception as error:  # PyTorch's own, where shapes do not fit, beside ValueError
            raise ValueError(f"{_where(node, number)}: {first_line(error)}") from error
    result = values[_result(program)]
    if not isinstance(result, Affine):
        raise ValueError("the outputs do not depend on the inputs")
    return chain.finish(result)


def entry(program: ExportedProgram) -> tuple[tuple[int, ...], torch.dtype]:
    """Return the shape of a program's input, with 0 for a size that may be any, and its type."""
    name = _entry(program)
    value = next(node for node in program.graph.nodes if node.name == name).meta["val"]
    return tuple(size if isinstance(size, int) else 0 for size in value.shape), value.dtype


def _constants(program: ExportedProgram) -> dict[str, Any]:
    stored = {**program.state_dict, **program.constants}
    return {
        spec.arg.name: stored[spec.target].detach()
        for spec in program.graph_signature.input_specs
        if spec.target in stored
    }


def _entry(program: ExportedProgram) -> str:
    """Return the name of the only input."""
    specs = program.graph_signature.input_specs
    names = [spec.arg.name for spec in specs if spec.kind == InputKind.USER_INPUT]
    if len(names) != 1:
        raise ValueError(f"the network takes {len(names)} inputs ({', '.join(names)}); expected 1")
    return str(names[0])


def _result(program: ExportedProgram) -> str:
    """Return the name of the only output."""
    specs = program.graph_signature.output_specs
    names = [str(spec.arg.name) for spec in specs if spec.kind == OutputKind.USER_OUTPUT]
    if len(names) != 1:
        raise ValueError(f"the network gives {len(names)} outputs; expected 1")
    return names[0]


def _where(node: Node, number: int) -> str:
    """Name a step by the innermost module that it belongs to, or by itself."""
    modules = [path for path, _ in (node.meta.get("nn_module_stack") or {}).values() if path]
    return f"step {number} {(modules[-1:] or [node.name])[0]!r}"


def _computed(chain: Chain, node: Node, values: dict[str, Any]) -> Any:
    args: Any
    kwargs: Any
    args, kwargs = torch.fx.node.map_arg((node.args, node.kwargs), lambda n: values[n.name])
    if node.target is operator.getitem:
        return _part(*args)
    found: list[Affine] = []
    torch.utils._pytree.tree_map_only(Affine, found.append, (args, kwargs))
    function: Callable[..., Any] = node.target  # type: ignore[assignment]
    if not found:
        with torch.no_grad():
            return function(*args, **kwargs)
    name = str(getattr(function, "_opname", function)).split(".")[-1]
    if name in NOTHING:
        return None
    if name in MOVES and found == [args[0]]:
        return _moved(function, *args, **kwargs)
    if name not in OPERATIONS:
        raise unsupported(name)
    args, kwargs = torch.utils._pytree.tree_map_only(torch.Tensor, kept, (args, kwargs))
    return OPERATIONS[name](chain, *args, **kwargs)


def _part(values: Any, index: int) -> Any:
    """Return one of several outputs; those that are refused are left out at the end."""
    if index >= len(values):
        raise ValueError(f"output {index} {NO_OUTPUT}")
    return values[index]


def _moved(function: Callable[..., Any], value: Affine, *args: Any, **kwargs: Any) -> Any:
    """Apply an operation that only moves elements to their positions."""
    positions = function(torch.from_numpy(value.positions()), *args, **kwargs)
    if isinstance(positions, torch.Tensor):
        return value.moved(positions.numpy())
    return [value.moved(part.numpy()) for part in positions]
