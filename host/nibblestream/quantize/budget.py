"""Widths of codes for a number of bytes, by how much each layer loses at each width.

Each layer alone is quantized at each width, and the error of the network's output is measured
(compare HAWQ, Dong et al. 2019, https://arxiv.org/abs/1905.03696, which estimates it). Errors of
layers hardly correlate, so their squares add up, and the best widths are found exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import spec
from ..network import pack

Shapes = Sequence[tuple[int, int]]


def choose_bits(shapes: Shapes, budget: int, error: Callable[[int, int], float]) -> list[int]:
    """Choose each layer's width.

    Parameters
    ----------
    shapes : sequence of (int, int)
        (out, in) of each layer's weights.
    budget : int
        Bytes of all codes, as the paper counts them.
    error : callable
        Squared error of the output when layer i alone has codes of n bits: ``error(i, n)``.

    Returns
    -------
    list of int
        Of 2, 3, 4 and 8: the least sum of errors that keeps to the budget.

    Raises
    ------
    ValueError
        Even 2 bits for all layers are too many.
    """
    check_budget(shapes, budget)
    chosen: list[tuple[int, float, list[int]]] = [
        (0, 0.0, [])
    ]  # bytes, error, bits: a Pareto front
    for i, shape in enumerate(shapes):
        cost = {bits: (pack.ideal_bytes(shape, bits), error(i, bits)) for bits in spec.CODE_BITS}
        every = [
            (size + cost[bits][0], lost + cost[bits][1], [*before, bits])
            for size, lost, before in chosen
            for bits in spec.CODE_BITS
        ]
        chosen = _front([some for some in every if some[0] <= budget])
    return chosen[-1][2]


def check_budget(shapes: Shapes, budget: int) -> None:
    """Refuse a budget that no widths keep to, with a ValueError."""
    least = sum(pack.ideal_bytes(shape, min(spec.CODE_BITS)) for shape in shapes)
    if budget < least:
        raise ValueError(
            f"the budget is {budget} bytes; the least that would do is {least}, "
            f"{min(spec.CODE_BITS)} bits for each weight"
        )


def _front(every: list[tuple[int, float, list[int]]]) -> list[tuple[int, float, list[int]]]:
    """Return what nothing smaller is as good as: from the smallest to the best."""
    front: list[tuple[int, float, list[int]]] = []
    for some in sorted(every):
        if not front or some[1] < front[-1][1]:
            front.append(some)
    return front
