"""Training and fine-tuning runs: find the material, train, save the best model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..files.atomic import target
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..network.topology import check_hidden
from ..speech.front import speech_of
from . import loop
from .finetune import FineTunedStack
from .finetune_memory import FineTunedMemory, remembers
from .loop import M, Trainee, Training
from .material import Material
from .memory import WithMemory
from .mixing import Batches
from .recipe import RECIPES, FineTuning, MemoryRecipe, Recipe
from .scratch import FromScratch


def train(
    output: str | Path,
    recipe: str = "memory",
    *,
    speech: str | Path,
    noise: str | Path,
    val_speech: str | Path | None = None,
    val_noise: str | Path | None = None,
    mixtures: str | Path | None = None,
    val_mixtures: str | Path | None = None,
    steps: int | None = None,
    hidden: int | Sequence[int] | None = None,
    seed: int = 0,
    command: str = "",
) -> FloatModel:
    """Train a network and return the best model by STOI on validation mixtures.

    Parameters
    ----------
    output : path
        The model file; its stem becomes the model's name. The state of an unfinished run is kept
        beside it, and the next call resumes from there.
    recipe : {"memory", "mlp", "paper"}
        "memory": the network with layers with memory; the others have the paper's topology.
    speech, noise : path
        Training folders: all files, or the train split of a corpus that `corpora.files` knows.
    val_speech, val_noise : path, optional
        Validation folders, or corpora whose val split is used. By default, the val split of
        `speech` and `noise`; in a folder of unknown layout, every tenth file is held out.
    mixtures, val_mixtures : path, optional
        Manifests of mixtures of these folders, as `nibblestream mix` writes them. Training uses
        random segments of exactly these mixtures without augmentation; validation uses the first
        500 of `val_mixtures`. Networks with memory make mixtures of their own, so
        that `mixtures` is refused for them.
    steps, hidden, seed : optional
        Override the recipe; networks with memory have no `hidden`.
    command : str
        The command line, recorded in the model.

    Raises
    ------
    FileNotFoundError, ValueError
        A folder is missing or holds no usable file, files of a manifest have changed, a setting
        is out of range, or the unfinished run had other settings or files.
    """
    output = target(output)
    settings = _settings(recipe, seed, steps, hidden)
    others = (val_speech, val_noise, mixtures, val_mixtures)
    optional = (None if path is None else Path(path) for path in others)
    material = Material(Path(speech), Path(noise), *optional)
    if isinstance(settings, Recipe):
        batches = _batches(material, settings.features, settings)
        return _run(FromScratch(settings, output.stem), batches, material, output, command)
    pool = material.pool(settings)
    pool.check()
    return _run(WithMemory(settings, output.stem), pool, material, output, command)


def _settings(
    name: str, seed: int, steps: int | None, hidden: int | Sequence[int] | None
) -> Recipe | MemoryRecipe:
    recipe = replace(RECIPES[name], seed=seed)
    if steps is not None:
        recipe = replace(recipe, steps=steps)
    if hidden is not None:
        if isinstance(recipe, MemoryRecipe):
            raise ValueError(f"recipe '{name}' has layers with memory; hidden is for the others")
        recipe = replace(recipe, hidden=(hidden,) if isinstance(hidden, int) else tuple(hidden))
        check_hidden(recipe.hidden)
    return recipe


def finetune(
    output: str | Path,
    model: FloatModel,
    bits: int | Sequence[int] = 2,
    *,
    speech: str | Path,
    noise: str | Path,
    val_speech: str | Path | None = None,
    val_noise: str | Path | None = None,
    steps: int | None = None,
    seed: int = 0,
    command: str = "",
) -> QuantizedModel:
    """Quantize a float model, fine-tune its codes, and return the best model on validation.

    Parameters
    ----------
    output : path
        The quantized model's file; the state of an unfinished run is kept beside it.
    model : FloatModel
        As `train` writes it: weights and biases within +-1, or layers with memory.
    bits : int or sequence of int
        Width of the codes, 2, 3 or 4: one for all layers, or one per layer.
    speech, noise, val_speech, val_noise : path
        As for `train`.
    steps, seed : optional
        Override `finetune.FineTuning`.
    command : str
        The command line, recorded in the model.

    Raises
    ------
    FileNotFoundError, ValueError
        As `train` and `quantize` do.
    """
    output = target(output)
    widths = [bits] * len(model.weights) if isinstance(bits, int) else bits
    settings = FineTuning(model.digest, tuple(widths), seed=seed)
    if steps is not None:
        settings = replace(settings, steps=steps)
    val = (None if path is None else Path(path) for path in (val_speech, val_noise))
    material = Material(Path(speech), Path(noise), *val)
    if remembers(model):
        pool = material.pool(settings)
        pool.check()
        return _run(FineTunedMemory(model, settings, output.stem), pool, material, output, command)
    batches = _batches(material, speech_of(model).features, settings)
    trainee = FineTunedStack(model, settings, output.stem)
    return _run(trainee, batches, material, output, command)


def _batches(material: Material, features: str, settings: Recipe | FineTuning) -> Batches:
    supply = material.supply()
    supply.draw(np.random.default_rng(0), 1)  # fails early if no file can be used
    return Batches(supply, features, settings.seed, settings.clips)


def _run(
    trainee: Trainee[M], batches: loop.Batches, material: Material, output: Path, command: str
) -> M:
    training = Training(trainee, material.validation())
    checkpoint = output.with_suffix(".checkpoint")
    model = training.run(batches, checkpoint)
    model = replace(model, training={**model.training, "command": command})
    model.save(output)
    checkpoint.unlink()
    return model
