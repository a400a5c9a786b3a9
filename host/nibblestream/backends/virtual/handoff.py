"""Reader of a design's hardware handoff (.hwh): cells, registers and connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree


class Port(NamedTuple):
    """An interface of a cell."""

    cell: str
    interface: str


class Register(NamedTuple):
    """A register: its offset in bytes, and the bits it holds."""

    offset: int
    bits: int


@dataclass(frozen=True)
class Cell:
    """An IP with registers.

    Parameters
    ----------
    name, vlnv : str
    base, size : int
        The range of its addresses.
    parameters : dict
        By lower-case name.
    registers : dict of str to Register
    """

    name: str
    vlnv: str
    base: int
    size: int
    parameters: dict[str, str]
    registers: dict[str, Register]

    def number(self, parameter: str, otherwise: int) -> int:
        """Return a parameter as an integer, or `otherwise` if it is missing."""
        return int(self.parameters.get(parameter, otherwise))


@dataclass(frozen=True)
class Handoff:
    """A design, as its handoff describes it.

    Parameters
    ----------
    cells : list of Cell
    buses : dict
        The name of the bus at each port. Ports with the same bus are connected.
    polar_depth : int
        Depth of the FIFO for phases, in beats; 0 if the handoff does not say.
    """

    cells: list[Cell]
    buses: dict[Port, str]
    polar_depth: int

    def require(self, streams: Mapping[str, tuple[Port, Port]]) -> None:
        """Raise a ValueError that names those of these connections that the design lacks."""
        missing = [
            f"{'.'.join(source)} to {'.'.join(sink)}"
            for source, sink in streams.values()
            if not self.buses.get(source) or self.buses[source] != self.buses.get(sink)
        ]
        if missing:
            raise ValueError(f"the design does not connect {'; '.join(missing)}")

    def watched(self, monitor: str) -> list[Port | None]:
        """Return the port that each slot of a performance monitor is connected to."""
        slots = sorted(
            (port for port in self.buses if port.cell == monitor and "SLOT_" in port.interface),
            key=lambda port: port.interface,
        )
        return [self._other(slot) for slot in slots]

    def _other(self, slot: Port) -> Port | None:
        same = (port for port, bus in self.buses.items() if bus == self.buses[slot])
        return next((port for port in same if port.interface.startswith("M_AXI_")), None)


def read(path: Path, ip_dict: Mapping[str, Any]) -> Handoff:
    """Read a handoff.

    Parameters
    ----------
    path : Path
        The .hwh.
    ip_dict : dict
        The IPs of the same handoff, as `pynq` parsed them.
    """
    root = ElementTree.parse(path).getroot()
    buses = {
        Port(module.get("INSTANCE", ""), bus.get("NAME", "")): bus.get("BUSNAME", "")
        for module in root.iter("MODULE")
        for bus in module.iter("BUSINTERFACE")
        if bus.get("BUSNAME", "__NOC__") != "__NOC__"
    }
    cells = [_cell(name, entry) for name, entry in ip_dict.items() if "phys_addr" in entry]
    return Handoff(cells, buses, _polar_depth(root))


def _cell(name: str, entry: Mapping[str, Any]) -> Cell:
    return Cell(
        name,
        entry["type"],
        entry["phys_addr"],
        entry["addr_range"],
        {key.lower(): value for key, value in entry["parameters"].items()},
        {key: _register(key, register) for key, register in entry["registers"].items()},
    )


def _register(name: str, entry: Mapping[str, Any]) -> Register:
    """Return a register; a kernel's argument is a field with its name, possibly narrower."""
    field = entry["fields"].get(name)
    return Register(entry["address_offset"], field["bit_width"] if field else entry["size"])


def _polar_depth(root: ElementTree.Element) -> int:
    for module in root.iter("MODULE"):
        if module.get("INSTANCE") == "polar_fifo":
            for parameter in module.iter("PARAMETER"):
                if parameter.get("NAME") == "FIFO_DEPTH":
                    return int(parameter.get("VALUE", 0))
    return 0
