"""Quality at 48 kHz: noisy, with the band up to 4 kHz only, with the full band, and RNNoise.

    python tests/bench/wide_band.py SPEECH NOISE

Mixes recordings of the two folders, at 16 kHz or more, at 48 kHz, and prints the means of wide-band
PESQ and STOI at 16 kHz and of SI-SDR. STOI hears up to 4.3 kHz, whatever the rate. RNNoise is
skipped if pyrnnoise is not installed.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pesq
import pystoi

from nibblestream import Enhancer
from nibblestream.evaluate.metrics import si_sdr
from nibblestream.sound import reading
from nibblestream.speech.resampler import resample

RATE = 48_000
SCORED = 16_000  # Hz
SNRS = (0.0, 5.0, 10.0, 15.0)  # dB
PEAK = 0.5
METRICS = ("PESQ wb", "STOI", "SI-SDR dB")

Float = npt.NDArray[np.float64]
System = Callable[[Float], Float]


def mixtures(speech: Path, noise: Path) -> Iterator[tuple[float, Float, Float]]:
    """Yield the SNR in dB, the clean and the noisy signal: each recording once at each SNR."""
    rng = np.random.default_rng(48)
    sounds = [reading.read_mono(path, RATE) for path in reading.find(noise)]
    for path in reading.find(speech):
        clean = reading.read_mono(path, RATE)
        for snr in SNRS:
            sound = sounds[rng.integers(len(sounds))]
            added = np.roll(np.resize(sound, len(clean)), rng.integers(len(clean)))
            added = added * np.sqrt(np.mean(clean**2) / np.mean(added**2) / 10 ** (snr / 10))
            scale = PEAK / np.abs(clean + added).max()
            yield snr, scale * clean, scale * (clean + added)


def rnnoise() -> System:
    """Return RNNoise at 48 kHz; its output is two frames late (20 ms), and is moved back."""
    from pyrnnoise import rnnoise as library

    def enhance(noisy: Float) -> Float:
        size = library.FRAME_SIZE
        whole = np.pad(noisy, (0, 2 * size + -len(noisy) % size)).reshape(-1, size)
        frames = np.round(32767 * whole).astype(np.int16)
        state = library.create()
        done = [library.process_mono_frame(state, frame)[0] for frame in frames]
        library.destroy(state)
        return np.concatenate(done)[2 * size :][: len(noisy)] / 32767

    return enhance


def systems() -> dict[str, System]:
    """Return the systems that are compared."""
    found: dict[str, System] = {"noisy": lambda noisy: noisy}
    for band in ("narrow", "full"):
        enhancer = Enhancer(band=band)
        found[band] = lambda noisy, enhancer=enhancer: enhancer.enhance(noisy, RATE)
    try:
        found["RNNoise"] = rnnoise()
    except ModuleNotFoundError:
        print("RNNoise is skipped: pyrnnoise is not installed")
    return found


def scores(clean: Float, estimate: Float) -> tuple[float, float, float]:
    """Return wide-band PESQ, STOI and SI-SDR of signals at 48 kHz, heard at 16 kHz."""
    one, other = (resample(signal, RATE, SCORED) for signal in (clean, estimate))
    quality = pesq.pesq(SCORED, one.astype(np.float32), other.astype(np.float32), "wb")
    return quality, pystoi.stoi(one, other, SCORED), si_sdr(one, other)


def main() -> None:
    """Print a table of means, and of the differences to the noisy mixtures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("noise", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("error")
    compared = systems()
    found = np.array(
        [
            [scores(clean, system(noisy)) for system in compared.values()]
            for _, clean, noisy in mixtures(options.speech, options.noise)
        ]
    )
    print(f"{len(found)} mixtures, {'/'.join(f'{snr:.0f}' for snr in SNRS)} dB")
    print(f"{'':10}" + "".join(f"{name:>20}" for name in METRICS))
    for name, means in zip(compared, found.mean(axis=0), strict=True):
        gains = means - found[:, 0].mean(axis=0)
        cells = (f"{mean:12.3f} ({gain:+.3f})" for mean, gain in zip(means, gains, strict=True))
        print(f"{name:10}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    main()
