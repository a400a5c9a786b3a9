"""The loss on signals: STOI as pystoi gives it, SI-SDR as the metric gives it."""

import numpy as np
import pystoi
import pytest
import torch

from nibblestream.evaluate import metrics
from nibblestream.train import signal_loss
from nibblestream.train.signal_loss import SignalLoss, si_sdr

pytestmark = pytest.mark.numeric


@pytest.fixture
def clip(rng):
    """Noise with a lively envelope as speech, steady noise beside it: (24000,) each."""
    envelope = np.repeat(rng.uniform(0.02, 1, 60) ** 2, 400)
    return envelope * rng.normal(0, 0.3, 24000), rng.normal(0, 0.1, 24000)


def tensors(*signals):
    return [torch.tensor(s[None], dtype=torch.float32) for s in signals]


def test_intelligibility_is_that_of_pystoi(clip, monkeypatch):
    monkeypatch.setattr(signal_loss, "EVERY", 1)
    clean, noise = clip
    loss = SignalLoss(0.0, 0.0)
    for level in (0.1, 0.5, 2.0):
        noisy = clean + level * noise
        found = 1 - float(loss(*tensors(noisy, noisy, clean)))
        assert found == pytest.approx(pystoi.stoi(clean, noisy, 8000), abs=0.02)


def test_si_sdr_is_that_of_the_metric(clip):
    clean, noise = (signal - signal.mean() for signal in clip)
    for level in (0.5, 2.0):
        estimate = 0.3 * (clean + level * noise)
        found = float(si_sdr(*tensors(clean, estimate))[0])
        assert found == pytest.approx(metrics.si_sdr(clean, estimate), abs=0.1)
    assert float(si_sdr(*tensors(clean, clean))[0]) == pytest.approx(signal_loss.BEST_SDR, abs=0.1)


def test_less_noise_costs_less_and_level_does_not_matter(clip):
    clean, noise = clip
    loss = SignalLoss(1.0, 0.004)
    costs = [float(loss(*tensors(clean + a * noise, clean + noise, clean))) for a in (0, 0.5, 1)]
    assert costs == sorted(costs)
    quiet = loss(*tensors(0.01 * (clean + noise), 0.01 * (clean + noise), 0.01 * clean))
    assert float(quiet) == pytest.approx(costs[-1], rel=0.02)


def test_harm_counts_only_where_a_clip_gets_worse(clip):
    clean, noise = clip
    better, same, worse = (clean + a * noise for a in (0.5, 1, 2))

    def extra(enhanced):
        with_harm, without = (SignalLoss(h, 0.0) for h in (2.0, 0.0))
        signals = tensors(enhanced, same, clean)
        return float(with_harm(*signals) - without(*signals))

    assert extra(better) == extra(same) == 0
    plain = SignalLoss(0.0, 0.0)
    lost = float(plain(*tensors(worse, same, clean)) - plain(*tensors(same, same, clean)))
    assert extra(worse) == pytest.approx(2 * lost, rel=1e-3)


def test_the_gradient_is_finite_in_silence():
    clean, enhanced = torch.zeros(2, 8000), torch.zeros(2, 8000, requires_grad=True)
    SignalLoss(1.0, 0.004)(enhanced, clean, clean).backward()
    assert torch.isfinite(enhanced.grad).all()
