"""Quantization-aware fine-tuning: codes, look-up tables and biases learnt from a float model.

The paper and the other schemes need no retraining; it pays off for very narrow codes. The float
model is both the starting point and the teacher.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .. import spec
from ..evaluate.clip import Float
from ..network.activation import LINEAR, RELU
from ..network.float_model import Float32, FloatModel
from ..network.layer import QuantizedLayer
from ..network.lut import Lut
from ..network.model import QuantizedModel
from ..network.scheme import TRAINED, Scheme
from ..quantize import quantize
from ..quantize.coded_layer import CodedLayer, Words
from ..speech.front import speech_of
from .loop import State, enhance_all
from .loss import Loss, compressed, loudness
from .mixing import Batch
from .module import Stack
from .recipe import FineTuning
from .straight_through import CodedLinear

Trained = tuple[npt.NDArray[np.uint8], Lut, npt.NDArray[np.int32]]  # codes, table, biases

START = "kmeans"  # the best scheme without training; any level may become external


class FineTuned(ABC):
    """Quantization-aware fine-tuning of a float model, as a `Trainee`.

    Parameters
    ----------
    model : FloatModel
        As `train` writes it.
    settings : FineTuning
    name : str
        Name of the quantized model.

    Raises
    ------
    ValueError
        The model cannot be quantized, or codes of the given width have no table.
    """

    every = 100
    network: Any
    """The network of coded layers, an `nn.Module` that is `loop.Trained`."""

    def __init__(self, model: FloatModel, settings: FineTuning, name: str) -> None:
        if not {2, 3, 4}.issuperset(settings.bits):
            raise ValueError(f"bits are {settings.bits}; expected 2, 3 or 4: 8 bits have no table")
        torch.manual_seed(settings.seed)
        self.settings = settings
        self._model, self._name = model, name
        self._start = quantize(model, START, settings.bits).layers

    @abstractmethod
    def loss(self, batch: Any) -> torch.Tensor:
        """Return the loss against clean speech and the float model's output, a scalar."""

    @abstractmethod
    def coded(self, network: Any) -> list[CodedLayer]:
        """Return the layers of a network like `self.network`, quantized."""

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the model of a state enhances them."""
        return enhance_all(self.model(state, final=False), signals)

    def model(self, state: State, *, final: bool) -> QuantizedModel:
        """Return the quantized model of a training state; `final` makes no difference."""
        network = copy.deepcopy(self.network)
        network.load_state_dict(state["weights"])
        words = Words(self._model)
        for layer in self.coded(network):
            words.append(layer)
        settings = {key: value for key, value in asdict(self.settings).items() if key != "origin"}
        training = {"fine-tuned": settings, "step": state["step"]}
        return replace(words.model(), name=self._name, training=training)


class FineTunedStack(FineTuned):
    """Fine-tuning of a network of ReLU layers, with weights and biases within +-1."""

    def __init__(self, model: FloatModel, settings: FineTuning, name: str) -> None:
        super().__init__(model, settings, name)
        kind = (_relus(model), speech_of(model).head, speech_of(model).gain_floor)
        layers = list(zip(model.weights, model.biases, self._start, strict=True))
        self.network = Stack([coded_linear(*layer) for layer in layers], *kind)
        self._teacher = Stack([linear(*layer[:2]) for layer in layers], *kind)
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

    def coded(self, network: Any) -> list[CodedLayer]:
        """Return the layers of a network like `self.network`, quantized."""
        return [
            coded_layer(layer.quantized(), start)
            for layer, start in zip(network.layers, self._start, strict=True)
        ]


def _relus(model: FloatModel) -> list[bool]:
    """Return whether a ReLU follows each layer; raise ValueError for any other activation."""
    others = {*model.activations} - {RELU, LINEAR}
    if others or model.scaled:
        found = ", ".join(map(str, others)) or "scaled layers"
        raise ValueError(
            f"{model.name} has {found}; expected a network as train makes it: layers with memory "
            "after a first one, or weights within +-1 and ReLU or nothing after each layer"
        )
    check_front(model, window=spec.WINDOW, context=spec.CONTEXT)
    return [activation == RELU for activation in model.activations]


def check_front(model: FloatModel, **expected: object) -> None:
    """Raise ValueError unless the front has the values that the training batches are made with."""
    for name, value in expected.items():
        found = getattr(speech_of(model), name)
        if found != value:
            raise ValueError(
                f"{model.name} has the {name} {found!r}; fine-tuning such a network takes {value!r}"
            )


def linear(weights: Float32, bias: Float32) -> nn.Linear:
    """Return a layer of the float model as a PyTorch module."""
    layer = nn.Linear(weights.shape[1], weights.shape[0])
    layer.weight.data, layer.bias.data = torch.tensor(weights), torch.tensor(bias)
    return layer


def coded_linear(
    weights: Float32, bias: Float32, start: QuantizedLayer, gain: float = 1.0
) -> CodedLinear:
    """Return a trainable quantized layer that starts from the table of `start`.

    Its inputs are `gain` times those of the model's layer.
    """
    assert start.lut is not None
    unit = 2.0**start.exponent
    return CodedLinear(
        weights / np.float32(unit),
        bias,
        start.lut.values,
        start.m,
        start.k,
        unit / gain,
        start.bias_format,
    )


def coded_layer(trained: Trained, start: QuantizedLayer) -> CodedLayer:
    """Return the trained layer that started from `start`."""
    codes, lut, bias = trained
    scheme = Scheme(TRAINED, start.bits, lut.m)
    return CodedLayer(codes, lut, lut.k, scheme, bias, start.exponent, start.bias_format)
