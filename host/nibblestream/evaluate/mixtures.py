"""Mixtures of speech and noise, as in section 4 of the paper.

A random speech clip, a noise segment of the same length, an SNR drawn from {0, 5} dB. The seed
determines all of it; with the same seed, every channel gets the same mixtures.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from .. import spec
from ..files.digest import content_digest, text_digest
from ..sound import reading
from .channels import CHANNELS, transmit
from .clip import Clip, Float
from .noise_types import noise_types

SHORTEST = 1.5  # seconds; shorter speech is not used: STOI needs 0.4 s of activity
LONGEST = 10.0  # seconds; by default, longer speech is cut
LIMIT = 100.0  # dB, largest absolute SNR


@dataclass(frozen=True)
class Mixture:
    """The recipe of one mixture.

    Parameters
    ----------
    name : str
        Speech and noise; the same in every channel.
    start : float
        Start of the noise segment, as a fraction in [0, 1) of the possible range.
    snr : float
        In dB over the whole clip, before the channel; infinity means clean speech.
    channel : {"none", "telephone", "equaliser"}
        Channel applied to both signals, so that the clean one stays the reference.
    seed : tuple of int
        Seed of the equaliser.
    longest : float
        In seconds; longer speech is cut.
    """

    name: str
    speech: Path
    noise: Path
    noise_type: str
    start: float
    snr: float
    channel: str
    seed: tuple[int, int]
    longest: float = LONGEST

    def __post_init__(self) -> None:
        _check_levels([self.snr])
        _check_longest(self.longest)
        if not 0 <= self.start < 1 or self.channel not in CHANNELS or min(self.seed) < 0:
            raise ValueError(
                f"{self.name} starts at {self.start}, with channel '{self.channel}' and seed "
                f"{self.seed}; expected a start in [0, 1), one of {', '.join(CHANNELS)}, and "
                "seeds of 0 or more"
            )

    @property
    def groups(self) -> tuple[str, ...]:
        """Noise type, SNR, channel, and the combination of all three."""
        kind = "none" if np.isinf(self.snr) else self.noise_type
        factors = (f"noise={kind}", f"snr={self.snr:g} dB", f"channel={self.channel}")
        return (*factors, ", ".join(factors))

    @property
    def digest(self) -> str:
        """SHA-256 of both files' contents and of the mixing parameters."""
        parts = [content_digest(file) for file in (self.speech, self.noise)]
        drawn = (self.start, self.snr, self.channel, self.seed, self.longest)
        return text_digest("mixture", *parts, *drawn)

    def realise(self) -> Clip:
        """Read, cut, mix and filter; both signals are scaled down if the mixture would clip.

        Raises
        ------
        ValueError, FileNotFoundError
            A file cannot be read, or the speech or the noise segment is silent.
        """
        last = None if np.isinf(self.longest) else int(self.longest * spec.SAMPLE_RATE)
        clean = reading.read_mono(self.speech, last=last)
        noisy = clean
        if np.isfinite(self.snr):
            noise = _read_segment(self.noise, len(clean), self.start)
            noisy = self._mix(clean, noise)
        clean, noisy = (transmit(signal, self.channel, self.seed) for signal in (clean, noisy))
        scale = max(1.0, float(np.abs(noisy).max()))
        return Clip(clean / scale, noisy / scale)

    def _mix(self, clean: Float, noise: Float) -> Float:
        try:
            return mix(clean, noise, self.snr)
        except ValueError as error:
            raise ValueError(f"{self.speech} with {self.noise}: {error}") from error


def mix(clean: Float, noise: Float, snr: float) -> Float:
    """Add noise to speech.

    Parameters
    ----------
    clean, noise : float64, shape (n,)
    snr : float
        Ratio of the powers over all n samples, in dB, finite.

    Returns
    -------
    float64, shape (n,)
        `clean` at its own level plus the scaled noise.

    Raises
    ------
    ValueError
        The lengths differ, or a signal is silent, so that the SNR is undefined.
    """
    if clean.shape != noise.shape:
        raise ValueError(f"speech has shape {clean.shape}, noise {noise.shape}; expected the same")
    powers = {"speech": float(np.mean(clean**2)), "noise": float(np.mean(noise**2))}
    for signal, power in powers.items():
        if power == 0:
            raise ValueError(f"the {signal} is silent, so {snr:g} dB cannot be reached")
    gain = float(np.sqrt(powers["speech"] / powers["noise"] * 10 ** (-snr / 10)))
    return clean + gain * noise


