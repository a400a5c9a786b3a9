"""Export of mixtures as audio: clean and noisy wav files with a table of their pairs."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from .. import spec
from ..files.atomic import replacing
from ..sound import writing
from .clip import Source


def write_stems(folder: str | Path, clips: Sequence[Source]) -> Path:
    """Write clips as 8 kHz wav files of 32-bit floats, and the PAIRS.csv that `read_pairs` takes.

    Parameters
    ----------
    folder : path
        Created if missing; its parent must exist.
    clips : sequence of Source
        A clip that cannot be realised causes a warning and is left out.

    Returns
    -------
    path
        Path of the table.

    Raises
    ------
    OSError, ValueError
        The folder cannot be written, or no clip can be realised.
    """
    folder = Path(folder)
    for part in (folder, folder / "clean", folder / "noisy"):
        part.mkdir(exist_ok=True)
    names = [f"{index:05}.wav" for index in range(len(clips))]
    bar = tqdm(zip(names, clips, strict=True), total=len(clips), unit="clip", disable=None)
    rows = [row for name, clip in bar if (row := _write(folder, name, clip)) is not None]
    if not rows:
        raise ValueError(f"{folder}: none of {len(clips)} mixtures can be made; see the warnings")
    table = folder / "PAIRS.csv"
    with replacing(table) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("clean", "noisy", "group"), *rows])
    return table


def _write(folder: Path, name: str, clip: Source) -> tuple[str, str, str] | None:
    try:
        signals = clip.realise()
    except (ValueError, OSError) as error:
        warnings.warn(f"left out: {clip.name}: {error}", stacklevel=2)
        return None
    clean, noisy = f"clean/{name}", f"noisy/{name}"
    for file, signal in zip((clean, noisy), signals, strict=True):
        writing.write(folder / file, signal, spec.SAMPLE_RATE, "FLOAT")
    return clean, noisy, "; ".join(clip.groups)
