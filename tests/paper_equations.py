"""The paper's section 2, one equation a function, in loops and exact fractions: the oracle."""

from __future__ import annotations

import math
from fractions import Fraction


def equation_1_to_3(n: int, ratio: float) -> tuple[int, int]:
    """|B_ext| and |B_int|."""
    floor = math.floor(Fraction(2**n) / (1 + decimal(ratio)))
    c = 1 if floor % 2 == 1 else 0
    external = floor + c
    return external, 2**n - external


def phi(weights: list[float], x: float) -> Fraction:
    """The empirical distribution: the share of weights below x."""
    return Fraction(sum(1 for weight in weights if weight < x), len(weights))


def phi_inverse(weights: list[float], p: Fraction) -> float:
    """The largest weight whose share of weights below it is at most p."""
    return max(weight for weight in weights if phi(weights, weight) <= p)


def equation_4(weights: list[float], n: int, ratio: float, p_start: float) -> list[float]:
    """Left edges of the external intervals of the lower tail."""
    external, _ = equation_1_to_3(n, ratio)
    step = 2 * decimal(p_start) / external
    return [phi_inverse(weights, i * step) for i in range(external // 2)]


def equation_4_upper(weights: list[float], n: int, ratio: float, p_stop: float) -> list[float]:
    """The same for the upper tail, whose share is 1 - p_stop."""
    external, _ = equation_1_to_3(n, ratio)
    step = 2 * (1 - decimal(p_stop)) / external
    return [phi_inverse(weights, decimal(p_stop) + i * step) for i in range(external // 2)]


def equation_5(
    weights: list[float], n: int, ratio: float, p_start: float, p_stop: float
) -> list[float]:
    """Left edges of the internal intervals, computed in double precision."""
    _, internal = equation_1_to_3(n, ratio)
    start = phi_inverse(weights, decimal(p_start))
    stop = phi_inverse(weights, decimal(p_stop))
    step = (stop - start) / internal
    return [start + i * step for i in range(internal)]


def member(weight: float, edges: list[float], i: int, start: int, stop: int) -> bool:
    """Equation (7): whether a weight is in B_i; internal intervals are start to stop - 1."""
    flat = edges[start] == edges[stop]
    if flat and weight == edges[start]:  # a partition of no width still holds its one value
        return i == start
    if i == len(edges) - 2:
        return edges[i] <= weight <= edges[i + 1]
    return edges[i] <= weight < edges[i + 1]


def equation_6(members: list[float], edges: tuple[float, float], m: int, k: int) -> Fraction:
    """The mean in m bits (m + k with virtual bit shift); an empty interval's midpoint."""
    return m_bit(mean(members) if members else (edges[0] + edges[1]) / 2, m, k)


def mean(members: list[float]) -> float:
    """The members' mean in double precision, added one by one."""
    total = 0.0
    for weight in members:
        total += weight
    return total / len(members)


def m_bit(value: float, m: int, k: int) -> Fraction:
    """The nearest multiple of 2**-(m - 1 + k), halves away from zero, in m signed bits."""
    step = Fraction(1, 2 ** (m - 1 + k))
    saturated = min(max(nearest(Fraction(value) / step), -(2 ** (m - 1))), 2 ** (m - 1) - 1)
    return saturated * step


def nearest(value: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    return math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def fits(value: float, m: int, k: int) -> bool:
    """Whether m signed bits after a shift by k hold the value, rounded."""
    return -(2 ** (m - 1)) <= nearest(Fraction(value) * 2 ** (m - 1 + k)) < 2 ** (m - 1)


def equation_8(level: Fraction, k: int) -> Fraction:
    """What the LUT stores of an internal level."""
    return level * 2**k


def range_split(
    weights: list[float],
    n: int,
    m: int,
    k: int | None,
    ratio: float = 1.0,
    p_start: float = 0.04,
    p_stop: float = 0.96,
    k_max: int = 10,
) -> tuple[list[int], list[Fraction], int]:
    """Codes of the weights, levels of the codes, and k."""
    external, internal = equation_1_to_3(n, ratio)
    edges = equation_4(weights, n, ratio, p_start)
    edges += equation_5(weights, n, ratio, p_start, p_stop)
    edges += [*equation_4_upper(weights, n, ratio, p_stop), max(weights)]
    start, stop = external // 2, external // 2 + internal
    codes = []
    for weight in weights:
        found = [i for i in range(2**n) if member(weight, edges, i, start, stop)]
        assert len(found) == 1
        codes.append(found[0])
    members = [
        [weight for weight, code in zip(weights, codes, strict=True) if code == i]
        for i in range(2**n)
    ]
    if k is None:
        means = [mean(inside) for inside in members[start:stop] if inside]
        k = max(j for j in range(k_max + 1) if j == 0 or all(fits(x, m, j) for x in means))
    levels = [
        equation_6(inside, (edges[i], edges[i + 1]), m, k if start <= i < stop else 0)
        for i, inside in enumerate(members)
    ]
    return codes, levels, k


def uniform(weights: list[float], n: int, k: int | None, k_max: int = 10) -> tuple[list[int], int]:
    """Two's-complement levels of step 2**-(n - 1 + k), and k."""
    if k is None:
        k = max(j for j in range(k_max + 1) if j == 0 or all(fits(w, n, j) for w in weights))
    return [int(m_bit(weight, n, k) * 2 ** (n - 1 + k)) for weight in weights], k


def decimal(value: float) -> Fraction:
    """The decimal number a person typed, not the float nearest to it."""
    return Fraction(repr(float(value)))
