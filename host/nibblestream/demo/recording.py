"""Make the bundled recording: ``python -m nibblestream.demo.recording`` (needs Debian's flite).

The recording is synthetic. The speech is synthesised by Flite 2.2 with its voice "slt" (Carnegie
Mellon University; both are free to use and distribute, without conditions on their output). The
noise, rain and an idling engine, is computed here. Both files are thus under the licence of this
project.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import spec
from ..sound import reading, writing

Float = npt.NDArray[np.float64]

FOLDER = Path(__file__).parent
CLEAN, NOISY = FOLDER / "clean.wav", FOLDER / "noisy.wav"
SENTENCES = (
    "Every weight of this network is a code of four bits.",
    "The codes are streamed to the hardware, and most of the noise stays behind.",
)
PAUSE = 0.5  # seconds before, between and after the sentences
SNR = 4.0  # dB, over the whole recording
PEAK = 0.7  # amplitude of the noisy recording
SEED = 4


def say(sentence: str) -> Float:
    """Synthesise one sentence at 8 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sentence.wav")
        subprocess.run(["flite", "-voice", "slt", "-t", sentence, "-o", str(path)], check=True)
        return reading.read_mono(path)


def swell(rng: np.random.Generator, count: int, seconds: float, depth: float) -> Float:
    """Return a smooth random curve within +-depth, through a new random value every `seconds`."""
    goals = rng.uniform(-depth, depth, 2 + int(count / (seconds * spec.SAMPLE_RATE)))
    place = np.arange(count) / (seconds * spec.SAMPLE_RATE)
    step = place.astype(np.intp)
    turn = (1 - np.cos(np.pi * (place - step))) / 2
    return np.asarray(goals[step] * (1 - turn) + goals[step + 1] * turn)


def rain(rng: np.random.Generator, count: int) -> Float:
    """Return noise that falls by 3 dB per octave above 300 Hz, its level varying by +-4 dB."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / spec.SAMPLE_RATE)
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 300.0)), count)
    return np.asarray(shaped / shaped.std() * 10 ** (swell(rng, count, 0.6, 4.0) / 20))


def engine(rng: np.random.Generator, count: int) -> Float:
    """Return thirty harmonics of about 60 Hz, their pitch varying by +-5%."""
    phase = np.cumsum(60 * (1 + swell(rng, count, 0.8, 0.05))) * 2 * np.pi / spec.SAMPLE_RATE
    harmonics = [np.sin(k * phase + rng.uniform(0, 2 * np.pi)) / k for k in range(1, 31)]
    total = np.sum(harmonics, axis=0)
    return np.asarray(total / total.std())


def make() -> tuple[Float, Float]:
    """Return the clean and the noisy recording at 8 kHz."""
    pause = np.zeros(int(PAUSE * spec.SAMPLE_RATE))
    clean = np.concatenate([pause, *(part for s in SENTENCES for part in (say(s), pause))])
    rng = np.random.default_rng(SEED)
    noise = rain(rng, len(clean)) + 0.7 * engine(rng, len(clean))
    noise *= clean.std() / noise.std() * 10 ** (-SNR / 20)
    scale = PEAK / np.abs(clean + noise).max()
    return scale * clean, scale * (clean + noise)


if __name__ == "__main__":
    for path, samples in zip((CLEAN, NOISY), make(), strict=True):
        writing.write(path, samples, spec.SAMPLE_RATE)
