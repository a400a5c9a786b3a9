"""Manifests of mixtures, of recordings that are there."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import soundfile
from mutation import flipped, number
from trial import scratch

from nibblestream.evaluate import manifest
from nibblestream.evaluate.channels import CHANNELS
from nibblestream.evaluate.mixtures import Mixture, mixtures

REFUSALS = (ValueError, OSError)
FIELDS = ("", "nan", "inf", "-inf", "1e400", "0.999999", "1.0", "-0.0", "1e-320", "0x1", "1_0",
          "..", "/etc/passwd", "../speech/a.wav", "a.wav", "b.wav", "\0", '"', "x\ny", "٣",
          "9" * 5000, "a.wav/", ".", "20", "-300", "400", *CHANNELS)  # fmt: skip
RATE = 1000  # of the recordings, the lowest that is read
LENGTH = 1600


@cache
def _root() -> Path:
    """Return a folder of the process with speech/ and noise/."""
    root = scratch()
    rng = np.random.default_rng(10)
    for name in ("speech/a.wav", "speech/b.wav", "noise/a.wav"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, rng.normal(0, 0.1, LENGTH), RATE)
    return root


def seeds() -> list[bytes]:
    """Return the manifest of two mixtures."""
    speech, noise = _root() / "speech", _root() / "noise"
    path = _root() / "seed.csv"
    drawn = mixtures(speech, noise, count=2)
    manifest.write(path, drawn, speech, noise, {})
    return [path.read_bytes()]


def mutate(data: bytes, rng: Random) -> bytes:
    """Change, remove or move a field, or change any byte."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode())))
        row = rng.choice(rows)
        at = rng.randrange(len(row))
    except (ValueError, IndexError, csv.Error):
        return flipped(data, rng)
    how = rng.randrange(8)
    if how == 0:
        return flipped(data, rng)
    if how == 1:
        del row[at]
    elif how == 2:
        row.insert(at, row[rng.randrange(len(row))])
    else:
        row[at] = rng.choice(FIELDS) if rng.random() < 0.7 else str(number(rng))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def read(data: bytes) -> list[Mixture]:
    """Read a manifest."""
    path = _root() / "read.csv"
    path.write_bytes(data)
    return manifest.read(path, _root() / "speech", _root() / "noise")


def verify(data: bytes, found: list[Mixture]) -> None:
    """Check that the manifest is written as it was read, and that its mixtures can be mixed."""
    assert found
    path = _root() / "again.csv"
    manifest.write(path, found, _root() / "speech", _root() / "noise", {})
    assert manifest.read(path, _root() / "speech", _root() / "noise") == found
    for mixture in found:
        assert mixture.groups
        assert len(mixture.digest) == 64
        clip = mixture.realise()
        assert np.isfinite(clip.noisy).all()
        assert 0 < len(clip.noisy) == len(clip.clean) <= 8 * LENGTH
