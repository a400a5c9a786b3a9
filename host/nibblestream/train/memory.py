"""Training of a network with memory from random weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from .. import spec
from ..evaluate.clip import Float
from ..speech.features import FloorTracker
from .loop import State
from .memory_model import MemoryModel
from .qrnn import MemoryNetwork
from .recipe import MemoryRecipe
from .signal_loss import SignalLoss
from .spectra import Frames, log2_over_floor
from .supply import Pairs


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
        self.network = network_of(recipe)
        self._name = name
        self._loss = SignalLoss(recipe.harm, recipe.sdr_weight)

    def loss(self, batch: Pairs) -> Tensor:
        """Return the loss on a batch, a scalar."""
        device = batch.noisy.device
        frames = Frames(self.settings.window, device)
        spectra = frames.stft(batch.noisy)
        features = log2_over_floor(spectra.abs().permute(2, 0, 1).contiguous())
        with torch.autocast(device.type, torch.bfloat16):  # half the time of float32, or less
            gains = self.network(features)
        enhanced = frames.istft(spectra * gains.permute(1, 2, 0), batch.noisy.shape[1])
        return torch.as_tensor(self._loss.to(device)(enhanced, batch.noisy, batch.clean))

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the averaged weights of a state enhance them."""
        network = network_of(self.settings)
        network.load_state_dict(state["weights"])
        return [enhanced(network, self.settings.window, signal) for signal in signals]

    def model(self, state: State, *, final: bool) -> MemoryModel:
        """Return a state's model; `final` makes no difference."""
        weights = {key: value.numpy() for key, value in state["weights"].items()}
        training = {"step": state["step"], "stoi_gain": state["stoi_gain"]}
        return MemoryModel(self._name, weights, asdict(self.settings), training)


def network_of(recipe: MemoryRecipe) -> MemoryNetwork:
    """Return a network of a recipe's shape, with random weights."""
    shape = (recipe.width, recipe.depth, recipe.look_back, recipe.stride)
    return MemoryNetwork(*shape, recipe.gain_floor)


@torch.no_grad()
def enhanced(network: nn.Module, window: int, noisy: Float) -> Float:
    """Enhance one signal (samples,) in float32, with the features in integers."""
    frames = Frames(window, torch.device("cpu"))
    spectra = frames.stft(torch.from_numpy(noisy.astype(np.float32))[None])
    magnitude = spec.MAGNITUDE.from_float(spectra[0].abs().T.double().numpy())
    features = spec.FEATURE.to_float(FloorTracker().process(magnitude)).astype(np.float32)
    gains = network(torch.from_numpy(features)[:, None])
    signal = frames.istft(spectra * gains.permute(1, 2, 0), len(noisy))[0]
    return np.asarray(signal.double().numpy())
