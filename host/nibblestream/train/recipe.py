"""Settings of training runs; a recipe and the folders determine a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run.

    Parameters
    ----------
    features : {"log2", "magnitude"}
        The network's input features; see `features.FloorTracker`.
    head : {"gain", "magnitude"}
        The network's output: a gain on the noisy magnitude, or the enhanced magnitude.
    gain_floor : float
        Smallest gain of the model, 0 to 1. Lower values improve intelligibility in noise
        slightly, and degrade clean speech slightly.
    trained_floor : float
        Smallest gain during training and validation.
    error_weight : float
        Weight of the compressed magnitude error, relative to the loss of intelligibility.
    biases : bool
        Whether the network has biases. Without them a network on magnitudes is invariant to the
        recording level; biases learnt at -10 dBFS would dominate a recording at -50 dBFS.
    hidden : tuple of int
        Widths of the hidden layers.
    steps : int
        Number of training batches.
    clips : int
        Three-second clips per batch.
    rate : float
        Peak learning rate of Adam: linear warm-up over 50 steps, then cosine decay.
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
    """The settings of a fine-tuning run.

    Parameters
    ----------
    origin : str
        Digest of the float model.
    bits : tuple of int
        Width of each layer's codes: 2, 3 or 4.
    steps : int
        Number of training batches.
    clips : int
        Three-second clips per batch.
    rate : float
        Peak learning rate of Adam: linear warm-up over 50 steps, then cosine decay.
    distillation : float
        Weight of the error against the float model's output, relative to the loss against clean
        speech.
    seed : int
    """

    origin: str
    bits: tuple[int, ...]
    steps: int = 300
    clips: int = 8
    rate: float = 5e-4
    distillation: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class MemoryRecipe:
    """The settings of a training run of a network with memory.

    Parameters
    ----------
    window : {128, 256}
        Samples of the Hann window; 256 has a latency of 32 ms.
    width, depth : int
        Outputs of each layer with memory, and number of these layers.
    gain_floor : float
        Smallest gain, 0 to 1.
    harm, sdr_weight : float
        Weights of the loss; see `signal_loss.SignalLoss`.
    steps : int
        Number of training batches.
    clips : int
        Three-second clips per batch.
    rate : float
        Peak learning rate of Adam: linear warm-up over 50 steps, then cosine decay.
    seed : int
    """

    window: int = 256
    width: int = 160
    depth: int = 3
    gain_floor: float = 0.05
    harm: float = 0.15
    sdr_weight: float = 0.008
    steps: int = 24000
    clips: int = 8
    rate: float = 2e-3
    seed: int = 0


Settings = Recipe | FineTuning | MemoryRecipe

RECIPES: dict[str, Recipe | MemoryRecipe] = {
    "memory": MemoryRecipe(),
    "mlp": Recipe("log2", "gain", 0.1, 0.15, error_weight=1.0),
    "paper": Recipe("magnitude", "magnitude", 0.0, 0.0, error_weight=1.0, biases=False, steps=3000),
}
