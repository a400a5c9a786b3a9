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
    """Return the clips of a pairs file, or of a folder of speech and one of noise.

    Parameters
    ----------
    speech, noise : path, optional
        Folders of corpora; see `corpora.files`.
    pairs : path, optional
        Instead: a table as `read_pairs` takes it, or the folder of a corpus of pairs.
    written : path, optional
        A manifest whose mixtures are taken instead of drawing any.
    split : {"train", "val", "test"}, optional
        Which files of a corpus; all, or of a corpus of pairs the test ones, if not given.
    **drawn
        What else `mixtures` takes: count, seed, snrs, channel.

    Raises
    ------
    ValueError
        Neither or both are given; as the functions above do.
    """
    if pairs is not None and (speech, noise, written) == (None, None, None):
        return corpus_pairs(pairs, split or "test") if pairs.is_dir() else read_pairs(pairs)
    if pairs is not None or speech is None or noise is None:
        raise ValueError("give either a pairs file, or a folder of speech and a folder of noise")
    if written is not None:
        return manifest.read(written, speech, noise)
    return mixtures(speech, noise, files=partial(corpora.files, split=split), **drawn)
