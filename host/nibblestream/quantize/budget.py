"""Choice of each layer's code width within a budget of bytes, by the error at the output.

Each layer alone is quantized at each width, and the error of the network's output is measured
(compare HAWQ, Dong et al. 2019, https://arxiv.org/abs/1905.03696, which estimates it). The errors
of different layers are nearly uncorrelated, so their squares add up, and the widths with the least
sum are found exactly.
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
        ``error(i, n)``: squared error of the output when only layer i is quantized, to n bits.

    Returns
    -------
    list of int
        2, 3, 4 or 8 for each layer: the widths within the budget with the least sum of errors.

    Raises
    ------
    ValueError
        Even 2 bits for every weight exceed the budget.
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
    """Raise ValueError if the budget is below the smallest width for all layers."""
    least = sum(pack.ideal_bytes(shape, min(spec.CODE_BITS)) for shape in shapes)
    if budget < least:
        raise ValueError(
            f"the budget is {budget} bytes; expected at least {least}, which is "
            f"{min(spec.CODE_BITS)} bits for each weight"
        )


def _front(every: list[tuple[int, float, list[int]]]) -> list[tuple[int, float, list[int]]]:
    """Return the Pareto front of (bytes, error, bits), by rising bytes and falling error."""
    front: list[tuple[int, float, list[int]]] = []
    for some in sorted(every):
        if not front or some[1] < front[-1][1]:
            front.append(some)
    return front
