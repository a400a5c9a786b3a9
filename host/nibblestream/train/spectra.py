"""Spectra and features of batches in PyTorch, equal to `speech.stft` and `speech.features`."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import spec

OCTAVES = 2.0 ** (spec.FEATURE.frac - spec.LOG2_FRAC)  # octaves at a feature value of 1


class Frames:
    """STFT and inverse with a window of 128 or 256 samples, a hop of 64 and 129 bins.

    Parameters
    ----------
    window : int
        One of `stft.WINDOWS`.
    device : torch.device
    """

    def __init__(self, window: int, device: torch.device) -> None:
        hann = torch.hann_window(window, dtype=torch.float64, device=device)
        self._window = (hann * (spec.WINDOW / window)).float()

    def stft(self, signals: Tensor) -> Tensor:
        """Return spectra, complex64 (clips, 129, 1 + samples // 64), of (clips, samples)."""
        return torch.stft(
            signals,
            spec.FFT,
            spec.HOP,
            len(self._window),
            self._window,
            pad_mode="constant",
            return_complex=True,
        )

    def istft(self, spectra: Tensor, samples: int) -> Tensor:
        """Return signals (clips, samples) of spectra (clips, 129, frames)."""
        window = self._window
        return torch.istft(spectra, spec.FFT, spec.HOP, len(window), window, length=samples)


class Seen:
    """A batch of noisy signals as a network sees them.

    Parameters
    ----------
    noisy : Tensor
        float32, shape (clips, samples).
    window : int
        As of `Frames`.
    """

    def __init__(self, noisy: Tensor, window: int) -> None:
        self._frames, self._samples = Frames(window, noisy.device), noisy.shape[1]
        self._spectra = self._frames.stft(noisy)
        magnitude = self._spectra.abs().permute(2, 0, 1).contiguous()
        self.features = log2_over_floor(magnitude)  # (frames, clips, 129)

    def enhanced(self, gains: Tensor) -> Tensor:
        """Return the signals (clips, samples) with gains (frames, clips, 129)."""
        return self._frames.istft(self._spectra * gains.permute(1, 2, 0), self._samples)


@torch.no_grad()
def log2_over_floor(magnitude: Tensor) -> Tensor:
    """Return the features of `features.FloorTracker`, on its grid up to the error of its log2.

    Parameters
    ----------
    magnitude : float32, shape (frames, ...)

    Returns
    -------
    float32, same shape
        In [-1, 1), in steps of 2**-11.
    """
    level = torch.log2(magnitude * 2.0**spec.MAGNITUDE.frac + spec.LOG2_OFFSET)
    floors = torch.empty_like(level)
    floor = level[0].clone()
    for now, out in zip(level.unbind(), floors.unbind(), strict=True):
        difference = now - floor
        floor.add_(difference.clamp(min=0), alpha=2.0**-spec.FLOOR_RISE)
        floor.add_(difference.clamp_(max=0), alpha=2.0**-spec.FLOOR_FALL)
        out.copy_(floor)
    word = spec.FEATURE
    scaled = ((level - floors) / OCTAVES * 2.0**word.frac).round()
    return scaled.clamp(word.low, word.high) / 2.0**word.frac
