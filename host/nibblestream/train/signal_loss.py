"""Loss of enhanced signals: intelligibility and SI-SDR.

Unlike `loss.Loss`, it sees the resynthesised signal, so that what overlapping frames do to each
other counts, and STOI's own frames of 25.6 ms. There is no error of magnitudes: its gradient is so
much alike from batch to batch that even a small weight decides what is learnt.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .. import spec
from .loss import CLIP, energy

WINDOW, HOP, POINTS = 205, 102, 400  # STOI's 256, 128 and 512 samples at 10 kHz
SEGMENT = 30  # frames: 384 ms
EVERY = 3  # of the segments is scored: clips start at random
ACTIVE = 10**-4.0  # frames 40 dB below the loudest of the clean signal do not count
BEST_SDR = 30.0  # dB; beyond, an improvement is worth nothing


def third_octaves() -> Tensor:
    """Return STOI's 15 third-octave bands from 150 Hz: (201, 15), of zeros and ones."""
    hertz = np.arange(POINTS // 2 + 1) * spec.SAMPLE_RATE / POINTS
    centres = 150 * 2 ** (np.arange(15) / 3)
    low = np.abs(hertz[:, None] - centres * 2 ** (-1 / 6)).argmin(axis=0)
    high = np.abs(hertz[:, None] - centres * 2 ** (1 / 6)).argmin(axis=0)
    bins = np.arange(len(hertz))[:, None]
    return torch.tensor((bins >= low) & (bins < high), dtype=torch.float32)


class SignalLoss(nn.Module):
    """``1 - stoi + harm max(0, before - stoi) - sdr SI-SDR``, averaged over clips.

    Parameters
    ----------
    harm : float
        Weight of the extra penalty for clips made less intelligible than the noisy input.
    sdr : float
        Weight of the SI-SDR, per dB.
    """

    bands: Tensor
    window: Tensor

    def __init__(self, harm: float, sdr: float) -> None:
        super().__init__()
        self.harm, self.sdr = harm, sdr
        self.register_buffer("bands", third_octaves())
        self.register_buffer("window", torch.hann_window(WINDOW + 2, False)[1:-1])  # as pystoi

    def forward(self, enhanced: Tensor, noisy: Tensor, clean: Tensor) -> Tensor:
        """Return the scalar loss of signals (clips, samples)."""
        level = clean.square().mean(1, keepdim=True).sqrt() + 1e-5
        with torch.no_grad():
            x, active = self._seen(clean / level)
            weight = active.unfold(1, SEGMENT, 1).mean(-1)[:, ::EVERY]
            before = correlation(x, self._seen(noisy / level)[0], weight)
        after = correlation(x, self._seen(enhanced / level)[0], weight)
        loss = 1 - after + self.harm * torch.relu(before - after)
        return torch.as_tensor((loss - self.sdr * si_sdr(clean, enhanced)).mean())

    def _seen(self, signals: Tensor) -> tuple[Tensor, Tensor]:
        """Return envelopes (clips, frames, 15), and whether frames are active (clips, frames)."""
        spectra = torch.stft(
            signals, POINTS, HOP, WINDOW, self.window, center=False, return_complex=True
        ).transpose(1, 2)
        power = spectra.real.square() + spectra.imag.square() + 1e-8
        loud = power.sum(-1)
        active = (loud > ACTIVE * loud.amax(1, keepdim=True)).float()
        return (power @ self.bands).sqrt(), active


def correlation(clean: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """Return STOI's mean correlation of third-octave envelopes (Taal et al. 2011, eqs. 3-5).

    Parameters
    ----------
    clean, other : float32, shape (clips, frames, 15)
    weight : float32, shape (clips, segments)
        Weight of each segment: `EVERY`-th ones.
    """
    x, y = (e.unfold(1, SEGMENT, EVERY) for e in (clean, other))
    y = torch.minimum(y * (energy(x) / energy(y)).sqrt(), x * CLIP)
    x, y = x - x.mean(-1, keepdim=True), y - y.mean(-1, keepdim=True)
    cosine = (x * y).sum(-1) / (energy(x) * energy(y)).sqrt().squeeze(-1)
    return torch.as_tensor((cosine.mean(-1) * weight).sum(1) / (weight.sum(1) + 1e-6))


def si_sdr(clean: Tensor, enhanced: Tensor) -> Tensor:
    """Return the SI-SDR in dB, softly limited to `BEST_SDR`, of each clip (clips, samples)."""
    power = clean.square().sum(1) + 1e-8
    scale = (clean * enhanced).sum(1) / power
    target = scale.square() * power
    rest = (enhanced - scale[:, None] * clean).square().sum(1)
    limit = 10 ** (-BEST_SDR / 10)
    return 10 * torch.log10((target + 1e-8) / (rest + limit * target + 1e-8))
