"""Training of a float network from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import torch

from ..evaluate.clip import Float
from ..network.float_model import FloatModel
from ..speech.front import Speech
from .loop import State, enhance_all
from .loss import Loss
from .mixing import Batch
from .module import Network
from .recipe import Recipe


class FromScratch:
    """A float network with random initial weights, as a `Trainee`.

    Parameters
    ----------
    recipe : Recipe
    name : str
        Name of the model.
    """

    every = 500

    def __init__(self, recipe: Recipe, name: str) -> None:
        torch.manual_seed(recipe.seed)
        self.settings = recipe
        self.network = Network(recipe.hidden, recipe.head, recipe.trained_floor, recipe.biases)
        self._name = name
        self._loss = Loss(recipe.error_weight)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss on a batch, a scalar."""
        enhanced = self.network(batch.features, batch.noisy)
        return torch.as_tensor(self._loss(enhanced, batch.noisy, batch.clean))

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the model of a state enhances them."""
        return enhance_all(self.model(state, final=False), signals)

    def model(self, state: State, *, final: bool) -> FloatModel:
        """Return a state's model, with the trained gain floor unless it is the final one."""
        weights = {key: value.numpy() for key, value in state["weights"].items()}
        recipe = self.settings
        layers = range(len(recipe.hidden) + 1)
        return FloatModel(
            name=self._name,
            weights=tuple(weights[f"layers.{i}.weight"] for i in layers),
            biases=tuple(weights[f"layers.{i}.bias"] for i in layers),
            front=Speech(
                recipe.features, recipe.head, recipe.gain_floor if final else recipe.trained_floor
            ),
            training={"recipe": asdict(recipe), "step": state["step"]},
        )
