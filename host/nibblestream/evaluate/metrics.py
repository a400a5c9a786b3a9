"""STOI, SI-SDR and narrow-band PESQ of one signal against its clean reference, at 8 kHz."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from .. import spec
from .clip import Float

STOI_SHORTEST = 0.4  # seconds: 30 frames of 256 samples, hop 128, at STOI's 10 kHz
SI_SDR_LIMIT = 100.0  # dB; beyond it, only rounding errors are compared
# The PESQ code crashes beyond 50 utterances. Each takes at least 0.2 s and a pause of 0.2 s, so a
# clip of 20 s cannot hold more. (PESQ was designed for 8 to 30 s of speech.)
PESQ_LONGEST = 20.0


class UnusableReferenceError(ValueError):
    """The clean signal is unusable as a reference: the clip is refused, not scored."""


class UndefinedScoreError(ValueError):
    """The metric is undefined for the signal; other metrics may be defined."""


def stoi(clean: Float, estimate: Float) -> float:
    """Return the short-time objective intelligibility (Taal et al. 2011), using pystoi.

    Parameters
    ----------
    clean, estimate : float64, shape (n,), 8 kHz

    Returns
    -------
    float
        At most 1; not comparable with scores at other sample rates.

    Raises
    ------
    UnusableReferenceError
        Fewer than 30 frames (0.4 s) of `clean` are active.
    """
    import pystoi

    _check(clean, estimate)
    if len(clean) < STOI_SHORTEST * spec.SAMPLE_RATE:
        raise UnusableReferenceError(
            f"too short for STOI: {len(clean)} samples; expected 0.4 s of activity"
        )
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
        try:
            return float(pystoi.stoi(clean, estimate, spec.SAMPLE_RATE))
        except RuntimeWarning as error:
            raise UnusableReferenceError(
                "too short for STOI: under 30 active frames; expected 0.4 s"
            ) from error


def si_sdr(clean: Float, estimate: Float) -> float:
    """Return the scale-invariant SDR (Le Roux et al. 2019, eq. 3) after removing the means.

    Parameters
    ----------
    clean, estimate : float64, shape (n,)

    Returns
    -------
    float
        In dB, within +-100.

    Raises
    ------
    UndefinedScoreError
        The ratio is infinite: the estimate is silent, or the clean signal up to scale.
    """
    _check(clean, estimate)
    clean, estimate = clean - clean.mean(), estimate - estimate.mean()
    target = clean * (clean @ estimate) / (clean @ clean)
    signal, distortion = target @ target, (estimate - target) @ (estimate - target)
    limit = 10 ** (SI_SDR_LIMIT / 10)
    if distortion * limit <= signal and signal > 0:
        raise UndefinedScoreError("SI-SDR is infinite: the signal equals the clean one up to scale")
    if signal * limit <= distortion:
        raise UndefinedScoreError(
            "SI-SDR is minus infinity: the signal holds nothing of the clean one"
        )
    return float(10 * np.log10(signal / distortion))


def pesq(clean: Float, estimate: Float) -> float:
    """Return narrow-band PESQ as MOS-LQO (ITU-T P.862.1).

    Parameters
    ----------
    clean, estimate : float64, shape (n,), 8 kHz

    Returns
    -------
    float
        1.0 to 4.6.

    Raises
    ------
    UndefinedScoreError
        The estimate is silent, PESQ finds no utterance, or the clip is shorter than 1/4 s or
        longer than 20 s.
    """
    import pesq as itu

    _check(clean, estimate)
    seconds = len(clean) / spec.SAMPLE_RATE
    if seconds > PESQ_LONGEST:
        raise UndefinedScoreError(
            f"PESQ takes at most {PESQ_LONGEST:g} s: it may crash on longer clips"
        )
    try:
        return float(itu.pesq(spec.SAMPLE_RATE, clean, estimate, "nb"))
    except itu.PesqError as error:
        raise UndefinedScoreError(f"PESQ: {error.args[0].decode()}") from error
    except ValueError as error:  # PESQ's levels are NaN: the estimate has no power in float32
        raise UndefinedScoreError("PESQ: the signal is silent") from error


METRICS: dict[str, Callable[[Float, Float], float]] = {"stoi": stoi, "si_sdr": si_sdr, "pesq": pesq}


def _check(clean: Float, estimate: Float) -> None:
    if clean.shape != estimate.shape or clean.ndim != 1:
        raise ValueError(
            f"clean has shape {clean.shape}, estimate {estimate.shape}; expected the same (n,)"
        )
    if np.ptp(clean) == 0:
        raise UnusableReferenceError("the clean signal is silent or constant")
