"""Quantization-aware fine-tuning of a network with memory."""

from __future__ import annotations

from typing import Any

import torch

from ..network.activation import LINEAR, RELU
from ..network.float_model import FloatModel
from ..network.memory import MEMORY
from ..quantize.coded_layer import CodedLayer
from ..speech.front import speech_of
from .finetune import FineTuned, check_front, coded_layer, coded_linear, linear
from .memory import by_gate, by_unit
from .qrnn import FEATURE_GAIN, MemoryNetwork, Qrnn
from .recipe import FineTuning, MemoryRecipe
from .signal_loss import SignalLoss
from .spectra import Seen
from .supply import Pairs

GAIN_ERROR = 20.0  # weight of the mean square error of gains, relative to that of magnitudes


def remembers(model: FloatModel) -> bool:
    """Whether a model has the layers that `train` gives a network with memory."""
    cells = list(model.activations)
    middle = cells[1:-1]
    return cells == [RELU, *[MEMORY] * len(middle), LINEAR] and MEMORY in middle


class FineTunedMemory(FineTuned):
    """Fine-tuning of a network as the recipe `memory` makes it."""

    def __init__(self, model: FloatModel, settings: FineTuning, name: str) -> None:
        super().__init__(model, settings, name)
        check_front(model, features="log2", head="gain", context=1)
        speech = speech_of(model)
        self._window = speech.window
        layers = [
            (by_gate(weights), by_gate(bias)) if cell == MEMORY else (weights, bias)
            for weights, bias, cell in model.layers()
        ]
        gains = [FEATURE_GAIN, *[1.0] * (len(layers) - 1)]
        coded = [
            coded_linear(weights, bias, start, gain)
            for (weights, bias), start, gain in zip(layers, self._start, gains, strict=True)
        ]
        taught = [
            linear(weights / gain, bias)
            for (weights, bias), gain in zip(layers, gains, strict=True)
        ]
        self.network, self._teacher = (
            MemoryNetwork(first, map(Qrnn, memory), last, speech.gain_floor)
            for first, *memory, last in (coded, taught)
        )
        self._loss = SignalLoss(MemoryRecipe.harm, MemoryRecipe.sdr_weight)

    def loss(self, batch: Pairs) -> torch.Tensor:
        """Return the loss against clean speech and the float model's gains, a scalar."""
        seen = Seen(batch.noisy, self._window)
        gains = self.network(seen.features)
        with torch.no_grad():
            taught = self._teacher.to(gains.device)(seen.features)
        error = GAIN_ERROR * (gains - taught).square().mean()
        loss = self._loss.to(gains.device)(seen.enhanced(gains), batch.noisy, batch.clean)
        return torch.as_tensor(loss + self.settings.distillation * error)

    def coded(self, network: Any) -> list[CodedLayer]:
        """Return the layers of a network like `self.network`, quantized."""
        middle = [layer.linear for layer in network.memory]
        layers = []
        for module, start in zip([network.first, *middle, network.last], self._start, strict=True):
            codes, lut, bias = module.quantized()
            if start.activation == MEMORY:
                codes, bias = by_unit(codes), by_unit(bias)
            layers.append(coded_layer((codes, lut, bias), start))
        return layers
