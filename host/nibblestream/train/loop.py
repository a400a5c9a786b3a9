"""Training loop: seeded, resumable, selects the best model by STOI on validation mixtures."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from tqdm import tqdm

from .. import spec
from ..enhance.enhancer import Enhancer
from ..evaluate.clip import Clip
from ..evaluate.metrics import stoi
from ..files.atomic import replacing
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from .mixing import Batch, Batches
from .module import Stack
from .recipe import Settings

WARM_UP = 50  # steps
AVERAGING = 0.995  # per step; averaged weights generalise better than the last step's
GRADIENT_NORM = 1.0

State = dict[str, Any]  # "step", "weights" (the network's state), "stoi_gain"
M = TypeVar("M", bound=FloatModel | QuantizedModel, covariant=True)


class Trainee(Protocol[M]):
    """A network to be trained, and how to convert its states to models."""

    every: int  # steps between validations

    @property
    def settings(self) -> Settings:
        """Settings that, with the recordings, determine the run."""

    @property
    def network(self) -> Stack:
        """The network whose parameters are trained."""

    def loss(self, batch: Batch) -> torch.Tensor:
        """Return the loss on a batch, a scalar."""

    def model(self, state: State, *, final: bool) -> M:
        """Return the model of a state: the final one, or the one used for validation."""


class Training(Generic[M]):
    """The state of a training run; `run` completes it.

    Parameters
    ----------
    trainee : Trainee
        Its network holds the initial values.
    validation : sequence of (Clip, float)
        Validation clips, at least one, each with the STOI of its noisy signal.
    """

    def __init__(self, trainee: Trainee[M], validation: Sequence[tuple[Clip, float]]) -> None:
        self.step = 0
        self._trainee = trainee
        self._settings = trainee.settings
        self._network = trainee.network
        self._best: State = {"stoi_gain": -math.inf}
        self._files: list[str] = []
        self._validation = [clip for clip, _ in validation]
        self._before = [before for _, before in validation]
        self._average = copy.deepcopy(self._network)
        self._adam = torch.optim.Adam(self._network.parameters(), lr=self._settings.rate)

    def run(self, batches: Batches, checkpoint: Path) -> M:
        """Train to the last step, validating and saving periodically; return the best model.

        Parameters
        ----------
        batches : Batches
        checkpoint : path
            File for the training state; if it exists, training resumes from it.
        """
        self._files = batches.supply.recordings
        if checkpoint.exists():
            self._restore(checkpoint)
        left = range(self.step, self._settings.steps)
        loader = torch.utils.data.DataLoader(batches, None, sampler=left, num_workers=1)
        progress = tqdm(
            loader, unit="batch", initial=self.step, total=self._settings.steps, disable=None
        )
        for batch in progress:
            loss = self._advance(batch)
            progress.set_postfix(loss=f"{loss:.4f}", refresh=False)
            if self.step % self._trainee.every == 0 or self.step == self._settings.steps:
                report = f"step {self.step}: loss {loss:.4f}, {self._validate()}"
                tqdm.write(report, file=sys.stderr)
                self._save(checkpoint)
        return self._trainee.model(self._best, final=True)

    def _advance(self, batch: Batch) -> float:
        for group in self._adam.param_groups:
            group["lr"] = self._settings.rate * self._schedule()
        loss = self._trainee.loss(batch)
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
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
        fall = 0.5 * (1 + math.cos(math.pi * self.step / self._settings.steps))
        return min(1.0, (self.step + 1) / WARM_UP) * fall

    def _validate(self) -> str:
        """Keep the averaged weights if they are the best so far; return a report of their score."""
        state = {key: value.clone() for key, value in self._average.state_dict().items()}
        now = {"step": self.step, "weights": state}
        with Enhancer(self._trainee.model(now, final=False)) as enhancer:
            after = [
                stoi(c.clean, enhancer.enhance(c.noisy, spec.SAMPLE_RATE)) for c in self._validation
            ]
        now["stoi_gain"] = float(np.mean(after) - np.mean(self._before))
        if now["stoi_gain"] > self._best["stoi_gain"]:
            self._best = now
        return f"validation STOI {np.mean(after):.4f} ({now['stoi_gain']:+.4f} over noisy)"

    def _save(self, checkpoint: Path) -> None:
        state = {
            "made": self._identity(),
            "step": self.step,
            "best": self._best,
            "network": self._network.state_dict(),
            "average": self._average.state_dict(),
            "adam": self._adam.state_dict(),
        }
        with replacing(checkpoint) as temporary:
            torch.save(state, temporary)

    def _identity(self) -> dict[str, Any]:
        """Return what a checkpoint must match: settings, files, scores of the noisy clips."""
        return {"settings": asdict(self._settings), "files": self._files, "before": self._before}

    def _restore(self, checkpoint: Path) -> None:
        try:
            state = torch.load(checkpoint, weights_only=True)
        except Exception as error:  # damaged files raise various errors
            raise ValueError(f"{checkpoint}: is damaged; delete it to start over") from error
        if state["made"] != self._identity():
            raise ValueError(
                f"{checkpoint}: was made with other settings or other recordings; resume with "
                "those, or delete it to start over"
            )
        self.step, self._best = state["step"], state["best"]
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._adam.load_state_dict(state["adam"])
