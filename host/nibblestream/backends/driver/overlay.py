"""The overlay: which bitstream, whether it is this package's, and at which clock it runs."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Final

import pynq
import pynq.ps
from pynq import Overlay

from ... import spec
from ...hardware import boards, sources
from ...hardware.boards import Board
from .deadline import Deadline
from .fault import BoardError
from .kernel import DONE, IDLE, KERNELS, Kernel

CLOCK_TOLERANCE: Final = 0.002  # dividers of the clock round
PROBE_SECONDS: Final = 1.0


def find_board() -> Board:
    """Return the board of ``$BOARD``, as PYNQ images set it.

    Raises
    ------
    BoardError
        It is not set, or names a board that there is no overlay for.
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
    """Return the bitstream of a board: the one given, installed, or as `make overlay` leaves it.

    ``NIBBLESTREAM_OVERLAY`` names another file than the last two.

    Raises
    ------
    BoardError
        There is none, or its hardware handoff does not lie beside it.
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


def load(path: Path, board: Board, device: Any) -> Any:
    """Load the overlay and check that it is this package's.

    Parameters
    ----------
    path : Path
        The .bit; the .hwh lies beside it.
    board : Board
    device : pynq Device

    Returns
    -------
    pynq.Overlay

    Raises
    ------
    BoardError
        Another design, another version of it, or another clock.
    """
    if board.family == "zynq" and int(pynq.__version__.split(".")[0]) >= 4:
        raise BoardError(
            f"pynq {pynq.__version__} has given up {board.name} and all of Zynq-7000: "
            "pip install 'pynq<4'"
        )
    _forget_metadata()
    # Versions are compared below, by the registers: pynq would compare with Vivado's, and warn.
    overlay = Overlay(str(path), ignore_version=True, device=device)
    _check_cells(overlay, path)
    _check_lengths(overlay, path)
    _set_clock(board)
    for name in KERNELS:
        _check_identity(getattr(overlay, name), device)
    return overlay


def _forget_metadata() -> None:
    """Have pynq read the handoff: it keeps what it read of a .bit, though the .hwh may be new."""
    try:
        from pynq.pl_server.global_state import clear_global_state
    except ImportError:  # it was elsewhere in earlier releases of pynq 3
        return
    clear_global_state()


def _check_cells(overlay: Any, path: Path) -> None:
    for name, cell in spec.CELLS.items():
        found = overlay.ip_dict.get(name, {}).get("type")
        if found != cell.vlnv:
            raise BoardError(
                f"{path}: the design has {name} as {found or 'nothing'}; expected {cell.vlnv}: "
                "it is another overlay, or another version of this one"
            )


def _check_lengths(overlay: Any, path: Path) -> None:
    """Refuse a DMA with fewer bits, which would cut lengths silently, or with descriptors.

    What a handoff does not say is taken to be as it should.
    """
    for name in ("dma_spectra", "dma_codes"):
        parameters = overlay.ip_dict[name]["parameters"]
        if int(parameters.get("c_include_sg", 0)):
            raise BoardError(
                f"{path}: {name} works by descriptors (scatter-gather); expected simple mode: "
                "it is another overlay, or another version of this one"
            )
        found = int(parameters.get("c_sg_length_width", spec.DMA_LENGTH_BITS))
        if found < spec.DMA_LENGTH_BITS:
            raise BoardError(
                f"{path}: {name} counts bytes in {found} bits; expected {spec.DMA_LENGTH_BITS}: "
                "it is another overlay, or another version of this one"
            )


def _set_clock(board: Board) -> None:
    """Bring the logic's clock to the board's, or as near below as its dividers come.

    The .hwh tells pynq the dividers that Vivado chose, but not which PLL the board really has.
    """
    found = _clock()
    if abs(found / board.clock_mhz - 1) > CLOCK_TOLERANCE:
        for percent in range(100, 50, -2):
            with warnings.catch_warnings():  # pynq says when it can only come near
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
            f"{board.name}'s overlay was built for: right, but slow",
            stacklevel=2,
        )


def _clock() -> float:
    return float(pynq.ps.Clocks.fclk0_mhz)


def _check_identity(kernel: Kernel, device: Any) -> None:
    """Run a call for no frames, which only sets the register `identity`."""
    kernel.set(frames=0)
    kernel.begin()
    if not Deadline(PROBE_SECONDS, device).until(lambda: bool(kernel.control() & (DONE | IDLE))):
        raise BoardError(f"{kernel.name} does not answer", {"CTRL": kernel.control()})
    found = kernel.result("identity")
    if found != spec.IDENTITY:
        raise BoardError(
            f"{kernel.name} says it is {found:#010x}, but this package drives {spec.IDENTITY:#010x}"
            ": the bitstream is of another version; build it anew, or install the package it is of"
        )
