"""The overlay: find its bitstream, load it, check its version and set its clock."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pynq
import pynq.ps
from pynq import Overlay

from ... import spec
from ...geometry import Geometry
from ...hardware import boards, sources
from ...hardware.boards import Board
from .fault import BoardError
from .hardware import CODE_DMAS
from .identity import identify
from .kernel import KERNELS

CLOCK_TOLERANCE: Final = 0.002  # of rounding in the clock's dividers


def find_board() -> Board:
    """Return the board of ``$BOARD``, as PYNQ images set it.

    Raises
    ------
    BoardError
        It is not set, or there is no overlay for that board.
    """
    name = os.environ.get("BOARD", "")
    if not name:
        raise BoardError(
            "this does not look like a PYNQ board: $BOARD is not set; expected one of "
            f"{', '.join(boards.BOARDS)}. Backend 'emu' gives the same bits anywhere"
        )
    try:
        return boards.find(name)
    except ValueError as error:
        raise BoardError(str(error)) from error


def find_bitstream(board: Board, given: Path | None = None) -> Path:
    """Return a board's bitstream: the one given, installed, or built by `make overlay`.

    ``NIBBLESTREAM_OVERLAY`` overrides the last two.

    Raises
    ------
    BoardError
        There is no bitstream, or no hardware handoff beside it.
    """
    overlays, name = sources.find("overlays"), f"{spec.OVERLAY}.bit"
    places = [overlays / name, overlays.parent / "build" / "overlays" / board.name / name]
    named = given or os.environ.get("NIBBLESTREAM_OVERLAY")
    path = Path(named) if named else next((p for p in places if p.is_file()), places[0])
    for needed, what in ((path, "bitstream"), (path.with_suffix(".hwh"), "hardware handoff")):
        if not needed.is_file():
            raise BoardError(
                f"{needed}: no such {what}; build both with `make overlay BOARD={board.name}`, or "
                "name the bitstream by NIBBLESTREAM_OVERLAY"
            )
    return path


def load(path: Path, board: Board, device: Any) -> tuple[Any, Geometry]:
    """Load the overlay and check that it is the one that this package drives.

    Parameters
    ----------
    path : Path
        The .bit; the .hwh lies beside it.
    board : Board
    device : pynq Device

    Returns
    -------
    overlay : pynq.Overlay
    geometry : Geometry
        Of its kernels.

    Raises
    ------
    BoardError
        The design, its version or its clock is another one.
    """
    if board.family == "zynq" and int(pynq.__version__.split(".")[0]) >= 4:
        raise BoardError(
            f"pynq {pynq.__version__} no longer supports Zynq-7000, which {board.name} is: "
            "pip install 'pynq<4'"
        )
    _forget_metadata()
    # The version is checked below, by registers: pynq would check Vivado's version, and warn.
    overlay = Overlay(str(path), ignore_version=True, device=device)
    _check_cells(overlay, path, [name for name in spec.CELLS if name not in CODE_DMAS[1:]])
    _set_clock(board)
    geometry = identify([getattr(overlay, name) for name in KERNELS], board, device)
    code_dmas = CODE_DMAS[: geometry.ports]
    _check_cells(overlay, path, code_dmas)
    _check_lengths(overlay, path, ["dma_spectra", *code_dmas])
    return overlay, geometry


def _forget_metadata() -> None:
    """Clear pynq's metadata cache, so that a newer .hwh beside the same .bit is parsed again."""
    try:
        from pynq.pl_server.global_state import clear_global_state
    except ImportError:  # earlier releases of pynq 3 have it elsewhere
        return
    clear_global_state()


def _check_cells(overlay: Any, path: Path, names: Iterable[str]) -> None:
    for name in names:
        found, expected = overlay.ip_dict.get(name, {}).get("type"), spec.CELLS[name].vlnv
        if found != expected:
            raise BoardError(
                f"{path}: the design has {name} as {found or 'nothing'}; expected {expected}: "
                "it is another overlay, or another version of this one"
            )


def _check_lengths(overlay: Any, path: Path, names: list[str]) -> None:
    """Refuse a DMA with a shorter length register, which would cut lengths, or scatter-gather mode.

    Parameters that the handoff lacks are assumed to be right.
    """
    for name in names:
        parameters = overlay.ip_dict[name]["parameters"]
        if int(parameters.get("c_include_sg", 0)):
            raise BoardError(
                f"{path}: {name} is in scatter-gather mode; expected simple mode: "
                "it is another overlay, or another version of this one"
            )
        found = int(parameters.get("c_sg_length_width", spec.DMA_LENGTH_BITS))
        if found < spec.DMA_LENGTH_BITS:
            raise BoardError(
                f"{path}: {name} counts bytes in {found} bits; expected {spec.DMA_LENGTH_BITS}: "
                "it is another overlay, or another version of this one"
            )


def _set_clock(board: Board) -> None:
    """Set the logic's clock to the board's, or as near below it as the dividers allow.

    The .hwh tells pynq the dividers that Vivado chose, but not the frequency of the board's PLL.
    """
    found = _clock()
    if abs(found / board.clock_mhz - 1) > CLOCK_TOLERANCE:
        for percent in range(100, 50, -2):
            with warnings.catch_warnings():  # pynq warns if it can only approximate
                warnings.simplefilter("ignore")
                pynq.ps.Clocks.fclk0_mhz = board.clock_mhz * percent / 100
            found = _clock()
            if found <= board.clock_mhz * (1 + CLOCK_TOLERANCE):
                break
    if found > board.clock_mhz * (1 + CLOCK_TOLERANCE):
        raise BoardError(
            f"the logic's clock runs at {found:g} MHz, but {board.name}'s overlay was built for "
            f"{board.clock_mhz:g} MHz, and it cannot be set: its results would be wrong"
        )
    if found < board.clock_mhz * (1 - CLOCK_TOLERANCE):
        warnings.warn(
            f"the logic's clock runs at {found:g} MHz, below the {board.clock_mhz:g} MHz that "
            f"{board.name}'s overlay was built for: results are right, but slow",
            stacklevel=2,
        )


def _clock() -> float:
    return float(pynq.ps.Clocks.fclk0_mhz)
