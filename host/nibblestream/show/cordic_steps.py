"""CORDIC vectoring step by step: shifts and adds rotate a vector onto the x axis."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import spec
from ..plots.style import COLOURS, COLUMN, INK, styled
from ..speech import cordic
from .image import image

if TYPE_CHECKING:
    from IPython.display import Image

UNIT = 1000 << spec.CORDIC_GUARD  # 1000 LSB of the spectrum
TURN = 1 << spec.CORDIC_ANGLE_BITS


class Turned(NamedTuple):
    """The registers after one step: the vector, and its rotation so far in 2**-24 turns."""

    x: int
    y: int
    angle: int


def vectoring_steps(re: int, im: int) -> list[Turned]:
    """Return the registers of `cordic_vectoring` before the first step and after each step.

    Parameters
    ----------
    re, im : int
        In `spec.SPECTRUM`; re is not negative (for negative re the kernel negates the vector).

    Raises
    ------
    ValueError
        re is negative.
    """
    if re < 0:
        raise ValueError(f"the real part is {re}; expected 0 or more: choose another bin")
    return [_turned(re, im, steps) for steps in range(spec.CORDIC_ITERATIONS + 1)]


def _turned(re: int, im: int, steps: int) -> Turned:
    vectors = np.array([[re], [im]], np.int32) << spec.CORDIC_GUARD
    directions = np.empty((steps, 1), np.int32)
    cordic.turn(vectors, directions, towards_axis=True)
    x, y = vectors[:, 0].tolist()
    return Turned(x, y, int(directions[:, 0] @ cordic.ANGLES[:steps]))


def turning(re: int, im: int) -> str:
    """Return the steps as text, with the resulting and the exact magnitude and phase."""
    lines = [f"step {'turn':>18}{'x':>14}{'y':>14}{'turned so far':>18}"]
    for i, (before, now) in enumerate(pairwise(vectoring_steps(re, im))):
        sign = "-" if before.y >= 0 else "+"
        degrees = f"{sign}atan(2^-{i})"
        lines.append(f"{i:>4} {degrees:>18}{now.x:>14,}{now.y:>14,}{_degrees(now.angle):>17.4f}°")
    magnitude, phase = cordic.vectoring(np.array([re, im], np.int32))
    exact = math.hypot(re, im), math.atan2(im, re) / math.tau * 2**spec.PHASE_BITS
    lines += [
        f"times {cordic.INVERSE_GAIN} / 2^{spec.CORDIC_INVERSE_GAIN_FRAC}, guard bits rounded off:",
        f"magnitude {int(magnitude):>9,}    exact {exact[0]:>12,.2f}",
        f"phase     {int(phase):>9,}    exact {exact[1]:>12,.2f}    in 2^-16 turns",
    ]
    return "\n".join(lines)


@styled()
def turning_picture(re: int, im: int) -> Image:
    """Draw the vector before each of the first steps, and the remaining abs(y) after each step."""
    from matplotlib.figure import Figure

    found = vectoring_steps(re, im)
    x, y = (np.array([getattr(each, key) for each in found]) / UNIT for key in "xy")
    figure = Figure(figsize=(COLUMN, 2.5), layout="constrained")
    plane, rest = figure.subplots(1, 2)
    for i in range(6):
        shade = str(0.75 * (1 - i / 5))
        plane.annotate("", (x[i], y[i]), (0, 0), arrowprops={"arrowstyle": "->", "color": shade})
        plane.annotate(str(i), (x[i], y[i]), (4, 3), textcoords="offset points")
    plane.set(xlim=(0, 1.15 * x.max()), xlabel="x, 1000 LSB of the spectrum", ylabel="y")
    plane.set_ylim(1.2 * min(y.min(), 0) - 0.05 * x.max(), 1.2 * max(y.max(), 0) + 0.05 * x.max())
    plane.axhline(0, color=INK, linewidth=0.8)
    plane.set_title("the vector before step 0 to 5")
    rest.semilogy(np.abs(y), "o-", color=COLOURS[0], markersize=4)
    rest.set(xlabel="steps done", ylabel="|y|, 1000 LSB", xticks=range(0, len(y), 3))
    rest.set_title("what is left to turn")
    rest.grid()
    return image(figure, "CORDIC turns a vector onto the x axis in 18 steps")


def _degrees(angle: int) -> float:
    return 360 * angle / TURN
