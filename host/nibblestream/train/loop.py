"""Training loop: seeded, resumable, selects the best model by STOI on validation mixtures."""

from __future__ import annotations

import copy
import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import numpy as np
import torch
from tqdm import tqdm

from .. import spec
from ..enhance.enhancer import Enhancer
from ..evaluate.clip import Clip, Float
from ..evaluate.metrics import stoi
from ..files.atomic import replacing
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from .recipe import Settings

WARM_UP = 50  # steps
AVERAGING = 0.995  # per step; averaged weights generalise better than the last step's
GRADIENT_NORM = 1.0
CHECKPOINT = 60.0  # seconds between checkpoints

State = dict[str, Any]  # "step", "weights" (the network's state, on the CPU), "stoi_gain"
Batch = tuple[torch.Tensor, ...]
M = TypeVar("M", bound=FloatModel | QuantizedModel, covariant=True)


class Trained(Protocol):
    """A network whose parameters are trained."""

    def clamp(self) -> None:
        """Clamp the parameters to their range."""


class Batches(Protocol):
    """A data set of batches, each determined by its number; read in ascending order."""

    @property
    def recordings(self) -> list[str]:
        """Identifiers of all source recordings; a run can only be resumed with the same ones."""

    def __getitem__(self, number: int) -> Batch:
        """Return a named tuple of tensors on the CPU."""


class Trainee(Protocol[M]):
    """A network to be trained, and how to convert its states to models."""

    every: int  # steps between validations

    @property
    def settings(self) -> Settings:
        """Settings that, with the recordings, determine the run."""

    @property
    def network(self) -> Any:
        """The network, an `nn.Module` that is `Trained`."""

    def loss(self, batch: Any) -> torch.Tensor:
        """Return the loss on a batch, a scalar."""

    def enhance(self, state: State, signals: Sequence[Float]) -> list[Float]:
        """Return validation signals as the model of a state enhances them."""

    def model(self, state: State, *, final: bool) -> M:
        """Return the model of a state: the final one, or the one used for validation."""


def enhance_all(model: FloatModel | QuantizedModel, signals: Sequence[Float]) -> list[Float]:
    """Return signals at 8 kHz as a model enhances them."""
    with Enhancer(model) as enhancer:
        return [enhancer.enhance(signal, spec.SAMPLE_RATE) for signal in signals]


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
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network.to(self._device)
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
        self._files = batches.recordings
        if checkpoint.exists():
            self._restore(checkpoint)
        saved, last = time.monotonic(), self._settings.steps
        for batch in self._loaded(batches):
            loss = self._advance(batch)
            validated = self.step % self._trainee.every == 0 or self.step == last
            if validated:
                report = f"step {self.step}: loss {loss:.4f}, {self._validate()}"
                tqdm.write(report, file=sys.stderr)
            if validated or time.monotonic() - saved >= CHECKPOINT:
                self._save(checkpoint)
                saved = time.monotonic()
        return self._trainee.model(self._best, final=True)

    def _loaded(self, batches: Batches) -> Iterator[Batch]:
        """Yield the batches that are left, made in another process, under a progress bar."""
        left = range(self.step, self._settings.steps)
        loader: Iterable[Batch] = torch.utils.data.DataLoader(
            cast("torch.utils.data.Dataset[Batch]", batches), None, sampler=left, num_workers=1
        )
        yield from tqdm(
            loader, unit="batch", initial=self.step, total=self._settings.steps, disable=None
        )

    def _advance(self, batch: Batch) -> float:
        for group in self._adam.param_groups:
            group["lr"] = self._settings.rate * self._schedule()
        moved = (part.to(self._device) for part in batch)
        loss = self._trainee.loss(type(batch)(*moved))
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
        fall = 0.5 * (1 + math.cos(math.pi * self.step / self._settings.steps))
        return min(1.0, (self.step + 1) / WARM_UP) * fall

    def _validate(self) -> str:
        """Keep the averaged weights if they are the best so far; return a report of their score."""
        state = {key: value.cpu().clone() for key, value in self._average.state_dict().items()}
        now = {"step": self.step, "weights": state}
        clean = self._trainee.enhance(now, [clip.noisy for clip in self._validation])
        after = [stoi(c.clean, y) for c, y in zip(self._validation, clean, strict=True)]
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
            state = torch.load(checkpoint, weights_only=True, map_location="cpu")
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
