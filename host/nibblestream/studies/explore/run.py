"""Explore the geometries of a board within limits that the user sets."""

from __future__ import annotations

from ...hardware.boards import Board
from ...hardware.traffic import rows_of
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from .candidates import Candidate, candidate, candidates
from .report import Exploration


def explore(
    model: QuantizedModel | FloatModel,
    board: Board,
    spare: float = 0.2,
    target_latency: float | None = None,
    max_dsp: int | None = None,
) -> Exploration:
    """Return the geometries that fit a board, leave room on it, and keep to the limits.

    Parameters
    ----------
    model : QuantizedModel
        A FloatModel is refused.
    board : Board
    spare : float
        Share of each of the board's resources that has to be left, 0 to 1.
    target_latency : float, optional
        Most microseconds of one row by itself.
    max_dsp : int, optional
        Most DSPs.

    Raises
    ------
    ValueError
        Nothing fits; the message names what comes nearest.
    """
    found = candidates(model, board, spare)
    if max_dsp is not None:
        found = _within_dsps(found, max_dsp, board)
    if target_latency is not None:
        found = _within_latency(found, target_latency, board)
    assert isinstance(model, QuantizedModel)
    return Exploration(model.name, rows_of(model).unit, board, spare, found, _own(model, board))


def _own(model: QuantizedModel, board: Board) -> Candidate | None:
    try:
        return candidate(model, board.geometry, board)
    except ValueError:
        return None


def _within_dsps(found: list[Candidate], most: int, board: Board) -> list[Candidate]:
    least = min(found, key=lambda each: each.resources.dsps)
    if least.resources.dsps > most:
        raise ValueError(
            f"no geometry for {board.name} has {most} DSPs or fewer: the nearest, "
            f"{least.geometry}, has {least.resources.dsps}"
        )
    return [each for each in found if each.resources.dsps <= most]


def _within_latency(found: list[Candidate], most: float, board: Board) -> list[Candidate]:
    least = min(found, key=lambda each: each.latency_us)
    if least.latency_us > most:
        raise ValueError(
            f"no geometry for {board.name} has a latency of {most:g} us or less: the nearest, "
            f"{least.geometry}, has {least.latency_us:.1f} us"
        )
    return [each for each in found if each.latency_us <= most]
