"""The peer of `emulation.py`: a bundled network in float32 PyTorch, between librosa's transforms.

It is written for speed, as its users would: batched products, gates in one call, and no loop over
frames where a scan is faster.
"""

from __future__ import annotations

import librosa
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from nibblestream import spec
from nibblestream.network.float_model import FloatModel
from nibblestream.network.memory import GAIN, Memory
from nibblestream.speech.front import speech_of


class Peer:
    """A float model's network on recordings at 8 kHz, (n,) float32."""

    def __init__(self, model: FloatModel) -> None:
        self._speech = speech_of(model)
        self._layout = {"hop_length": spec.HOP, "win_length": self._speech.window}
        self._layers = [
            (*map(torch.from_numpy, _by_gate(w, b) if isinstance(cell, Memory) else (w, b)), cell)
            for w, b, cell in model.layers()
        ]

    @torch.inference_mode()
    def enhance(self, noisy: np.ndarray) -> np.ndarray:
        spectrum = librosa.stft(noisy, n_fft=spec.FFT, **self._layout)
        magnitude = np.abs(spectrum.T)
        log2 = self._speech.features == "log2"
        x = self._stacked(torch.from_numpy(self._features(magnitude) if log2 else magnitude))
        for weights, bias, cell in self._layers:
            x = linear(x, weights, bias)
            x = _remembered(x) if isinstance(cell, Memory) else _activated(x, cell.kind)
        if self._speech.head == "gain":
            clean = spectrum * x.clamp(self._speech.gain_floor, 1).numpy().T
        else:
            clean = torch.polar(x, torch.from_numpy(spectrum.T).angle()).numpy().T
        return librosa.istft(clean, n_fft=spec.FFT, length=len(noisy), **self._layout)

    def _features(self, magnitude: np.ndarray) -> np.ndarray:
        """Return log2 of the magnitudes over the tracked floor."""
        unit = np.float32(2**spec.MAGNITUDE.frac * spec.WINDOW / self._speech.window)
        level = np.log2(magnitude * unit + np.float32(spec.LOG2_OFFSET))
        speeds = np.float32([[2.0**-spec.FLOOR_RISE], [2.0**-spec.FLOOR_FALL]])
        floors, floor = np.empty_like(level), level[0]
        steps = np.empty((2, spec.BINS), np.float32)
        up, down = steps
        for now, out in zip(level, floors, strict=True):
            np.multiply(now - floor, speeds, out=steps)  # the smaller is that of the sign
            floor = np.add(floor, np.minimum(up, down, out=up), out=out)
        return np.clip((level - floors) / 8, -1, 1)

    def _stacked(self, features: Tensor) -> Tensor:
        context = self._speech.context
        padded = pad(features, (0, 0, context - 1, 0))
        return padded.unfold(0, context, 1).transpose(1, 2).flatten(1)


def _by_gate(weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a layer with memory, gate by gate; the forget gate's times `GAIN`."""
    weights, bias = (np.concatenate([a[i::3] for i in range(3)]) for a in (weights, bias))
    units = len(bias) // 3
    weights[:units] *= GAIN
    bias[:units] *= GAIN
    return weights, bias


def _activated(x: Tensor, kind: str) -> Tensor:
    return x.relu_() if kind == "relu" else x


def _remembered(x: Tensor) -> Tensor:
    """Return the outputs (n, units) of a layer with memory: a scan in log2(n) passes.

    After k frames, h is ``kept * h before + gained``; two such stretches make one of twice k.
    """
    forget, candidate, gate = x.chunk(3, dim=1)
    forget = forget.sigmoid()
    kept, gained, k = 1 - forget, forget * candidate.tanh(), 1
    while k < len(x):
        gained = torch.cat([gained[:k], torch.addcmul(gained[k:], kept[k:], gained[:-k])])
        kept = torch.cat([kept[:k], kept[k:] * kept[:-k]])
        k *= 2
    return gate.sigmoid() * gained
