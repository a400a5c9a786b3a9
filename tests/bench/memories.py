"""What kinds of memory give, at equal bytes: the same training, one kind after the other.

    python tests/bench/memories.py SPEECH NOISE [--steps 2500] [--kinds qrnn gru tcn] [--json FILE]

Networks of about 270,000 weights, 129 features in and 129 gains out, trained with the recipe
`memory` but for the number of steps: layers whose recurrence is per unit (QRNN), GRUs, and dilated
stacks of hidden frames (TCN). Prints the best gain of STOI on the validation mixtures of each.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from nibblestream import spec
from nibblestream.speech.features import FloorTracker
from nibblestream.train.loop import State, Training
from nibblestream.train.material import Material
from nibblestream.train.memory import WithMemory
from nibblestream.train.qrnn import MemoryNetwork
from nibblestream.train.recipe import MemoryRecipe
from nibblestream.train.spectra import Frames

UNITS = 136  # of each GRU


class Gru(nn.Module):
    """Two GRUs in a row: (frames, clips, inputs) -> (frames, clips, outputs)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, outputs, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return torch.as_tensor(self.gru(x.float())[0])


class Dilated(nn.Module):
    """A layer that sees the frame, and those `step` and 2 `step` before it."""

    def __init__(self, width: int, step: int) -> None:
        super().__init__()
        self.step, self.linear = step, nn.Linear(3 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        seen = nn.functional.pad(x, (0, 0, 0, 0, 2 * self.step, 0))
        parts = [seen[i * self.step :][: len(x)] for i in range(3)]
        return x + torch.relu(self.linear(torch.cat(parts, -1)))


def other(kind: str, recipe: MemoryRecipe) -> MemoryNetwork:
    """Return the recipe's network with other layers between its first and its last."""
    network = MemoryNetwork.random(recipe.width, 0, recipe.gain_floor)
    if kind == "tcn":
        network.memory = nn.ModuleList(Dilated(recipe.width, step) for step in (1, 4, 16))
        return network
    network.memory = nn.ModuleList([Gru(recipe.width, UNITS)])
    network.last = nn.Linear(UNITS, spec.BINS)
    nn.init.constant_(network.last.bias, 0.5)
    return network


class Compared(WithMemory):
    """A network with memory of any kind as a `Trainee`, validated in float32."""

    every = 500

    def __init__(self, kind: str, recipe: MemoryRecipe) -> None:
        super().__init__(recipe, kind)
        if kind != "qrnn":
            self.network = other(kind, recipe)

    @torch.no_grad()
    def enhance(self, state: State, signals: Sequence[np.ndarray]) -> list[np.ndarray]:
        before = self.network.state_dict()
        before = {name: value.clone() for name, value in before.items()}
        self.network.load_state_dict(state["weights"])
        enhanced = [self._enhanced(signal) for signal in signals]
        self.network.load_state_dict(before)
        return enhanced

    def model(self, state: State, *, final: bool) -> State:
        """Return the state itself, which holds the score."""
        return state

    def _enhanced(self, noisy: np.ndarray) -> np.ndarray:
        frames = Frames(self.settings.window, torch.device("cpu"))
        spectra = frames.stft(torch.from_numpy(noisy.astype(np.float32))[None])
        magnitude = spec.MAGNITUDE.from_float(spectra[0].abs().T.double().numpy())
        features = spec.FEATURE.to_float(FloorTracker().process(magnitude)).astype(np.float32)
        gains = self.network(torch.from_numpy(features)[:, None])
        return frames.istft(spectra * gains.permute(1, 2, 0), len(noisy))[0].double().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("speech", type=Path)
    parser.add_argument("noise", type=Path)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--kinds", nargs="+", default=["qrnn", "gru", "tcn"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    recipe = replace(MemoryRecipe(), steps=options.steps)
    material, rows = Material(options.speech, options.noise), []
    for kind in options.kinds:
        trainee = Compared(kind, recipe)
        weights = sum(p.numel() for p in trainee.network.parameters() if p.dim() == 2)
        with tempfile.TemporaryDirectory() as folder:
            training = Training(trainee, material.validation())
            best = training.run(material.pool(recipe), Path(folder) / "state.checkpoint")
        rows.append({"kind": kind, "weights": weights, "stoi_gain": best["stoi_gain"]})
        print(f"{kind}: {weights:,} weights, {best['stoi_gain']:+.4f} of STOI", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"steps": options.steps, "rows": rows}))


if __name__ == "__main__":
    main()
