"""The geometries that a board can have for a network, with what each costs and gives.

All figures are of the cycle and resource models; nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import product

from ...geometry import CHOICES, Geometry
from ...hardware import resources
from ...hardware.boards import Board
from ...hardware.cycles import Block
from ...hardware.fabric import Resources
from ...hardware.traffic import layers_of, rows_of, stream_bytes
from ...network.fit import block_of
from ...network.float_model import FloatModel
from ...network.model import QuantizedModel
from .dominance import undominated


@dataclass(frozen=True)
class Candidate:
    """One geometry, and a network on it.

    Parameters
    ----------
    geometry : Geometry
    resources : Resources
    block : int
        Rows, or frames of speech, in a full block.
    live_clocks : int
        Clocks of one row by itself.
    clocks : float
        Clocks per row in full blocks.
    live_bytes, bytes : float
        Bytes of codes and of the row that move, by itself and in full blocks.
    clock_mhz : float
    """

    geometry: Geometry
    resources: Resources
    block: int
    live_clocks: int
    clocks: float
    live_bytes: float
    bytes: float
    clock_mhz: float

    @property
    def latency_us(self) -> float:
        """Microseconds of one row by itself."""
        return self.live_clocks / self.clock_mhz

    @property
    def live_rate(self) -> float:
        """Rows per second, each by itself."""
        return 1e6 * self.clock_mhz / self.live_clocks

    @property
    def rate(self) -> float:
        """Rows per second in full blocks."""
        return 1e6 * self.clock_mhz / self.clocks


def candidates(
    model: QuantizedModel | FloatModel, board: Board, spare: float = 0.2
) -> list[Candidate]:
    """Return all geometries that run a model and leave a share of `spare` of each resource.

    Geometries that only waste are left out: no faster than another one that needs no more of any
    resource.

    Raises
    ------
    ValueError
        The model is a float model, or no geometry that runs it fits the board.
    """
    if isinstance(model, FloatModel):
        raise ValueError(
            f"{model.name} is a float model, but the overlay runs codes: quantize it first"
        )
    found = [candidate(model, geometry, board) for geometry in _runnable(model)]
    fitting = [each for each in found if each.resources.fit(board, spare)]
    if not fitting:
        least = min(found, key=lambda each: max(each.resources.shares(board)))
        raise ValueError(
            f"no geometry that runs {model.name} leaves {spare:.0%} of {board.name}; the smallest, "
            f"{least.geometry}, needs {max(least.resources.shares(board)):.0%} of a resource"
        )
    return _lean(fitting)


def candidate(model: QuantizedModel, geometry: Geometry, board: Board) -> Candidate:
    """Return what a geometry costs, and what a model gives on it."""
    layers, rows = layers_of(model, geometry=geometry), rows_of(model)
    block = block_of(model, geometry)
    live, full = Block(layers, 1, rows), Block(layers, block, rows)
    stream = stream_bytes(layers)
    return Candidate(
        geometry,
        resources.whole(geometry),
        block,
        live.cycles,
        full.cycles / block,
        stream + rows.bytes,
        stream / block + rows.bytes,
        board.clock_mhz,
    )


def _runnable(model: QuantizedModel) -> Iterator[Geometry]:
    """Yield the geometries that run a model, with words and kept codes no larger than it needs."""
    names = ("lanes", "frame_lanes", "block", "depth")
    for by_code, sizes in product((False, True), product(*(CHOICES[name] for name in names))):
        lanes, frame_lanes, block, depth = sizes
        if frame_lanes <= block:
            yield from _least(
                model, Geometry(lanes, frame_lanes, by_code, depth=depth, block=block)
            )


def _least(model: QuantizedModel, geometry: Geometry) -> Iterator[Geometry]:
    for bits, kept in product(CHOICES["bits"], CHOICES["kept"]):
        smaller = replace(geometry, bits=bits, kept=kept)
        try:
            block_of(model, smaller)
        except ValueError:
            continue
        yield smaller
        return


def _lean(found: Sequence[Candidate]) -> list[Candidate]:
    """Return those that are faster, or need less of a resource, than every other."""
    kept = undominated([(x.live_clocks, x.clocks, *astuple(x.resources)) for x in found])
    return [found[i] for i in kept]
