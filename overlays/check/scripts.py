"""Run the overlay's scripts for a board, as its Makefile does, with a stand-in for Vivado."""

from __future__ import annotations

from pathlib import Path

from kernels import KernelError, kernels
from nibblestream.geometry import DEFAULT, Geometry
from nibblestream.hardware.generate import tcl
from vivado import Vivado

OVERLAYS = Path(__file__).resolve().parents[1]
HLS = OVERLAYS.parent / "hls"


def check(
    board: str,
    build: Path,
    overlays: Path = OVERLAYS,
    hls: Path = HLS,
    geometry: Geometry = DEFAULT,
) -> list[str]:
    """Run the scripts for a board, and return their errors.

    The handoff is written where `make overlay` would write it, in the folder `build`.
    """
    folder = build / "overlays"
    folder.mkdir(parents=True, exist_ok=True)
    constants = folder / board / "spec.tcl"
    constants.parent.mkdir(exist_ok=True)
    if not constants.exists():
        constants.write_text("\n".join(tcl(geometry)) + "\n", encoding="utf-8")
    try:
        vivado = Vivado(kernels(hls, geometry))
    except (KernelError, OSError) as error:
        return [f"{hls / 'kernels'}: {error}"]
    return (
        vivado.run(overlays / "build.tcl", "block_design", board, str(build))
        or vivado.run(overlays / "build.tcl", "bitstream", board, str(build), "2")
        or vivado.run(overlays / "check_timing.tcl", board, str(build))
    )
