"""PyTorch networks as users have them: on the CPU, in evaluation mode, with a known input shape."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.export import ExportedProgram

from . import torch_export
from .chain import Layer
from .check import FLOAT64, Original
from .refusal import advice, first_line
from .sequences import layouts, remembered, split

Float = npt.NDArray[np.float64]
Shape = tuple[int, ...]

WRAPPERS = ("_orig_mod", "module")  # of torch.compile; of DataParallel


def read(network: Any, shape: Shape | None) -> tuple[tuple[Layer, ...], Original]:
    """Return the layers of a network, and the network to compare them with.

    Parameters
    ----------
    network : torch.nn.Module or torch.export.ExportedProgram
        It is not modified.
    shape : tuple of int or None
        Shape of one row of inputs; None to find one that the network accepts.

    Raises
    ------
    TypeError
        `network` is neither of these.
    ValueError
        It is not supported.
    """
    if isinstance(network, ExportedProgram):
        return _read_program(network)
    if not isinstance(network, nn.Module):
        raise TypeError(_hint(network))
    module = _evaluated(network)
    own = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
    has_state = any("weight_hh" in name for name in network.state_dict())
    found = _shape(module, own, shape, has_state)
    for dtype in (torch.float64, own):  # its code may convert to a type of its own
        try:
            exact = module.to(dtype)
            program = torch_export.export(exact, found, dtype)
            recurrent = torch_export.recurrent(program)
            if recurrent and len(found) > 1:
                found = (1, *found[1:])
                program = torch_export.export(exact, found, dtype)
            layers = torch_export.layers(program, found)
            _run(exact, torch.zeros(2, *found, dtype=dtype))
            break
        except ValueError:
            if dtype == own:
                raise
    if recurrent:
        dimensions = (0, *found) if len(found) == 1 else (0, 0, *found[1:])
        return layers, _of_sequences(exact, dimensions, dtype)
    return layers, _original(exact, found, dtype)


def _read_program(program: ExportedProgram) -> tuple[tuple[Layer, ...], Original]:
    functional = torch_export.functional(program)
    (rows, *shape), dtype = torch_export.entry(functional)
    if torch_export.recurrent(functional):
        step = (1, *shape[1:]) if len(shape) > 1 else tuple(shape)
        layers = torch_export.layers(functional, step)
        return layers, _of_sequences(program.module(), (rows, *shape), dtype)
    layers = torch_export.layers(functional, tuple(shape))
    return layers, _original(program.module(), tuple(shape), dtype, rows)


def _hint(network: Any) -> str:
    found = f"found a {type(network).__name__}; expected a torch.nn.Module"
    if isinstance(network, dict):
        return f"{found}: for a state_dict, call its module's load_state_dict first"
    hint = advice(network) if isinstance(network, (str, Path)) else None
    return found if hint is None else f"{found}: {hint}"


def _evaluated(network: nn.Module) -> nn.Module:
    """Return a copy on the CPU, in evaluation mode."""
    for name in WRAPPERS:
        inner = getattr(network, name, None)
        if isinstance(inner, nn.Module) and type(network).__module__.startswith("torch."):
            return _evaluated(inner)
    tensors = [*network.parameters(), *network.buffers()]
    if any(torch.nn.parameter.is_lazy(tensor) or tensor.is_meta for tensor in tensors):
        raise ValueError(
            "the module has no weights, as it is on the device 'meta', or a lazy layer has not "
            "been run; load them first, with module.to_empty(device='cpu') and load_state_dict"
        )
    for name, part in network.named_modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm) and part.running_mean is None:
            raise ValueError(
                f"{name!r} ({type(part).__name__}) keeps no running statistics, so it depends on "
                "the batch; expected track_running_stats=True"
            )
    try:
        return _copied(network).to("cpu").eval()
    except Exception as error:
        raise ValueError(
            f"{type(network).__name__} cannot be copied to the CPU: {first_line(error)}; expected "
            "a module that copy.deepcopy copies"
        ) from error


def _copied(network: nn.Module) -> nn.Module:
    if isinstance(network, torch.jit.ScriptModule):
        stored = io.BytesIO()
        with warnings.catch_warnings():  # TorchScript is deprecated
            warnings.simplefilter("ignore")
            torch.jit.save(network, stored)
            stored.seek(0)
            load: Callable[..., torch.jit.ScriptModule] = torch.jit.load
            return _Held(load(stored, map_location="cpu"))
    # Weights that hooks compute, as for weight_norm and pruning, are no leaves: deepcopy refuses.
    computed = {
        id(value): value.detach().clone()
        for part in network.modules()
        for value in vars(part).values()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    }
    return copy.deepcopy(network, computed)


class _Held(nn.Module):
    """A TorchScript module that torch.export does not recognise as one, and so traces."""

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        super().__init__()
        self._held = [script]

    def forward(self, x: torch.Tensor) -> Any:
        return self._held[0](x)

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        """Yield the parameters."""
        return self._held[0].parameters(recurse)

    def buffers(self, recurse: bool = True) -> Iterator[torch.Tensor]:
        """Yield the buffers."""
        return self._held[0].buffers(recurse)

    def to(self, *args: Any, **kwargs: Any) -> _Held:
        """Convert the held module."""
        self._held[0].to(*args, **kwargs)
        return self

    def eval(self) -> _Held:
        """Set evaluation mode."""
        self._held[0].eval()
        return super().eval()


def _shape(module: nn.Module, dtype: torch.dtype, given: Shape | None, has_state: bool) -> Shape:
    """Return the shape of one row of inputs, by trying the widths of matrices if none is given.

    A module that keeps a state takes rows as the steps of a sequence, or of a batch of them.
    """
    tensors = [*module.parameters(), *module.buffers()]
    matrices = [tensor.shape for tensor in tensors if tensor.ndim == 2]
    widths = dict.fromkeys([m[1] for m in matrices] + [m[0] for m in matrices])
    shapes: list[Shape] = [(width,) for width in widths] if given is None else [given]
    if has_state and len(shapes[0]) == 1:
        shapes += [(1, *shape) for shape in shapes]
    failures = []
    for shape in shapes:
        try:
            found = _run(module, torch.zeros(2, *shape, dtype=dtype))
        except ValueError as error:
            failures.append(f"inputs of shape (2, {', '.join(map(str, shape))}): {error}")
            continue
        if not isinstance(found, torch.Tensor):
            raise ValueError(
                f"the network gives a {type(found).__name__}; expected one tensor"
                + (", the outputs of all steps without the state" if has_state else "")
            )
        return shape
    hint = "; pass example=rows, inputs of the network, to tell their shape"
    raise ValueError(
        f"{type(module).__name__} cannot be run on {'; '.join(failures) or 'inputs of any shape'}"
        + (hint if given is None else "")
    )


def _run(module: nn.Module, rows: torch.Tensor) -> Any:
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return module(rows)
    except Exception as error:  # the module's code may raise anything
        raise ValueError(first_line(error)) from error


def _original(module: nn.Module, shape: Shape, dtype: torch.dtype, rows: int = 0) -> Original:
    """Return the module as a function of rows; `rows` is its fixed batch, 0 for any."""

    def run(x: Float) -> Float:
        batch = torch.from_numpy(x.reshape(-1, *shape)).to(dtype)
        parts = [batch] if not rows else [row.expand(rows, *shape) for row in batch]
        found = [_run(module, part)[: 1 if rows else None] for part in parts]
        return np.concatenate([part.double().numpy().reshape(len(part), -1) for part in found])

    return Original(run, _roundoff(dtype))


def _of_sequences(module: nn.Module, dimensions: Shape, dtype: torch.dtype) -> Original:
    """Return a module with memory as a function of one sequence."""

    def run(x: Float) -> Float:
        return np.asarray(_run(module, torch.from_numpy(x).to(dtype)).double().numpy())

    layout = remembered(run, layouts(*split(dimensions)))
    return Original(layout.by_rows(run), _roundoff(dtype), layout=layout)


def _roundoff(dtype: torch.dtype) -> float:
    return FLOAT64 if dtype == torch.float64 else torch.finfo(dtype).eps / 2
