"""Data classes that describe an IP: settings, pins, interfaces, address spaces and segments.

A port exists unless the setting that its `when` names is 0. Its `count` names the setting with the
number of such ports, whose index replaces {n} in names. A width, a polarity, a size or TLAST may
also be the name of a setting.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace

Settings = dict[str, str]
Size = int | str

ACTIVE = {"0": "ACTIVE_LOW", "1": "ACTIVE_HIGH"}


class Number:
    """Marks a setting that may be any positive number."""


@dataclass(frozen=True)
class Setting:
    """A CONFIG property: its default, and the allowed integers or words, or `Number`."""

    default: str
    allowed: Container[int] | tuple[str, ...] | type[Number]

    def allows(self, value: str) -> bool:
        """Return whether a value is allowed."""
        if isinstance(self.allowed, tuple) and isinstance(next(iter(self.allowed), 0), str):
            return value in self.allowed
        try:
            if isinstance(self.allowed, type):
                return float(value) > 0
            return int(value, 0) in self.allowed
        except ValueError:
            return False


@dataclass(frozen=True)
class Register:
    """A register: its offset in bytes, and the lowest bit and the width of its fields."""

    name: str
    offset: int
    fields: dict[str, tuple[int, int]] = field(default_factory=dict)
    access: str = "read-write"


@dataclass(frozen=True)
class Segment:
    """An address segment of a slave; `path` is relative to the cell. Only memory has a base."""

    path: str
    size: Size
    base: int | None = None
    registers: tuple[Register, ...] = ()


@dataclass(frozen=True)
class Space:
    """The addresses that a master interface can send."""

    name: str
    low: int = 0
    high: int = 0xFFFF_FFFF


@dataclass(frozen=True)
class Pin:
    """A pin: `kind` is clk, rst, interrupt or data; an input may stay open if not `required`."""

    name: str
    direction: str
    kind: str = "data"
    polarity: str = ""
    width: Size = 1
    required: bool = False
    when: str = ""
    count: str = ""


@dataclass(frozen=True)
class Bus:
    """An interface: `mode` is MASTER, SLAVE or MONITOR; without protocol or width it fits any."""

    name: str
    mode: str
    protocol: str
    width: Size = 0
    clock: str = ""
    last: Size = 0
    space: Space | None = None
    segments: tuple[Segment, ...] = ()
    required: bool = True
    when: str = ""
    count: str = ""

    @property
    def interface(self) -> str:
        """The name of the interface's definition."""
        return "aximm" if self.protocol.startswith("AXI") or not self.protocol else self.protocol


Port = Pin | Bus


@dataclass(frozen=True)
class Ip:
    """An IP of the catalogue; `derive` computes the settings that follow from the others."""

    vlnv: str
    settings: dict[str, Setting]
    ports: tuple[Port, ...]
    derive: Callable[[Settings], Settings] = lambda settings: {}

    def values(self, given: Settings) -> Settings:
        """Return all settings: those given, defaults for the rest, and derived ones."""
        values = {name: setting.default for name, setting in self.settings.items()} | given
        return values | self.derive(values)

    def ports_of(self, given: Settings) -> dict[str, Port]:
        """Return the ports that exist with these settings, by name."""
        values = self.values(given)
        found = [
            _settled(port, values, n)
            for port in self.ports
            if not port.when or int(values[port.when])
            for n in range(int(values[port.count]) if port.count else 1)
        ]
        return {port.name: port for port in found}


def _settled(port: Port, values: Settings, n: int) -> Port:
    """Return a port with the values of the settings that it names."""
    width = int(values[port.width]) if isinstance(port.width, str) else port.width
    port = replace(port, name=port.name.format(n=n), width=width)
    if isinstance(port, Pin):
        return replace(port, polarity=ACTIVE.get(values.get(port.polarity, ""), port.polarity))
    last = int(values[port.last]) if isinstance(port.last, str) else port.last
    segments = tuple(
        replace(each, size=int(values[each.size], 0)) if isinstance(each.size, str) else each
        for each in port.segments
    )
    return replace(port, clock=port.clock.format(n=n), last=last, segments=segments)
