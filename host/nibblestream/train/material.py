"""Training and validation material: folders split by corpus, or manifests of mixtures."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from ..evaluate import corpora, manifest
from ..evaluate.clip import Clip
from ..evaluate.metrics import stoi
from ..evaluate.mixtures import Mixture, mixtures
from ..sound import reading
from .corpus import Corpus
from .mixing import Augmented, Supply, Written, sides
from .recipe import FineTuning, MemoryRecipe
from .supply import Pool

VALIDATION = 40  # mixtures, each also through a telephone and a random equaliser
VALIDATION_SEED = 1
WRITTEN = 500  # validation mixtures used of a manifest: the first, as its order is random
TURN = 15.0  # seconds of a noise file for which it is drawn once: many effects are short and alike
HELD_OUT = 10  # one file in this many is held out where there is no validation split


@dataclass(frozen=True)
class Material:
    """The folders and manifests of one training run; see `train.run.train`."""

    speech: Path
    noise: Path
    val_speech: Path | None = None
    val_noise: Path | None = None
    mixtures: Path | None = None
    val_mixtures: Path | None = None

    def supply(self) -> Supply:
        """Return the training supply.

        Raises
        ------
        FileNotFoundError, ValueError
            As `corpora.files` and `manifest.read` do, or a folder without splits and without a
            validation folder holds one file only.
        """
        if self.mixtures is not None:
            return Written(Corpus(manifest.read(self.mixtures, self.speech, self.noise), sides))
        speech = _training_files(self.speech, self.val_speech)
        return Augmented(Corpus(speech), Corpus(_training_files(self.noise, self.val_noise)))

    def pool(self, recipe: MemoryRecipe | FineTuning) -> Pool:
        """Return the training supply of a network with memory; raises as `supply` does.

        ValueError also if there is a manifest of training mixtures: the pool makes its own.
        """
        if self.mixtures is not None:
            raise ValueError(
                f"{self.mixtures}: networks with memory are trained on clips mixed anew in every "
                "batch, not on a manifest; use val_mixtures for validation, or another recipe"
            )
        voices = Corpus(_training_files(self.speech, self.val_speech))
        noises = Corpus(_by_duration(_training_files(self.noise, self.val_noise)))
        return Pool(voices, noises, recipe.seed, recipe.clips)

    def validation(self) -> list[tuple[Clip, float]]:
        """Return the validation clips, each with the STOI of its noisy signal.

        Raises
        ------
        FileNotFoundError, ValueError
            As `supply` does, or no clip can be used.
        """
        scored = [
            clip for mixture in self.validation_mixtures() if (clip := _scored(mixture)) is not None
        ]
        if not scored:
            speech, noise = self.val_speech or self.speech, self.val_noise or self.noise
            raise ValueError(
                f"no file of {speech} and {noise} can be used for validation; see the warnings"
            )
        return scored

    def validation_mixtures(self) -> list[Mixture]:
        """Draw or read the validation mixtures; raises as `supply` does."""
        speech, noise = self.val_speech or self.speech, self.val_noise or self.noise
        if self.val_mixtures is not None:
            return manifest.read(self.val_mixtures, speech, noise)[:WRITTEN]
        files = {
            speech: _validation_files(self.speech, self.val_speech),
            noise: _validation_files(self.noise, self.val_noise),
        }
        return mixtures(
            speech,
            noise,
            count=VALIDATION,
            seed=VALIDATION_SEED,
            channel="all",
            files=files.__getitem__,
        )


def _training_files(folder: Path, validation: Path | None) -> list[Path]:
    files = corpora.files(folder, "train")
    if validation is not None or corpora.layout(folder):
        return files
    if len(files) == 1:
        raise ValueError(
            f"{folder} holds one file, {files[0].name}; expected two or more, so that one can be "
            "held out for validation: split the recording, or name a validation folder"
        )
    return [path for i, path in enumerate(files) if i % HELD_OUT]


def _validation_files(folder: Path, validation: Path | None) -> list[Path]:
    if validation is not None or corpora.layout(folder):
        return corpora.files(validation or folder, "val")
    return reading.find(folder)[::HELD_OUT]


def _by_duration(files: list[Path]) -> list[Path]:
    """Repeat files so that each is drawn once for every `TURN` seconds, at least once."""
    return [path for path in files for _ in range(max(1, round(_seconds(path) / TURN)))]


def _seconds(path: Path) -> float:
    try:
        return reading.seconds(path)
    except (ValueError, OSError):  # the corpus warns when it draws the file
        return 0.0


def _scored(mixture: Mixture) -> tuple[Clip, float] | None:
    try:
        clip = mixture.realise()
        return clip, stoi(clip.clean, clip.noisy)
    except (ValueError, OSError) as error:
        warnings.warn(f"skipped for validation: {mixture.name}: {error}", stacklevel=2)
        return None
