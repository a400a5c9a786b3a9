"""What `nibblestream train` does: split the folders, draw validation mixtures, train, score."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import audio
from ..evaluate.clip import Clip
from ..evaluate.metrics import stoi
from ..evaluate.mixtures import Mixture, mixtures
from ..files import target
from ..float_model import FloatModel
from ..topology import check_hidden
from .corpus import Corpus
from .loop import Training
from .mixing import Batches
from .recipe import RECIPES

VALIDATION = 40  # mixtures, each also through a telephone and a random equaliser
VALIDATION_SEED = 1
HELD_OUT = 10  # one file in so many is kept for validation where no folder is named


def train(
    output: str | Path,
    recipe: str = "default",
    *,
    speech: str | Path,
    noise: str | Path,
    val_speech: str | Path | None = None,
    val_noise: str | Path | None = None,
    steps: int | None = None,
    hidden: int | Sequence[int] | None = None,
    seed: int = 0,
    command: str = "",
) -> FloatModel:
    """Train a network; the best state by STOI on validation mixtures is returned.

    Parameters
    ----------
    output : path
        Where the model is saved; its stem names the model, and the state of an unfinished run is
        kept beside it, from which the next call goes on.
    recipe : {"default", "paper"}
    speech, noise : path
        Folders to train on.
    val_speech, val_noise : path, optional
        Folders to validate on; without them, every tenth file of the above is held out.
    steps, hidden, seed : optional
        Override the recipe.
    command : str
        What was called, kept in the model.

    Raises
    ------
    FileNotFoundError, ValueError
        A folder is missing or holds nothing to use, a setting is out of range, or the unfinished
        run had other settings or files.
    """
    output = target(output)
    settings = replace(RECIPES[recipe], seed=seed)
    if steps is not None:
        settings = replace(settings, steps=steps)
    if hidden is not None:
        settings = replace(settings, hidden=(hidden,) if isinstance(hidden, int) else tuple(hidden))
    check_hidden(settings.hidden)
    speech, noise = Path(speech), Path(noise)
    voices = Corpus(_training_files(speech, held_out=val_speech is None))
    noises = Corpus(_training_files(noise, held_out=val_noise is None))
    for corpus in (voices, noises):
        corpus.draw(np.random.default_rng(0), 1)  # fails now if no file can be used
    batches = Batches(voices, noises, settings.features, seed, settings.clips)
    clips = _validation(Path(val_speech or speech), Path(val_noise or noise), {speech, noise})
    training = Training(settings, output.stem, clips)
    checkpoint = output.with_suffix(".checkpoint")
    model = training.run(batches, checkpoint)
    model = replace(model, training={**model.training, "command": command})
    model.save(output)
    checkpoint.unlink()
    return model


def _training_files(folder: Path, held_out: bool) -> list[Path]:
    paths = audio.find(folder)
    return [path for i, path in enumerate(paths) if i % HELD_OUT or not held_out] or paths


def _validation(speech: Path, noise: Path, trained_on: set[Path]) -> list[tuple[Clip, float]]:
    """Draw the validation mixtures, from the held-out files of folders that are trained on."""

    def files(folder: Path) -> list[Path]:
        return audio.find(folder)[:: HELD_OUT if folder in trained_on else 1]

    drawn = mixtures(
        speech, noise, count=VALIDATION, seed=VALIDATION_SEED, channel="all", files=files
    )
    scored = [clip for mixture in drawn if (clip := _scored(mixture)) is not None]
    if not scored:
        raise ValueError(f"no file of {speech} and {noise} can be validated on; see the warnings")
    return scored


def _scored(mixture: Mixture) -> tuple[Clip, float] | None:
    try:
        clip = mixture.realise()
        return clip, stoi(clip.clean, clip.noisy)
    except (ValueError, OSError) as error:
        warnings.warn(f"skipped for validation: {mixture.name}: {error}", stacklevel=2)
        return None
