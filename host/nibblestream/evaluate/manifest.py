"""Manifests of mixtures: MIXTURES.csv, one row per mixture, to reproduce mixtures exactly.

Paths are relative to the folders of speech and noise, which may be moved; numbers are exact; the
SHA-256 of each file's content detects changed files. MIXTURES.json beside it records how the
mixtures were drawn; it is never read.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from ..files.atomic import replacing, target
from ..files.digest import content_digest
from .mixtures import Mixture

COLUMNS = (
    "speech",
    "noise",
    "noise_type",
    "start",
    "snr",
    "channel",
    "seed",
    "index",
    "longest",
    "speech_sha256",
    "noise_sha256",
)
_NAMED = 5  # files listed in an error, at most


def check_target(path: str | Path) -> None:
    """Check that `write` can write to a path; raises as `files.atomic.target` does."""
    if Path(path).suffix.lower() != ".csv":
        raise ValueError(f"{path}: is not a manifest; expected a name that ends in .csv")
    for file in (target(path), Path(path).with_suffix(".json")):
        target(file)


def write(
    path: str | Path,
    mixtures: Sequence[Mixture],
    speech: str | Path,
    noise: str | Path,
    how: Mapping[str, Any],
) -> None:
    """Write a manifest of mixtures of files in two folders.

    Parameters
    ----------
    path : path
        File name ending in .csv.
    how : mapping
        How the mixtures were drawn, JSON-serialisable: the command, the seed, the splits, ...

    Raises
    ------
    ValueError, OSError
        The path cannot be written, or a file cannot be read or lies outside its folder.
    """
    check_target(path)
    speech, noise = Path(speech), Path(noise)
    digests = _digests({file for mixture in mixtures for file in (mixture.speech, mixture.noise)})
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(_row(mixture, speech, noise, digests) for mixture in mixtures)
    with replacing(Path(path).with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(how, indent=1) + "\n", encoding="utf-8")


def read(path: str | Path, speech: str | Path, noise: str | Path) -> list[Mixture]:
    """Read a manifest; the mixtures equal those written if the folders are the same.

    Parameters
    ----------
    path : path
        A manifest from `write`.
    speech, noise : path
        The current locations of the folders.

    Raises
    ------
    FileNotFoundError
        The manifest, or a file that it names, does not exist.
    OSError
        A file cannot be read.
    ValueError
        The file is not a manifest, or the content of recordings has changed.
    """
    rows = _rows(Path(path))
    mixtures = []
    for number, row in enumerate(rows, 2):
        try:
            mixtures.append(_mixture(row, Path(speech), Path(noise)))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path}: row {number}: {error}; expected a row as `mix` writes it"
            ) from error
    expected: dict[Path, str] = {}
    for row, mixture in zip(rows, mixtures, strict=True):
        expected |= {mixture.speech: row["speech_sha256"], mixture.noise: row["noise_sha256"]}
    missing = [file for file in expected if not file.is_file()]
    if missing:
        raise FileNotFoundError(f"{path}: {_some(missing, expected)} are missing")
    found = _digests(set(expected))
    changed = [file for file in expected if found[file] != expected[file]]
    if changed:
        raise ValueError(
            f"{path}: {_some(changed, expected)} have changed since the mixtures were drawn; "
            "expected the same recordings"
        )
    return mixtures


def _row(
    mixture: Mixture, speech: Path, noise: Path, digests: Mapping[Path, str]
) -> tuple[object, ...]:
    return (
        mixture.speech.relative_to(speech).as_posix(),
        mixture.noise.relative_to(noise).as_posix(),
        mixture.noise_type,
        repr(mixture.start),
        repr(mixture.snr),
        mixture.channel,
        *mixture.seed,
        repr(mixture.longest),
        digests[mixture.speech],
        digests[mixture.noise],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; expected a manifest of mixtures")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: is not a CSV in UTF-8 ({error})") from error
    columns = reader.fieldnames or []
    if not set(COLUMNS) <= set(columns):
        raise ValueError(f"{path}: has the columns {list(columns)}; expected {', '.join(COLUMNS)}")
    if not rows:
        raise ValueError(f"{path}: has no rows below its header; expected one for each mixture")
    return rows


def _mixture(row: Mapping[str, str], speech: Path, noise: Path) -> Mixture:
    voice, sound = PurePosixPath(row["speech"]), PurePosixPath(row["noise"])
    mixture = Mixture(
        name=f"{Path(voice)} + {Path(sound)}",
        speech=speech / voice,
        noise=noise / sound,
        noise_type=row["noise_type"],
        start=float(row["start"]),
        snr=float(row["snr"]),
        channel=row["channel"],
        seed=(int(row["seed"]), int(row["index"])),
        longest=float(row["longest"]),
    )
    inside = not any(path.is_absolute() or ".." in path.parts for path in (voice, sound))
    if not inside:
        raise ValueError(f"not a mixture of files in the folders: {list(row.values())}")
    return mixture


def _digests(files: set[Path]) -> dict[Path, str]:
    bar = tqdm(sorted(files), unit="file", desc="hashing", leave=False, disable=None)
    return {file: content_digest(file) for file in bar}


def _some(files: Sequence[Path], among: Mapping[Path, str]) -> str:
    named = ", ".join(str(file) for file in files[:_NAMED])
    return f"{len(files)} of {len(among)} files ({named}{', ...' if len(files) > _NAMED else ''})"
