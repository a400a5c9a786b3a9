"""What is trained and how; a recipe and two folders decide a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run.

    Parameters
    ----------
    features : {"log2", "magnitude"}
        What the network sees: see `features.FloorTracker`.
    head : {"gain", "magnitude"}
        What it says: a gain on the noisy magnitude, or the enhanced magnitude.
    gain_floor : float
        Smallest gain of the model, 0 to 1. A lower one is a little clearer in noise, and a little
        less faithful to clean speech.
    trained_floor : float
        Smallest gain while it is trained and chosen.
    error_weight : float
        Weight of the compressed magnitude error beside the loss of intelligibility.
    biases : bool
        Whether there are any. Without, a network of magnitudes treats all levels alike; with
        them, what it has learnt at -10 dBFS drowns a recording at -50 dBFS.
    hidden : tuple of int
        Widths of the hidden layers.
    steps : int
        Batches to train on.
    clips : int
        Three-second clips in a batch.
    rate : float
        Adam's largest learning rate; it rises over 50 steps and falls as a cosine.
    seed : int
    """

    features: str
    head: str
    gain_floor: float
    trained_floor: float
    error_weight: float
    biases: bool = True
    hidden: tuple[int, ...] = (256,)
    steps: int = 3500
    clips: int = 32
    rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class FineTuning:
    """The settings of a run.

    Parameters
    ----------
    origin : str
        Digest of the float model.
    bits : tuple of int
        Width of each layer's codes: 2, 3 or 4.
    steps : int
        Batches to train on.
    clips : int
        Three-second clips in a batch.
    rate : float
        Adam's largest learning rate; it rises over 50 steps and falls as a cosine.
    distillation : float
        Weight of the error against the float model's output beside the loss against clean speech.
    seed : int
    """

    origin: str
    bits: tuple[int, ...]
    steps: int = 300
    clips: int = 16
    rate: float = 5e-4
    distillation: float = 1.0
    seed: int = 0


Settings = Recipe | FineTuning

RECIPES = {
    "default": Recipe("log2", "gain", 0.1, 0.15, error_weight=1.0),
    "paper": Recipe("magnitude", "magnitude", 0.0, 0.0, error_weight=1.0, biases=False, steps=3000),
}