def segment(noise: Float, length: int, start: float) -> Float:
    """Cut `length` samples out of noise (n,), from `start` in [0, 1); short noise is looped."""
    room = len(noise) - length + 1 if len(noise) >= length else len(noise)
    first = int(start * room)
    return np.take(noise, np.arange(first, first + length, dtype=np.intp), mode="wrap")


def _read_segment(path: Path, length: int, start: float) -> Float:
    """Return `segment` of a noise file, reading only the samples needed of long files."""
    room = reading.length(path) - length + 1
    if room > 0:
        first = int(start * room)
        noise = reading.read_mono(path, first=first, last=first + length)
        if len(noise) == length:  # the header may state more samples than there are
            return noise
    return segment(reading.read_mono(path), length, start)


def mixtures(
    speech: str | Path,
    noise: str | Path,
    *,
    count: int = 200,
    seed: int = 0,
    snrs: Sequence[float] = (0.0, 5.0),
    channel: str = "none",
    balanced: bool = True,
    longest: float = LONGEST,
    files: Callable[[Path], list[Path]] = reading.find,
) -> list[Mixture]:
    """Draw mixtures of the files in two folders.

    Files are used in random order, and reused once all have been used. Speech under 1.5 s is not
    used, as it is too short for STOI.

    Parameters
    ----------
    speech, noise : path
        Folders, searched with their sub-folders.
    count : int
        Number of mixtures per channel.
    seed : int
        Not negative.
    snrs : sequence of float
        In dB; infinity leaves the speech clean.
    channel : {"none", "telephone", "equaliser", "all"}
        "all" applies every channel to the same mixtures: three times `count` in total.
    balanced : bool
        Whether each SNR is used equally often; otherwise each mixture's SNR is drawn independently.
    longest : float
        In seconds; longer speech is cut. Infinity disables cutting.
    files : callable
        Lists the usable files of a folder.

    Returns
    -------
    list of Mixture
        Files that cannot be read cause a warning and are not used.

    Raises
    ------
    FileNotFoundError, ValueError
        A folder is missing or holds no usable file, or a parameter is out of range.
    """
    _check(count, snrs, channel, longest)
    rng = np.random.default_rng(seed)
    speech, noise = Path(speech), Path(noise)
    voices = _draw(speech, files(speech), rng, count, SHORTEST)
    noises = _draw(noise, files(noise), rng, count, 0.0)
    kinds = noise_types(noise, noises)
    levels = rng.permutation(np.resize(snrs, count)) if balanced else rng.choice(snrs, count)
    drawn = zip(voices, noises, rng.random(count), levels, strict=True)
    plain = [
        Mixture(
            name=f"{voice.relative_to(speech)} + {file.relative_to(noise)}",
            speech=voice,
            noise=file,
            noise_type=kinds[file],
            start=float(start),
            snr=float(snr),
            channel="none",
            seed=(seed, index),
            longest=longest,
        )
        for index, (voice, file, start, snr) in enumerate(drawn)
    ]
    channels = CHANNELS if channel == "all" else (channel,)
    return [replace(mixture, channel=name) for name in channels for mixture in plain]


def _check(count: int, snrs: Sequence[float], channel: str, longest: float) -> None:
    if count < 1:
        raise ValueError(f"count is {count}; expected 1 mixture or more")
    _check_levels(snrs)
    _check_longest(longest)
    if channel not in (*CHANNELS, "all"):
        raise ValueError(f"channel is '{channel}'; expected one of {', '.join(CHANNELS)}, all")


def _check_levels(snrs: Sequence[float]) -> None:
    if not len(snrs) or not all(abs(snr) <= LIMIT or snr == np.inf for snr in snrs):
        raise ValueError(f"SNRs are {list(snrs)}; expected some within +-{LIMIT:g} dB, or inf")


def _check_longest(longest: float) -> None:
    if not longest >= SHORTEST:
        raise ValueError(f"longest is {longest:g} s; expected {SHORTEST:g} s or more")


def _draw(
    folder: Path, paths: list[Path], rng: np.random.Generator, count: int, shortest: float
) -> list[Path]:
    order = (paths[i] for i in rng.permutation(len(paths)))
    usable = list(islice((path for path in order if _seconds(path) > shortest), count))
    if not usable:
        raise ValueError(
            f"{folder}: none of {len(paths)} files can be read and is longer than {shortest:g} s"
        )
    return list(islice(cycle(usable), count))


def _seconds(path: Path) -> float:
    try:
        return reading.seconds(path)
    except (ValueError, OSError) as error:
        warnings.warn(f"left out: {error}", stacklevel=4)
        return 0.0
