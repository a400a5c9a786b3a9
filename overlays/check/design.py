"""A block design under construction: cells, connections and addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from ports import Bus, Ip, Pin, Port, Segment, Settings, Space

P = TypeVar("P", Pin, Bus)


class DesignError(Exception):
    """An error that Vivado would report."""


class ValidationError(DesignError):
    """Errors of a whole design: several messages, each with its place in the script."""


def require(condition: object, message: str) -> None:
    """Raise a DesignError unless the condition holds."""
    if not condition:
        raise DesignError(message)


@dataclass
class Cell:
    """An IP in the design; `place` is where the script created it."""

    name: str
    ip: Ip
    place: str
    given: Settings = field(default_factory=dict)

    @cached_property
    def ports(self) -> dict[str, Port]:
        """Its ports, by name; computed again when settings change."""
        return self.ip.ports_of(self.given)

    def set(self, name: str, value: str) -> None:
        """Set a CONFIG property."""
        bare = name.removesuffix(".VALUE_SRC")
        require(bare in self.ip.settings, f"{self.ip.vlnv} has no CONFIG.{name}")
        if bare != name:
            require(value in ("USER", "PROPAGATED"), f"{value} is not a VALUE_SRC")
            return
        require(
            self.ip.settings[name].allows(value), f"{self.name}: CONFIG.{name} may not be {value}"
        )
        self.given[name] = value
        self.__dict__.pop("ports", None)


@dataclass
class Net:
    """Connected pins or interfaces; `ends` has the place in the script that connected each."""

    ends: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """A segment mapped into an address space."""

    segment: str
    offset: int
    size: int
    place: str

    @property
    def last(self) -> int:
        """The last address."""
        return self.offset + self.size - 1

    def __str__(self) -> str:
        return f"{self.segment} at 0x{self.offset:x} to 0x{self.last:x}"


@dataclass
class Design:
    """The block design; pins, interfaces, spaces and segments are named `CELL/NAME`."""

    name: str
    part: str
    place: str
    cells: dict[str, Cell] = field(default_factory=dict)
    pads: dict[str, Bus] = field(default_factory=dict)  # interfaces of the design itself
    nets: list[Net] = field(default_factory=list)
    maps: dict[str, list[Mapping]] = field(default_factory=dict)  # by space
    excluded: dict[str, set[str]] = field(default_factory=dict)

    def port(self, path: str) -> Port:
        """Return a pin or an interface."""
        if path in self.pads:
            return self.pads[path]
        cell, _, name = path.partition("/")
        require(cell in self.cells, f"there is no cell {cell}")
        ports = self.cells[cell].ports
        require(name in ports, f"{cell} has no {name}; it has {', '.join(sorted(ports))}")
        return ports[name]

    def paths(self) -> list[str]:
        """Return the paths of all ports."""
        cells = self.cells.values()
        return [*self.pads, *(f"{cell.name}/{name}" for cell in cells for name in cell.ports)]

    def spaces(self) -> dict[str, tuple[str, Space]]:
        """Return address spaces, each with its interface."""
        buses = ((path, self.port(path)) for path in self.paths())
        return {
            f"{path.partition('/')[0]}/{bus.space.name}": (path, bus.space)
            for path, bus in buses
            if isinstance(bus, Bus) and bus.space
        }

    def segments(self) -> dict[str, tuple[str, Segment]]:
        """Return address segments, each with its interface."""
        buses = ((path, self.port(path)) for path in self.paths())
        return {
            f"{path.partition('/')[0]}/{segment.path}": (path, segment)
            for path, bus in buses
            if isinstance(bus, Bus)
            for segment in bus.segments
        }

    def net(self, path: str) -> Net:
        """Return the net of a port, which includes the port."""
        return next((net for net in self.nets if path in net.ends), Net())

    def peers(self, path: str, kind: type[P]) -> dict[str, P]:
        """Return the other ports, of one kind, that a port is connected to."""
        found = {end: self.port(end) for end in self.net(path).ends if end != path}
        return {end: port for end, port in found.items() if isinstance(port, kind)}

    def connect(self, first: str, others: list[str], place: str) -> None:
        """Connect ports; merge the nets that they are in."""
        paths = [first, *others]
        joined = [net for net in self.nets if any(path in net.ends for path in paths)]
        merged = Net()
        for net in joined:
            merged.ends |= net.ends
        merged.ends = merged.ends | {path: place for path in paths if path not in merged.ends}
        ports = {path: self.port(path) for path in merged.ends}
        if isinstance(self.port(first), Pin):
            check_pins({p: pin for p, pin in ports.items() if isinstance(pin, Pin)})
        else:
            check_buses({p: bus for p, bus in ports.items() if isinstance(bus, Bus)})
        self.nets = [net for net in self.nets if net not in joined] + [merged]


def check_pins(pins: dict[str, Pin]) -> None:
    """Raise DesignError for several drivers, or for ends that differ in width or kind."""
    drivers = [path for path, pin in pins.items() if pin.direction == "O"]
    require(len(drivers) <= 1, f"{' and '.join(drivers)} both drive one net")
    require(len({pin.width for pin in pins.values()}) == 1, f"widths differ: {_widths(pins)}")
    for driver in drivers:
        for path, pin in pins.items():
            asynchronous = pins[driver].kind == "data" and pin.kind == "rst"
            fits = pins[driver].kind == pin.kind or pin.kind == "data" or asynchronous
            require(fits, f"{driver} is {pins[driver].kind}, {path} is {pin.kind}")


def check_buses(buses: dict[str, Bus]) -> None:
    """Raise DesignError for several masters or slaves, or ends of other protocol or width."""
    for mode in ("MASTER", "SLAVE"):
        found = [path for path, bus in buses.items() if bus.mode == mode]
        require(len(found) <= 1, f"{' and '.join(found)} are both {mode.lower()}s of one bus")
    ends = [path for path, bus in buses.items() if bus.mode == "MONITOR"]
    require(len(buses) > 1 and len(ends) < len(buses), f"{', '.join(ends)} watch nothing")
    protocols = {bus.protocol for bus in buses.values() if bus.protocol}
    each = ", ".join(f"{path} is {bus.protocol}" for path, bus in buses.items())
    require(len(protocols) <= 1, f"protocols differ: {each}")
    require(
        len({bus.width for bus in buses.values() if bus.width}) <= 1,
        f"widths differ: {_widths(buses)}",
    )


def _widths(ports: dict[str, Pin] | dict[str, Bus]) -> str:
    return ", ".join(f"{path} has {port.width}" for path, port in ports.items())
