"""What a classifier gets right and wrong, before and after quantization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from .. import FloatModel, Predictor, QuantizedModel
from ..hardware.boards import Board
from ..plots.style import COLOURS, COLUMN, INK, styled
from ..studies.tasks.cost import cost
from ..studies.tasks.trained import Trained, classes
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image

Float = npt.NDArray[np.float64]

MOST: Final = 12  # images of mistakes
COLUMNS: Final = 6
PIXELS: Final = (8, 8)


def accuracies(
    models: Mapping[str, FloatModel | QuantizedModel], task: Trained, board: Board
) -> str:
    """Return accuracy on the test rows, bytes and modelled speed of models, as text."""
    width = max(map(len, models))
    lines = [
        f"{'':<{width}}{'':>10}{'bytes of':>10}   modelled on {board.name}",
        f"{'':<{width}}{'accuracy':>10}{'weights':>10}{'rows a second':>16}{'us, one row':>14}",
    ]
    for title, model in models.items():
        with Predictor(model) as net:
            score = task.score(net.predict(task.test))
        of = cost(model, board)
        line = f"{title:<{width}}{score:>9.1f}%{of.codes:>10,}"
        if of.rows_per_second is not None:
            line += f"{of.rows_per_second:>16,.0f}{of.latency_us:>14.1f}"
        lines.append(line)
    return "\n".join(lines)


@styled()
def mistakes(task: Trained, outputs: Float) -> Image:
    """Show misclassified test images, those nearest to being right first.

    Parameters
    ----------
    task : Trained
        Images of 8 x 8 pixels.
    outputs : float64 (n, classes)
        For the test rows.
    """
    from matplotlib.figure import Figure

    margin, predicted = margins_of(task, outputs), classes(outputs)
    wrong = np.flatnonzero(predicted != task.targets)
    wrong = wrong[np.argsort(-margin[wrong])]
    figure = Figure(figsize=(COLUMN, 2.9), layout="constrained")
    axes = figure.subplots(-(-MOST // COLUMNS), COLUMNS).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, i in zip(axes, wrong, strict=False):
        axis.imshow(task.test[i].reshape(PIXELS), cmap="gray_r")
        axis.set_title(f"{task.targets[i]}, read as {predicted[i]}\nmargin {margin[i]:.2f}")
    return image(figure, f"{len(wrong)} of {len(margin)} test images are misclassified")


@styled()
def margins(task: Trained, outputs: Mapping[str, Float]) -> Image:
    """Plot how many test rows have a margin below each value, for several models' outputs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(COLUMN, 2.6), layout="constrained")
    axis = figure.subplots()
    for (title, of), colour in zip(outputs.items(), COLOURS, strict=False):
        margin = np.sort(margins_of(task, of))
        axis.step(margin, 100 * np.arange(1, len(margin) + 1) / len(margin), color=colour,
                  label=f"{title}: {np.mean(margin <= 0):.1%} wrong")  # fmt: skip
    axis.axvline(0, color=INK, linewidth=0.6)
    axis.set(xlabel="margin of the right class", ylabel="% of the test rows below")
    axis.legend(loc="upper left")
    return image(figure, f"Margins of {', '.join(outputs)}")


def margins_of(task: Trained, outputs: Float) -> Float:
    """Return the right class's output less the largest other one, float64 (n,)."""
    rows = np.arange(len(outputs))
    others = outputs.copy()
    others[rows, task.targets] = -np.inf
    return np.asarray(outputs[rows, task.targets] - others.max(axis=1))
