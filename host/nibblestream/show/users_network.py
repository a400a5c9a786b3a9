"""A network of the user, and its bytes, clocks and intelligibility once quantized."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .. import Enhancer, FloatModel, spec
from ..evaluate.metrics import stoi
from ..hardware import cycles
from ..hardware.boards import Board
from ..hardware.traffic import layers_of
from ..network.activation import RELU
from ..network.model import QuantizedModel

if TYPE_CHECKING:
    from torch import nn

Float = npt.NDArray[np.float64]


def own_network() -> FloatModel:
    """Return a float model to start from, and print its origin.

    If PyTorch is installed, the bundled float model is converted to a PyTorch network and imported
    from there, like any other network. Otherwise, as on a board, the bundled model is returned.
    """
    bundled = FloatModel.load("default-float")
    if find_spec("torch") is None:
        print("PyTorch is not installed: using the bundled float model")
        return bundled
    from ..importing import from_torch

    network = _as_torch(bundled)
    print(f"imported from PyTorch:\n{network}")
    return from_torch(
        network,
        front=bundled.front,
        name="mine",
    )


def comparison(
    models: Mapping[str, QuantizedModel], clean: Float, noisy: Float, board: Board
) -> str:
    """Return bytes, STOI and clocks per frame of models, as text.

    Parameters
    ----------
    models : mapping of title to QuantizedModel
    clean, noisy : float64, shape (n,), 8 kHz
    board : Board
        Board whose clock the kernels run at; the clocks per frame are modelled.
    """
    width = max(map(len, [*models, "noisy"]))
    lines = [
        f"{'':<{width}}{'':>16}{'':>8}   live, modelled on {board.name}",
        f"{'':<{width}}{'bytes of codes':>16}{'STOI':>8}{'clocks a frame':>17}{'real time':>12}",
        f"{'noisy':<{width}}{'':>16}{stoi(clean, noisy):>8.3f}",
    ]
    for title, model in models.items():
        with Enhancer(model) as enhancer:
            score = stoi(clean, np.asarray(enhancer.enhance(noisy, spec.SAMPLE_RATE)))
        block = cycles.Block(layers_of(model), 1)
        times = block.rate(board.clock_mhz) * spec.HOP / spec.SAMPLE_RATE
        lines.append(
            f"{title:<{width}}{model.ideal_bytes:>16,}{score:>8.3f}{block.cycles:>17,}{times:>11.0f}x"
        )
    return "\n".join(lines)


def _as_torch(model: FloatModel) -> nn.Sequential:
    from torch import nn, tensor

    steps: list[nn.Module] = []
    for weights, bias, activation in model.layers():
        layer = nn.Linear(weights.shape[1], weights.shape[0])
        layer.load_state_dict({"weight": tensor(weights), "bias": tensor(bias)})
        steps += [layer, nn.ReLU()] if activation == RELU else [layer]
    return nn.Sequential(*steps)
