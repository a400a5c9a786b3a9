"""Augmented clips of speech and noise, at unit power: the material of the pool in `supply`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import spec
from . import augment
from .augment import Float, Rng
from .corpus import Corpus

SPEECH_SPEED = (0.85, 1.18)
NOISE_SPEED = (0.7, 1.4)
NOISE_SPREAD = 8.0  # dB; more than for speech: noises' spectra vary more than microphones'
# Kinds of noise, and how often each is drawn.
RECORDED, BABBLE, COLOURED, TONES = 0.66, 0.14, 0.12, 0.08


def speech(rng: Rng, voices: Corpus[Path], samples: int) -> Float:
    """Return speech at a random speed, through a random microphone, 3 in 10 in a room."""
    signal = at_speed(rng, voices.draw, SPEECH_SPEED, samples)
    signal = augment.channel(rng, signal)
    if rng.random() < 0.3:
        signal = augment.filtered(signal, augment.room(rng, samples))
    return scaled(signal)


def noise(rng: Rng, voices: Corpus[Path], noises: Corpus[Path], samples: int) -> Float:
    """Return recorded noise, babble, coloured noise or tones, through a random channel."""
    kind = rng.random()
    if kind < RECORDED:
        signal = at_speed(rng, noises.draw, NOISE_SPEED, samples)
    elif kind < RECORDED + BABBLE:
        signal = babble(rng, voices, samples)
    elif kind < RECORDED + BABBLE + COLOURED:
        signal = coloured(rng, samples)
    else:
        signal = tones(rng, samples)
    if rng.random() < 0.3:
        signal = signal[::-1]
    if rng.random() < 0.15:
        signal = signal * modulation(rng, samples)
    if rng.random() < 0.2:
        signal = augment.filtered(signal, augment.room(rng, samples))
    return scaled(augment.channel(rng, signal, NOISE_SPREAD))


def at_speed(
    rng: Rng, draw: Callable[[Rng, int], Float], speeds: tuple[float, float], samples: int
) -> Float:
    """Draw a segment and change its speed and pitch by a random factor, in the spectrum."""
    factor = np.exp(rng.uniform(*np.log(speeds)))
    length = 400 * round(samples * factor / 400)  # a length with small factors
    spectrum = np.fft.rfft(draw(rng, length))
    kept = np.zeros(samples // 2 + 1, complex)
    count = min(len(kept), len(spectrum))
    kept[:count] = spectrum[:count]
    return np.asarray(np.fft.irfft(kept, samples) * (samples / length))


def babble(rng: Rng, voices: Corpus[Path], samples: int) -> Float:
    """Return 3 to 8 voices at once."""
    parts = [
        scaled(at_speed(rng, voices.draw, SPEECH_SPEED, samples)) * rng.uniform(0.4, 1)
        for _ in range(rng.integers(3, 9))
    ]
    return np.asarray(np.sum(parts, axis=0))


def coloured(rng: Rng, samples: int) -> Float:
    """Return Gaussian noise with a spectrum that falls by -2 to 12 dB an octave, half modulated."""
    octaves = np.log2(np.maximum(np.linspace(0, spec.SAMPLE_RATE / 2, samples // 2 + 1), 50) / 50)
    signal = augment.filtered(rng.normal(size=samples), 10 ** (-rng.uniform(-2, 12) * octaves / 20))
    return signal * modulation(rng, samples) if rng.random() < 0.5 else signal


def tones(rng: Rng, samples: int) -> Float:
    """Return one to three harmonic tones whose pitch wanders, with some noise: engines, alarms."""
    signal = scaled(coloured(rng, samples)) * rng.uniform(0.05, 0.5)
    for _ in range(rng.integers(1, 4)):
        pitch = np.exp(rng.uniform(np.log(60), np.log(1500)))
        steps = np.interp(
            np.arange(samples), np.linspace(0, samples, 12), rng.normal(0, rng.uniform(0, 0.2), 12)
        )
        phase = 2 * np.pi * np.cumsum(pitch * np.exp(steps)) / spec.SAMPLE_RATE
        count = max(1, min(20, int(3600 / (pitch * np.exp(steps.max())))))
        slope = rng.uniform(0.3, 1.5)
        tone = sum(np.sin(h * phase + rng.uniform(0, 6.3)) / h**slope for h in range(1, count + 1))
        gate = modulation(rng, samples) if rng.random() < 0.5 else 1.0
        signal = signal + scaled(np.asarray(tone)) * gate * rng.uniform(0.3, 1)
    return signal


def modulation(rng: Rng, samples: int) -> Float:
    """Return a positive envelope that wanders at 0.5 to 12 Hz by up to 30 dB."""
    points = max(4, int(samples / spec.SAMPLE_RATE * np.exp(rng.uniform(np.log(0.5), np.log(12)))))
    decibels = rng.uniform(-rng.uniform(6, 30), 0, points)
    return 10 ** (np.interp(np.linspace(0, points - 1, samples), np.arange(points), decibels) / 20)


def scaled(signal: Float) -> Float:
    """Scale a segment to unit power."""
    return np.asarray(signal / np.sqrt(np.mean(signal**2) + 1e-12))
