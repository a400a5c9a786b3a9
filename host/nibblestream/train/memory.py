"""Training of a network with memory from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..evaluate.clip import Float
from ..network.activation import LINEAR, RELU
from ..network.float_model import FloatModel
from ..network.memory import MEMORY
from ..speech.front import Speech
from .loop import State, enhance_all
from .qrnn import FEATURE_GAIN, MemoryNetwork
from .recipe import MemoryRecipe
from .signal_loss import SignalLoss
from .spectra import Seen
from .supply import Pairs

Array = npt.NDArray[Any]


class WithMemory:
    """A network with memory and random initial weights, as a `Trainee`.

    Parameters
    ----------
    recipe : MemoryRecipe
    name : str
        Name of the model.
    """

    every = 1000

    def __init__(self, recipe: MemoryRecipe, name: str) -> None:
        torch.manual_seed(recipe.seed)
        self.settings = recipe
        self.network = MemoryNetwork.random(recipe.width, recipe.depth, recipe.gain_floor)
        self._name = name
        self._loss = SignalLoss(recipe.harm, recipe.sdr_weight)

    def loss(self, batch: Pairs) -> Tensor:
        """Return the loss on a batch, a scalar."""
        device = batch.noisy.device
        seen = Seen(batch.noisy, self.settings.window)
        with torch.autocast(device.type, torch.bfloat16):  # half the time of float32, or less
            gains = self.network(seen.features)
        enhanced = seen.enhanced(gains)
        return torch.as_tensor(self._loss.to(device)(enhanced, batch.noisy, batch.clean))

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the averaged weights of a state enhance them."""
        return enhance_all(self.model(state, final=False), signals)

    def model(self, state: State, *, final: bool) -> FloatModel:
        """Return a state's model; `final` makes no difference."""
        recipe, weights = self.settings, state["weights"]
        names = ["first", *(f"memory.{i}.linear" for i in range(recipe.depth)), "last"]
        pairs = [
            (weights[f"{name}.weight"].numpy(), weights[f"{name}.bias"].numpy()) for name in names
        ]
        pairs[0] = (pairs[0][0] * FEATURE_GAIN, pairs[0][1])
        pairs[1:-1] = [(by_unit(weight), by_unit(bias)) for weight, bias in pairs[1:-1]]
        return FloatModel(
            name=self._name,
            weights=tuple(weight for weight, _ in pairs),
            biases=tuple(bias for _, bias in pairs),
            front=Speech("log2", "gain", recipe.gain_floor, recipe.window, context=1),
            training={"recipe": asdict(recipe), "step": state["step"]},
            activations=(RELU, *[MEMORY] * recipe.depth, LINEAR),
            scaled=True,
        )


def by_unit(rows: Array) -> Array:
    """Reorder rows of z, then c, then o (3 units, ...) to z, c, o of each unit."""
    return _transposed(rows, (MEMORY.sums, -1))


def by_gate(rows: Array) -> Array:
    """Reorder rows of z, c, o of each unit to those of z, then c, then o: undoes `by_unit`."""
    return _transposed(rows, (-1, MEMORY.sums))


def _transposed(rows: Array, shape: tuple[int, int]) -> Array:
    blocks = rows.reshape(*shape, *rows.shape[1:])
    return np.ascontiguousarray(blocks.swapaxes(0, 1)).reshape(rows.shape)
