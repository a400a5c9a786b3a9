"""Tasks: data that scikit-learn carries, and the network trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ...importing import from_sklearn
from .trained import Trained

Float = npt.NDArray[np.float64]

TEST = 1 / 3  # of the rows
CLASSIFIER = {"max_iter": 2000, "alpha": 1e-3}
REGRESSOR = {"max_iter": 2000, "early_stopping": True, "learning_rate_init": 0.01}


@dataclass(frozen=True)
class Task:
    """A data set and the hidden layers of the network for it.

    Parameters
    ----------
    data : str
        The part of scikit-learn's ``load_...`` after the underscore.
    hidden : tuple of int
        Widths of the hidden layers.
    scaling : {"none", "before", "folded"}
        Data as they are; standardized before the network; or standardized by a scaler that the
        import folds into the first layer, so that the network takes data as they are.
    regression : bool
        Whether the targets are numbers, scored by R2, or classes, scored by accuracy.
    """

    data: str
    hidden: tuple[int, ...]
    scaling: str
    regression: bool = False

    @property
    def metric(self) -> str:
        """Name of the score."""
        return "R2" if self.regression else "accuracy, %"


TASKS = {
    "digits": Task("digits", (32,), "none"),
    "digits-wide": Task("digits", (128,), "none"),
    "wine": Task("wine", (16,), "before"),
    "wine-folded": Task("wine", (16,), "folded"),
    "cancer": Task("breast_cancer", (16,), "before"),
    "diabetes": Task("diabetes", (16,), "before", regression=True),
}


def load(task: Task, seed: int) -> tuple[Float, Float, npt.NDArray[Any], npt.NDArray[Any]]:
    """Return inputs for training and testing, then their targets, for a seed's split."""
    x, y = getattr(datasets, f"load_{task.data}")(return_X_y=True)
    groups = None if task.regression else y
    rows, test, known, asked = train_test_split(
        x, y, test_size=TEST, random_state=seed, stratify=groups
    )
    if task.scaling == "before":
        scaler = StandardScaler().fit(rows)
        rows, test = scaler.transform(rows), scaler.transform(test)
    if task.regression:
        middle, spread = known.mean(), known.std()
        known, asked = (known - middle) / spread, (asked - middle) / spread
    return rows, test, known, asked


def train(task: Task, seed: int, name: str = "imported") -> Trained:
    """Train a task's network by scikit-learn and import it; split and training use the seed."""
    rows, test, known, asked = load(task, seed)
    if task.regression:
        network = MLPRegressor(hidden_layer_sizes=task.hidden, random_state=seed, **REGRESSOR)
    else:
        network = MLPClassifier(task.hidden, random_state=seed, **CLASSIFIER)
    estimator = make_pipeline(StandardScaler(), network) if task.scaling == "folded" else network
    estimator.fit(rows, known)
    model = from_sklearn(estimator, example=rows, name=name)
    return Trained(model, rows, test, asked, task.regression)
