"""STOI, SI-SDR and PESQ against their sources and closed forms; what they refuse."""

import numpy as np
import pystoi
import pytest

from nibblestream.evaluate.metrics import (
    METRICS,
    PESQ_LONGEST,
    UndefinedScoreError,
    UnusableReferenceError,
    pesq,
    si_sdr,
    stoi,
)

pytestmark = pytest.mark.numeric

RATE = 8000


def bursts(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise that comes and goes four times a second, as speech does."""
    n = int(seconds * RATE)
    envelope = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * np.arange(n) / RATE)
    return 0.1 * envelope * np.random.default_rng(seed).standard_normal(n)


def orthogonal(clean: np.ndarray, seed: int = 1) -> np.ndarray:
    """Zero-mean noise of the power of `clean`, orthogonal to it."""
    clean = clean - clean.mean()
    noise = np.random.default_rng(seed).standard_normal(len(clean))
    noise -= noise.mean()
    noise -= clean * (noise @ clean) / (clean @ clean)
    return noise * np.sqrt((clean @ clean) / (noise @ noise))


def test_stoi_is_pystois() -> None:
    clean = bursts(2)
    noisy = clean + bursts(2, seed=1)
    assert stoi(clean, noisy) == pystoi.stoi(clean, noisy, RATE)
    assert 0.1 < stoi(clean, noisy) < 0.95
    assert stoi(clean, clean) == pytest.approx(1.0)
    assert stoi(clean, np.zeros_like(clean)) == 0.0


@pytest.mark.parametrize("samples", [1, 100, 1000, 3199, 3200])
def test_stoi_refuses_clips_too_short(samples: int) -> None:
    clean = bursts(1)[:samples] + 0.01
    clean[0] += 1e-3
    with pytest.raises(UnusableReferenceError, match=r"STOI|silent"):
        stoi(clean, clean)


def test_stoi_refuses_clips_with_too_little_activity() -> None:
    clean = np.zeros(3 * RATE)
    clean[: int(0.25 * RATE)] = bursts(0.25)
    with pytest.raises(UnusableReferenceError, match="30 active frames"):
        stoi(clean, clean)


@pytest.mark.parametrize("ratio", [-30.0, -5.0, 0.0, 2.5, 20.0, 60.0])
@pytest.mark.parametrize("gain", [1.0, 0.01, -3.0])
def test_si_sdr_of_known_mixtures(ratio: float, gain: float) -> None:
    clean = bursts(1)
    noisy = gain * (clean + orthogonal(clean) * 10 ** (-ratio / 20)) + 0.3
    assert si_sdr(clean, noisy) == pytest.approx(ratio, abs=1e-9)


def test_si_sdr_of_the_clean_signal_or_silence_is_undefined_not_infinite() -> None:
    clean = bursts(1)
    for estimate in (clean, 0.3 * clean, clean + 0.1):
        with pytest.raises(UndefinedScoreError, match="equals"):
            si_sdr(clean, estimate)
    for estimate in (np.zeros_like(clean), np.ones_like(clean), orthogonal(clean)):
        with pytest.raises(UndefinedScoreError, match="nothing"):
            si_sdr(clean, estimate)


def test_pesq_is_narrow_band_mos() -> None:
    clean = bursts(2)
    assert pesq(clean, clean) == pytest.approx(4.5486, abs=1e-3)  # P.862.1 of a raw score of 4.5
    assert 1.0 < pesq(clean, clean + bursts(2, seed=1)) < 4.0


def test_pesq_without_an_utterance_is_missing() -> None:
    with pytest.raises(UndefinedScoreError, match="1/4 of a second"):
        pesq(bursts(0.2), bursts(0.2))
    with pytest.raises(UndefinedScoreError, match="silent"):
        pesq(bursts(1), np.zeros(RATE))
    with pytest.raises(UndefinedScoreError, match="silent"):
        pesq(bursts(1), 1e-30 * bursts(1))
    burst = np.r_[np.zeros(RATE), bursts(1)[:400], np.zeros(RATE)]
    with pytest.raises(UndefinedScoreError, match="No utterances"):
        pesq(burst, bursts(1)[:1].repeat(len(burst)))


def test_pesq_never_sees_more_utterances_than_its_code_holds() -> None:
    period = np.r_[np.ones(1600), np.zeros(1680)]  # the shortest utterances and pauses it tells
    train = np.resize(period, int(PESQ_LONGEST * RATE)) * bursts(PESQ_LONGEST)
    assert 1.0 < pesq(train, train + 1e-3 * bursts(PESQ_LONGEST, seed=1)) < 4.6
    longer = np.r_[train, train[:1]]
    with pytest.raises(UndefinedScoreError, match="at most 20 s"):
        pesq(longer, longer)


@pytest.mark.parametrize("metric", METRICS.values())
def test_all_refuse_silent_references_and_unequal_lengths(metric) -> None:
    with pytest.raises(UnusableReferenceError, match="silent"):
        metric(np.zeros(RATE), bursts(1))
    with pytest.raises(ValueError, match=r"\(8000,\).*\(7999,\)"):
        metric(bursts(1), bursts(1)[:-1])
