"""The training loss: loss of intelligibility plus error of the compressed magnitudes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .. import spec

SEGMENT = 24  # frames of 16 ms: STOI's 384 ms
HARM = 3.0  # weight of the extra penalty for clips made less intelligible than the noisy input
CLIP = 1 + 10 ** (15 / 20)  # STOI's lower bound on the signal-to-distortion ratio, -15 dB


def third_octaves() -> Tensor:
    """Return STOI's 15 third-octave bands from 150 Hz as a (129, 15) matrix of zeros and ones."""
    hertz = np.arange(spec.BINS) * spec.SAMPLE_RATE / spec.FFT
    centres = 150 * 2 ** (np.arange(15) / 3)
    low = np.abs(hertz[:, None] - centres * 2 ** (-1 / 6)).argmin(axis=0)
    high = np.abs(hertz[:, None] - centres * 2 ** (1 / 6)).argmin(axis=0)
    bins = np.arange(spec.BINS)[:, None]
    return torch.tensor((bins >= low) & (bins < high), dtype=torch.float32)


class Loss(nn.Module):
    """Loss of intelligibility, with a penalty for clips made worse, plus magnitude error.

    ``1 - after + HARM * relu(before - after) + weight * error``, where before and after are STOI's
    correlation (Taal et al. 2010, eqs. 1-5) of the noisy and the enhanced clip: the correlation of
    third-octave envelopes over 384 ms, scaled to the clean envelope's energy and clipped, averaged
    over bands and over the segments with speech.

    Parameters
    ----------
    weight : float
        Weight of the mean squared error of the magnitudes to the power 0.3.
    """

    bands: Tensor

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight
        self.register_buffer("bands", third_octaves())

    def forward(self, enhanced: Tensor, noisy: Tensor, clean: Tensor) -> Tensor:
        """Return the scalar loss of magnitudes of shape (clips, frames, 129)."""
        level = loudness(clean)
        enhanced, noisy, clean = enhanced / level, noisy / level, clean / level
        before, after = (self.correlation(m, clean) for m in (noisy, enhanced))
        error = (compressed(enhanced) - compressed(clean)).square().mean()
        harm = torch.relu(before - after)
        return (1 - after + HARM * harm).mean() + self.weight * error

    def correlation(self, magnitude: Tensor, clean: Tensor) -> Tensor:
        """Return each clip's mean short-time correlation; magnitudes are level-normalised."""
        x, y = (self._segments(m) for m in (clean, magnitude))
        scale = (energy(x) / energy(y)).sqrt()
        y = torch.minimum(y * scale, x * CLIP)
        x, y = x - x.mean(-1, keepdim=True), y - y.mean(-1, keepdim=True)
        cosine = (x * y).sum(-1) / (energy(x) * energy(y)).sqrt().squeeze(-1)
        loud = clean.square().sum(-1).unfold(1, 2 * SEGMENT, 2).mean(-1)
        active = (loud >= 1e-3 * loud.amax(1, keepdim=True)).float()[:, : cosine.shape[1]]
        return (cosine.mean(-1) * active).sum(1) / active.sum(1)

    def _segments(self, magnitude: Tensor) -> Tensor:
        """Return the segments of third-octave envelopes: (clips, segments, 15, 24)."""
        power = magnitude.square() @ self.bands
        smooth = nn.functional.avg_pool1d(power.transpose(1, 2), 3, stride=2)
        return (smooth + 1e-8).sqrt().unfold(2, SEGMENT, 1).transpose(1, 2)


def loudness(clean: Tensor) -> Tensor:
    """Return each clip's RMS level, by which magnitudes are normalised; never zero."""
    return clean.square().mean(dim=(1, 2), keepdim=True).sqrt() + 1e-5


def compressed(magnitude: Tensor) -> Tensor:
    """Return the magnitude to the power 0.3, offset so that its gradient is finite at zero."""
    return (magnitude + 1e-4) ** 0.3


def energy(x: Tensor) -> Tensor:
    """Return the sum of squares over the last axis (kept), offset so that its root has a slope."""
    return x.square().sum(-1, keepdim=True) + 1e-7
