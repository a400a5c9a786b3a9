"""Recordings become the same bits on every machine, whichever FFT and BLAS kernels it chooses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import same_bits

pytestmark = pytest.mark.numeric

EXPECTED = json.loads(Path(same_bits.__file__).with_suffix(".json").read_text(encoding="utf-8"))


def test_the_bundled_recording() -> None:
    assert same_bits.digests(same_bits.bundled()) == EXPECTED["bundled"]


def test_60_mixtures(shared_data: Path) -> None:
    mixtures = same_bits.mixtures(shared_data / "speech" / "test", shared_data / "noise" / "test")
    assert len(mixtures) == same_bits.COUNT
    assert same_bits.digests(mixtures) == EXPECTED["60 mixtures"]
