"""Train, quantize and score: every task in every setting, over seeds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from ...evaluate.bootstrap import Interval, interval
from ...hardware.boards import Board
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from ...predict.predictor import Predictor
from ...quantize import quantize
from .cost import Cost, cost
from .task import TASKS, Task, train
from .trained import Trained

FLOAT = "float"


class Setting(NamedTuple):
    """A scheme of `quantize` and its bits; "float" is the network as trained."""

    scheme: str
    bits: int
    calibrated: bool = False

    def apply(self, trained: Trained) -> FloatModel | QuantizedModel:
        """Return the trained network in this setting."""
        if self.scheme == FLOAT:
            return trained.model
        rows = trained.calibration if self.calibrated else None
        return quantize(trained.model, self.scheme, self.bits, calibration=rows)


# The paper's schemes know the weights alone; auto is fitted to the training rows.
SETTINGS = (
    Setting(FLOAT, 32),
    Setting("u", 8),
    Setting("auto", 8, calibrated=True),
    *(
        setting
        for bits in (4, 3, 2)
        for setting in (
            Setting("rs-vbs", bits),
            Setting("kmeans", bits),
            Setting("auto", bits, calibrated=True),
        )
    ),
)


@dataclass(frozen=True)
class Result:
    """A task in a setting.

    Parameters
    ----------
    name : str
        Of the task.
    network : str
        Widths of its layers.
    setting : Setting
    scores : sequence of float
        Accuracy in percent or R2 on the test rows, for each seed.
    score : Interval
        Their mean over seeds.
    lost : Interval
        What is lost to the float network, paired by seed.
    cost : Cost
    """

    name: str
    network: str
    setting: Setting
    scores: Sequence[float]
    score: Interval
    lost: Interval
    cost: Cost

    @property
    def task(self) -> Task:
        """The task itself."""
        return TASKS[self.name]


def run(names: Sequence[str], seeds: int, board: Board) -> list[Result]:
    """Run tasks, each with seeds 0 to `seeds` - 1, and return them in every setting.

    Raises
    ------
    KeyError
        No task has that name.
    """
    results: list[Result] = []
    with tqdm(total=len(names) * seeds, desc="tasks", unit="network", disable=None) as bar:
        for name in names:
            by_seed = []
            for seed in range(seeds):
                by_seed.append(list(_scored(train(TASKS[name], seed, name))))
                bar.update()
            results += _results(name, by_seed, board)
    return results


_Scored = tuple[FloatModel | QuantizedModel, float]


def _scored(trained: Trained) -> Iterator[_Scored]:
    for setting in SETTINGS:
        model = setting.apply(trained)
        with Predictor(model) as net, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # test rows may be beyond those of the calibration
            yield model, trained.score(net.predict(trained.test))


def _results(name: str, by_seed: Sequence[Sequence[_Scored]], board: Board) -> Iterator[Result]:
    scores = np.array([[score for _, score in scored] for scored in by_seed])
    names, ones = [str(seed) for seed in range(len(by_seed))], np.ones(len(by_seed))
    for i, setting in enumerate(SETTINGS):
        model = by_seed[0][i][0]  # the cost is the same for all seeds
        yield Result(
            name,
            "-".join(map(str, widths(model))),
            setting,
            scores[:, i].tolist(),
            interval(scores[:, i], ones, names),
            interval(scores[:, 0] - scores[:, i], ones, names),
            cost(model, board),
        )


def widths(model: FloatModel | QuantizedModel) -> list[int]:
    """Return the number of inputs, and of outputs of each layer."""
    weights = model.weights if isinstance(model, FloatModel) else [x.codes for x in model.layers]
    return [model.inputs, *(len(layer) for layer in weights)]
