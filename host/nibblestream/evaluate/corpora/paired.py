"""Corpora that contain noisy versions of their speech: VoiceBank-DEMAND and NOIZEUS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ...sound import reading
from .layout import listing, names, recognised

_NOISY = re.compile(r"(?:.*/)?(sp\d{2})_([a-z]+)_sn(\d+)\.wav", re.IGNORECASE)  # NOIZEUS


class Paired(NamedTuple):
    """A clean and a noisy file, relative to the root, and their groups, semicolon-separated."""

    clean: str
    noisy: str
    groups: str


def paired(root: str | Path, split: str = "test") -> list[Paired]:
    """List the recordings of a split with their noisy versions, sorted.

    Parameters
    ----------
    root : path
        The folder of VoiceBank-DEMAND or NOIZEUS; NOIZEUS is grouped by noise and SNR.
    split : {"train", "val", "test"}
        NOIZEUS is test only.

    Raises
    ------
    FileNotFoundError, ValueError
        The corpus is not one of these, has no such split, or lacks noisy files.
    """
    root = Path(root)
    known, splits = recognised(root)
    if known is None or known.name not in ("VoiceBank-DEMAND", "NOIZEUS"):
        raise ValueError(
            f"{root}: is laid out as {known.name if known else 'no known corpus'}{listing(root)}; "
            "expected pairs of VoiceBank-DEMAND (clean_testset_wav/, noisy_testset_wav/) or "
            "NOIZEUS (clean/, babble_0dB/, ...), or a table of pairs"
        )
    clean = names(root, known, splits, split)
    if known.name == "VoiceBank-DEMAND":
        return [Paired(name, _noisy(root, name), "") for name in clean]
    return _noizeus(root, {Path(name).stem.lower(): name for name in clean})


def _noisy(root: Path, clean: str) -> str:
    folder, file = Path(clean).parent, Path(clean).name
    noisy = folder.with_name(re.sub("(?i)^clean", "noisy", folder.name)) / file
    if not (root / noisy).is_file():
        raise FileNotFoundError(f"{root / noisy}: no such file; expected the noisy {clean}")
    return noisy.as_posix()


def _noizeus(root: Path, clean: dict[str, str]) -> list[Paired]:
    files = (path.relative_to(root).as_posix() for path in reading.find(root))
    matches = [match for file in files if (match := _NOISY.fullmatch(file))]
    found = [
        Paired(clean[match[1].lower()], match[0], _groups(match[2], int(match[3])))
        for match in matches
        if match[1].lower() in clean
    ]
    if not found:
        raise FileNotFoundError(
            f"{root}: NOIZEUS without noisy files{listing(root)}; expected babble_0dB/0dB/"
            "sp01_babble_sn0.wav, ..."
        )
    return found


def _groups(noise: str, snr: int) -> str:
    factors = (f"noise={noise.lower()}", f"snr={snr} dB")
    return "; ".join((*factors, ", ".join(factors)))
