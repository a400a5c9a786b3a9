"""The design's hardware handoffs, as they are, or with something wrong in them."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, parse

from nibblestream import spec
from nibblestream.backends.virtual.wiring import STREAMS
from nibblestream.hardware import boards
from nibblestream.hardware.handoff import handoff


def write(
    folder: Path,
    board: str,
    *,
    omit: str | None = None,
    without: tuple[str, str] | None = None,
    above: int = 0,
    **changed: dict[str, object],
) -> Path:
    """Write a board's handoff with changes.

    `omit` is a stream that is not connected, `without` a cell and its register that is missing,
    `above` is added to all addresses, `changed` has other parameters by cell.
    """
    tree: ElementTree = parse(handoff(boards.find(board)))
    modules = {module.get("INSTANCE"): module for module in tree.iter("MODULE")}
    if omit:
        _disconnect(modules, omit)
    if without:
        cell, register = without
        parent = next(modules[cell].iter("REGISTERS"))
        parent.remove(parent.find(f"REGISTER[@NAME='{register}']"))
    for memory in tree.iter("MEMRANGE"):
        for end in ("BASEVALUE", "HIGHVALUE"):
            if memory.get("MEMTYPE") == "REGISTER":
                memory.set(end, f"{int(memory.get(end), 16) + above:#010X}")
    for cell, parameters in changed.items():
        for name, value in parameters.items():
            next(modules[cell].iter("PARAMETERS")).find(f"*[@NAME='{name}']").set(
                "VALUE", str(value)
            )
    path = folder / f"{spec.OVERLAY}.hwh"
    tree.write(path)
    return path


def _disconnect(modules: dict[str | None, Element], stream: str) -> None:
    sink = STREAMS[stream][1]
    bus = next(modules[sink.cell].iter("BUSINTERFACES")).find(f"*[@NAME='{sink.interface}']")
    bus.set("BUSNAME", "nowhere")
