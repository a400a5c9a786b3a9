"""The float weights of a network with memory, as training leaves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..files.atomic import replacing

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MemoryModel:
    """Weights by name, and the settings that they need.

    Parameters
    ----------
    name : str
    weights : mapping of str to float32 array
        All within (-1, 1), of width w with n bins seen of each of k frames:
        ``first.weight`` (w, k n), oldest frame first, and ``first.bias`` (w,), followed by ReLU;
        ``memory.I.linear.weight`` (3 w, w) and ``.bias`` (3 w,) of layer I: rows of z, c, o;
        ``last.weight`` (n, w) and ``last.bias`` (n,), clamped to [gain floor, 1].
    settings : mapping
        The recipe; window, look_back, stride and gain_floor determine the spectra and features.
    training : dict
        JSON metadata: the command, the step, the scores.
    """

    name: str
    weights: Mapping[str, Float32]
    settings: Mapping[str, Any]
    training: dict[str, Any] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write an .npz of the weights and ``header``, a JSON string of the rest."""
        header = {"name": self.name, "settings": dict(self.settings), "training": self.training}
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **self.weights)

    @classmethod
    def load(cls, path: str | Path) -> MemoryModel:
        """Read what `save` wrote; raises OSError, ValueError or KeyError for anything else."""
        with np.load(path) as stored:
            weights = {name: stored[name] for name in stored.files if name != "header"}
            header = json.loads(str(stored["header"]))
        return cls(header["name"], weights, header["settings"], header["training"])
