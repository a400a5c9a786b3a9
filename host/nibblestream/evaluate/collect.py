"""The clips of an evaluation: drawn from folders, read from a manifest, or given as pairs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import corpora, manifest
from .clip import Source
from .mixtures import mixtures
from .pairs import corpus_pairs, read_pairs


def collect(
    speech: Path | None,
    noise: Path | None,
    *,
    pairs: Path | None = None,
    written: Path | None = None,
    split: str | None = None,
    **drawn: Any,
) -> Sequence[Source]:
    """Return the clips of a table of pairs, a corpus of pairs, or folders of speech and noise.

    Parameters
    ----------
    speech, noise : path, optional
        Folders of corpora; see `corpora.files`.
    pairs : path, optional
        Instead of the folders: a table for `read_pairs`, or the folder of a corpus of pairs.
    written : path, optional
        A manifest of mixtures to use instead of drawing new ones.
    split : {"train", "val", "test"}, optional
        Split of the corpora; if not given, all files, or the test split of a corpus of pairs.
    **drawn
        Further arguments of `mixtures`: count, seed, snrs, channel.

    Raises
    ------
    ValueError
        Neither or both of pairs and folders are given; or as the functions above raise.
    """
    if pairs is not None and (speech, noise, written) == (None, None, None):
        return corpus_pairs(pairs, split or "test") if pairs.is_dir() else read_pairs(pairs)
    if pairs is not None or speech is None or noise is None:
        raise ValueError("give either a pairs file, or a folder of speech and a folder of noise")
    if written is not None:
        return manifest.read(written, speech, noise)
    return mixtures(speech, noise, files=partial(corpora.files, split=split), **drawn)
