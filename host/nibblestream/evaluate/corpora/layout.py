"""Recognition of corpora by their file names, and lists of the files of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ...sound import reading
from .named import Splits, demand, librispeech, noizeus, vctk, voicebank, wsj0
from .tut import tut

SPLITS = ("train", "val", "test")


class Layout(NamedTuple):
    """A corpus layout: its name, the expected files (for errors), and its sorting into splits."""

    name: str
    expected: str
    sort: Callable[[Path, Iterable[str]], Splits]


def _folders(root: Path, names: Iterable[str]) -> Splits:
    """Sort by the folders train, val and test, if there are at least two of them."""
    found = {split: [n for n in names if n.startswith(f"{split}/")] for split in SPLITS}
    found = {split: names for split, names in found.items() if names}
    return found if len(found) > 1 else {}


_OWN = Layout("train/val/test", "train/, val/, test/", _folders)
_LAYOUTS = (
    Layout("WSJ0", "si_tr_s/, si_dt_05/, si_et_05/ with .wv1 or .wav", wsj0),
    Layout("LibriSpeech", "train-*/, dev-*/, test-*/ with SPEAKER/CHAPTER/*.flac", librispeech),
    Layout("VoiceBank-DEMAND", "clean_trainset_28spk_wav/, clean_testset_wav/", voicebank),
    Layout("VCTK", "p225/p225_001.wav or p225/p225_001_mic1.flac, ...", vctk),
    Layout("NOIZEUS", "clean/sp01.wav, ..., all of them test", noizeus),
    Layout("TUT Acoustic Scenes 2016", "audio/, meta.txt, evaluation_setup/fold1_*.txt", tut),
    Layout("DEMAND", "DKITCHEN/ch01.wav, ..., TMETRO/ch01.wav", demand),
)


def files(root: str | Path, split: str | None = None) -> list[Path]:
    """List the audio files of a split, sorted.

    Parameters
    ----------
    root : path
        The folder of a corpus: WSJ0, LibriSpeech, VCTK, VoiceBank-DEMAND, NOIZEUS, TUT Acoustic
        Scenes 2016, DEMAND, or any with the folders train, val and test. Of a folder with an
        unknown layout, such as a single split, all files are listed.
    split : {"train", "val", "test"}, optional
        All splits if not given. Of a known layout, only the corpus's own files are listed: one
        channel, one microphone, the clean version.

    Raises
    ------
    FileNotFoundError
        The folder does not exist, holds no audio, or has no files of the split.
    ValueError
        The split is unknown, or the folder holds several corpora.
    """
    root = Path(root)
    if split not in (None, *SPLITS):
        raise ValueError(f"split is '{split}'; expected {', '.join(SPLITS)}")
    known, splits = recognised(root)
    if known is None:
        return reading.find(root)
    return [root / name for name in names(root, known, splits, split)]


def layout(root: str | Path) -> str | None:
    """Return the name of a folder's layout; None if unknown. Raises as `files` does."""
    known, _ = recognised(Path(root))
    return known.name if known else None


def recognised(root: Path) -> tuple[Layout | None, Splits]:
    """Return a folder's layout (None if unknown) and its splits; raises as `files` does."""
    found_names = [path.relative_to(root).as_posix() for path in reading.find(root)]
    if own := _folders(root, found_names):
        return _OWN, own
    found = [(known, s) for known in _LAYOUTS if (s := known.sort(root, found_names))]
    if len(found) > 1:
        raise ValueError(
            f"{root}: holds {' and '.join(known.name for known, _ in found)}{listing(root)}; "
            "expected one corpus: give its own folder"
        )
    return found[0] if found else (None, {})


def names(root: Path, known: Layout, splits: Splits, split: str | None) -> list[str]:
    """Return the sorted file names of a split, or of all; FileNotFoundError if there are none."""
    if split is None:
        return sorted(name for names in splits.values() for name in names)
    if split in splits:
        return sorted(splits[split])
    held = ", ".join(f"{len(splits[s])} {s}" for s in SPLITS if s in splits)
    raise FileNotFoundError(
        f"{root}: {known.name} without {split} files: holds {held}{listing(root)}; expected "
        f"{known.expected}"
    )


def listing(root: Path) -> str:
    """Describe a folder's contents, for error messages."""
    inside = sorted(path.name for path in root.iterdir())
    return f" (in the folder: {', '.join(inside[:6])}{', ...' if len(inside) > 6 else ''})"
