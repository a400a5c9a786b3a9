"""Linear channels (telephone, equaliser) for evaluation; training never uses them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import spec
from .clip import Float

CHANNELS = ("none", "telephone", "equaliser")

TELEPHONE_BAND = (300.0, 3400.0)  # Hz
PEAKS = 4
PEAK_GAIN = 10.0  # dB, up or down
TILT_GAIN = 6.0  # dB, of the shelf above TILT_CENTRE, up or down
TILT_CENTRE = 1000.0  # Hz
TILT_Q = 0.4  # below 0.5: a gradual slope over octaves rather than a step


def sections(channel: str, seed: Sequence[int]) -> Float:
    """Return the second-order sections of a channel.

    Parameters
    ----------
    channel : {"telephone", "equaliser"}
        A 300 to 3400 Hz band-pass, or a smooth random curve: four peaks or dips of up to 10 dB
        and a tilt.
    seed : sequence of int
        Seed of the equaliser; the telephone is not random.

    Returns
    -------
    float64, shape (sections, 6)
        In the form of `scipy.signal.sosfilt`, for 8 kHz.
    """
    if channel == "telephone":
        from scipy.signal import butter

        return np.asarray(butter(4, TELEPHONE_BAND, "bandpass", fs=spec.SAMPLE_RATE, output="sos"))
    rng = np.random.default_rng(seed)
    centres = np.exp(rng.uniform(np.log(100.0), np.log(3600.0), PEAKS))
    gains = rng.uniform(-PEAK_GAIN, PEAK_GAIN, PEAKS)
    widths = rng.uniform(0.5, 1.5, PEAKS)
    peaks = [peaking(*peak) for peak in zip(centres, gains, widths, strict=True)]
    return np.stack([*peaks, high_shelf(TILT_CENTRE, rng.uniform(-TILT_GAIN, TILT_GAIN), TILT_Q)])


def transmit(signal: Float, channel: str, seed: Sequence[int]) -> Float:
    """Filter a signal (n,) at 8 kHz with one of `CHANNELS`; the shape is kept."""
    if channel not in CHANNELS:
        raise ValueError(f"channel is '{channel}'; expected one of {', '.join(CHANNELS)}")
    if channel == "none":
        return signal
    from scipy.signal import sosfilt

    return np.asarray(sosfilt(sections(channel, seed), signal))


def peaking(centre: float, gain: float, q: float) -> Float:
    """Return a peak of `gain` dB at `centre` Hz (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, cos, alpha = _cookbook(centre, gain, q)
    numerator = [1 + alpha * a, -2 * cos, 1 - alpha * a]
    return _section(numerator, [1 + alpha / a, -2 * cos, 1 - alpha / a])


def high_shelf(centre: float, gain: float, q: float) -> Float:
    """Return a shelf of `gain` dB above `centre` Hz (R. Bristow-Johnson, Audio EQ Cookbook)."""
    a, cos, alpha = _cookbook(centre, gain, q)
    up, down, slope = a + 1, a - 1, 2 * np.sqrt(a) * alpha
    numerator = [up + down * cos + slope, -2 * (down + up * cos), up + down * cos - slope]
    denominator = [up - down * cos + slope, 2 * (down - up * cos), up - down * cos - slope]
    return _section([a * b for b in numerator], denominator)


def _section(numerator: Sequence[float], denominator: Sequence[float]) -> Float:
    return np.array([*numerator, *denominator], np.float64) / denominator[0]


def _cookbook(centre: float, gain: float, q: float) -> tuple[float, float, float]:
    angle = 2 * np.pi * centre / spec.SAMPLE_RATE
    return 10 ** (gain / 40), float(np.cos(angle)), float(np.sin(angle)) / (2 * q)
