"""Quantization-aware fine-tuning: codes, look-up tables and biases learnt from a float model.

The paper and the other schemes need no retraining; it pays off for very narrow codes. The float
model is both the starting point and the teacher.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, replace

import torch
from torch import nn

from .. import spec
from ..enhance.enhancer import Enhancer
from ..evaluate.clip import Float
from ..network.activation import LINEAR, RELU
from ..network.float_model import Float32, FloatModel
from ..network.layer import QuantizedLayer
from ..network.model import QuantizedModel
from ..network.scheme import TRAINED, Scheme
from ..quantize import quantize
from ..quantize.coded_layer import CodedLayer, Words
from ..speech.front import speech_of
from .loop import State
from .loss import Loss, compressed, loudness
from .mixing import Batch
from .module import Stack
from .recipe import FineTuning
from .straight_through import CodedLinear

START = "kmeans"  # the best scheme without training; any level may become external


class FineTuned:
    """Quantization-aware fine-tuning of a float model, as a `Trainee`.

    Parameters
    ----------
    model : FloatModel
        Weights and biases within +-1.
    settings : FineTuning
    name : str
        Name of the quantized model.

    Raises
    ------
    ValueError
        The model cannot be quantized, or codes of the given width have no table.
    """

    every = 100

    def __init__(self, model: FloatModel, settings: FineTuning, name: str) -> None:
        if not {2, 3, 4}.issuperset(settings.bits):
            raise ValueError(f"bits are {settings.bits}; expected 2, 3 or 4: 8 bits have no table")
        torch.manual_seed(settings.seed)
        self.settings = settings
        self._model, self._name = model, name
        start = quantize(model, START, settings.bits).layers
        kind = (_relus(model), speech_of(model).head, speech_of(model).gain_floor)
        layers = list(zip(model.weights, model.biases, start, strict=True))
        self.network = Stack([_coded(*layer) for layer in layers], *kind)
        self._teacher = Stack([_linear(*layer[:2]) for layer in layers], *kind)
        self._loss = Loss(weight=1.0)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss against clean speech and the float model's output, a scalar."""
        enhanced = self.network(batch.features, batch.noisy)
        with torch.no_grad():
            taught = self._teacher(batch.features, batch.noisy)
        level = loudness(batch.clean)
        error = (compressed(enhanced / level) - compressed(taught / level)).square().mean()
        loss = self._loss(enhanced, batch.noisy, batch.clean)
        return torch.as_tensor(loss + self.settings.distillation * error)

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the model of a state enhances them."""
        with Enhancer(self.model(state, final=False)) as enhancer:
            return [enhancer.enhance(signal, spec.SAMPLE_RATE) for signal in signals]

    def model(self, state: State, *, final: bool) -> QuantizedModel:
        """Return the quantized model of a training state; `final` makes no difference."""
        network = copy.deepcopy(self.network)
        network.load_state_dict(state["weights"])
        words = Words(self._model)
        for layer, bits in zip(network.layers, self.settings.bits, strict=True):
            assert isinstance(layer, CodedLinear)
            codes, lut, bias = layer.quantized()
            scheme = Scheme(TRAINED, bits, lut.m)
            words.append(CodedLayer(codes, lut, lut.k, scheme, bias))
        settings = {key: value for key, value in asdict(self.settings).items() if key != "origin"}
        training = {"fine-tuned": settings, "step": state["step"]}
        return replace(words.model(), name=self._name, training=training)


def _relus(model: FloatModel) -> list[bool]:
    """Return whether a ReLU follows each layer; raise ValueError for any other activation."""
    others = {*model.activations} - {RELU, LINEAR}
    if others or model.scaled:
        found = ", ".join(map(str, others)) or "scaled layers"
        raise ValueError(
            f"{model.name} has {found}; expected a network as train makes it: weights within +-1, "
            "ReLU or nothing after each layer"
        )
    return [activation == RELU for activation in model.activations]


def _linear(weights: Float32, bias: Float32) -> nn.Linear:
    """Return a layer of the float model as a PyTorch module."""
    layer = nn.Linear(weights.shape[1], weights.shape[0])
    layer.weight.data, layer.bias.data = torch.tensor(weights), torch.tensor(bias)
    return layer


def _coded(weights: Float32, bias: Float32, start: QuantizedLayer) -> CodedLinear:
    """Return a trainable quantized layer that starts from the table of `start`."""
    assert start.lut is not None
    return CodedLinear(weights, bias, start.lut.values, start.m, start.k)
