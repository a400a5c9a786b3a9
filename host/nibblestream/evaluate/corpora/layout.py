"""How a corpus lies in its folder: recognised by names, so that a root and a split are enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from ...sound import reading
from .named import Splits, demand, librispeech, noizeus, vctk, voicebank, wsj0
from .tut import tut

SPLITS = ("train", "val", "test")


class Layout(NamedTuple):
    """A family of corpora: its name, what its folders are called, and what sorts its files."""

    name: str
    expected: str
    sort: Callable[[Path, Iterable[str]], Splits]


def _folders(root: Path, names: Iterable[str]) -> Splits:
    """Take the folders train, val and test for what they are called, where there are two."""
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
        Scenes 2016, DEMAND, or any with the folders train, val and test. A folder of no known
        layout, as one that is a split already, is taken whole.
    split : {"train", "val", "test"}, optional
        All of them, if not given. Of a known layout, only files that belong to it are taken: one
        channel, one microphone, the clean side.

    Raises
    ------
    FileNotFoundError
        There is no such folder, it holds no audio, or the layout has no such split there.
    ValueError
        There is no such split, or the folder holds several corpora.
    """
    root = Path(root)
    if split not in (None, *SPLITS):
        raise ValueError(f"split is '{split}'; expected {', '.join(SPLITS)}")
    known, splits = recognised(root)
    if known is None:
        return reading.find(root)
    return [root / name for name in names(root, known, splits, split)]


def layout(root: str | Path) -> str | None:
    """Name the layout of a folder; None if it is of none. Raises as `files` does."""
    known, _ = recognised(Path(root))
    return known.name if known else None


def recognised(root: Path) -> tuple[Layout | None, Splits]:
    """Return the layout of a folder, if any, and its splits; raises as `files` does."""
    found_names = [path.relative_to(root).as_posix() for path in reading.find(root)]
    if own := _folders(root, found_names):
        return _OWN, own
    found = [(known, s) for known in _LAYOUTS if (s := known.sort(root, found_names))]
    if len(found) > 1:
        raise ValueError(
            f"{root}: holds {' and '.join(known.name for known, _ in found)}{listing(root)}; "
            "expected one corpus: name the folder of one"
        )
    return found[0] if found else (None, {})


def names(root: Path, known: Layout, splits: Splits, split: str | None) -> list[str]:
    """Return the file names of a split, or of all, sorted; FileNotFoundError if there are none."""
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
    """Say what lies in a folder, for errors."""
    inside = sorted(path.name for path in root.iterdir())
    return f" (in the folder: {', '.join(inside[:6])}{', ...' if len(inside) > 6 else ''})"
