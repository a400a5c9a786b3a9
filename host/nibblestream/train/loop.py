"""Training: seeded, resumable, the best model chosen by STOI on validation mixtures."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from .. import spec
from ..enhancer import Enhancer
from ..evaluate.clip import Clip
from ..evaluate.metrics import stoi
from ..files import replacing
from ..float_model import FloatModel
from .loss import Loss
from .mixing import Batch, Batches
from .network import Network
from .recipe import Recipe

WARM_UP = 50  # steps
AVERAGING = 0.995  # of the weights: the average generalises better than the last step's
GRADIENT_NORM = 1.0
EVERY = 500  # steps between validations


class Training:
    """The state of a run; `run` advances it to its end.

    Parameters
    ----------
    recipe : Recipe
    name : str
        Of the model.
    validation : sequence of (Clip, float)
        What the model is chosen by, at least one clip, each with the STOI of its noisy signal.
    """

    def __init__(self, recipe: Recipe, name: str, validation: Sequence[tuple[Clip, float]]) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.name = name
        self.step = 0
        self._best: dict[str, Any] = {"stoi_gain": -math.inf}
        self._files: list[str] = []
        self._validation = [clip for clip, _ in validation]
        self._before = [before for _, before in validation]
        self._network = Network(recipe.hidden, recipe.head, recipe.trained_floor, recipe.biases)
        self._average = copy.deepcopy(self._network)
        self._loss = Loss(recipe.error_weight)
        self._adam = torch.optim.Adam(self._network.parameters(), lr=recipe.rate)

    def run(self, batches: Batches, checkpoint: Path) -> FloatModel:
        """Train to the recipe's last step, validating and saving now and then; return the best.

        Parameters
        ----------
        batches : Batches
        checkpoint : path
            Where the state is kept; if the file is there, training goes on from it.
        """
        self._files = [str(path) for path in (*batches.speech.paths, *batches.noise.paths)]
        if checkpoint.exists():
            self._restore(checkpoint)
        left = range(self.step, self.recipe.steps)
        loader = torch.utils.data.DataLoader(batches, None, sampler=left, num_workers=1)
        progress = tqdm(
            loader, unit="batch", initial=self.step, total=self.recipe.steps, disable=None
        )
        for batch in progress:
            loss = self._advance(batch)
            progress.set_postfix(loss=f"{loss:.4f}", refresh=False)
            if self.step % EVERY == 0 or self.step == self.recipe.steps:
                report = f"step {self.step}: loss {loss:.4f}, {self._validate()}"
                tqdm.write(report, file=sys.stderr)
                self._save(checkpoint)
        return self._as_model(self._best, self.recipe.gain_floor)

    def _advance(self, batch: Batch) -> float:
        for group in self._adam.param_groups:
            group["lr"] = self.recipe.rate * self._schedule()
        enhanced = self._network(batch.features, batch.noisy)
        loss = self._loss(enhanced, batch.noisy, batch.clean)
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), GRADIENT_NORM)
        self._adam.step()
        self._network.clamp()
        self.step += 1
        with torch.no_grad():
            keep = min(AVERAGING, self.step / (10 + self.step))
            pairs = zip(self._average.parameters(), self._network.parameters(), strict=True)
            for average, parameter in pairs:
                average.lerp_(parameter, 1 - keep)
        return float(loss.detach())

    def _schedule(self) -> float:
        fall = 0.5 * (1 + math.cos(math.pi * self.step / self.recipe.steps))
        return min(1.0, (self.step + 1) / WARM_UP) * fall

    def _validate(self) -> str:
        """Keep the averaged weights if they are the best so far; describe how they did."""
        state = {key: value.clone() for key, value in self._average.state_dict().items()}
        now = {"step": self.step, "weights": state}
        with Enhancer(self._as_model(now, self.recipe.trained_floor)) as enhancer:
            after = [
                stoi(c.clean, enhancer.enhance(c.noisy, spec.SAMPLE_RATE)) for c in self._validation
            ]
        now["stoi_gain"] = float(np.mean(after) - np.mean(self._before))
        if now["stoi_gain"] > self._best["stoi_gain"]:
            self._best = now
        return f"validation STOI {np.mean(after):.4f} ({now['stoi_gain']:+.4f} over noisy)"

    def _as_model(self, state: dict[str, Any], gain_floor: float) -> FloatModel:
        weights = {key: value.numpy() for key, value in state["weights"].items()}
        layers = range(len(self.recipe.hidden) + 1)
        recipe = self.recipe
        return FloatModel(
            name=self.name,
            weights=tuple(weights[f"layers.{i}.weight"] for i in layers),
            biases=tuple(weights[f"layers.{i}.bias"] for i in layers),
            features=recipe.features,
            head=recipe.head,
            gain_floor=gain_floor,
            training={"recipe": asdict(recipe), "step": state["step"]},
        )

    def _save(self, checkpoint: Path) -> None:
        state = {
            "made": self._made(),
            "step": self.step,
            "best": self._best,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "adam": self._adam.state_dict(),
        }
        with replacing(checkpoint) as temporary:
            torch.save(state, temporary)

    def _made(self) -> dict[str, Any]:
        """Return what a checkpoint must agree in: recipe, files, and scores of the noisy clips."""
        return {"recipe": asdict(self.recipe), "files": self._files, "before": self._before}

    def _restore(self, checkpoint: Path) -> None:
        try:
            state = torch.load(checkpoint, weights_only=True)
        except Exception as error:  # damaged files raise many kinds
            raise ValueError(f"{checkpoint}: is damaged; delete it to start afresh") from error
        if state["made"] != self._made():
            raise ValueError(
                f"{checkpoint}: was made with other settings or other recordings; go on with "
                "those, or delete it to start afresh"
            )
        self.step, self._best = state["step"], state["best"]
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._adam.load_state_dict(state["adam"])
