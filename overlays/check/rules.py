"""Rules that a whole design is checked against: open ends, clocks, resets, TLAST, addresses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from design import Design, Mapping, require
from ports import Bus, Pin

Problem = tuple[str, str]  # the place in the script, and the message


def problems(design: Design) -> Iterator[Problem]:
    """Yield the problems of a whole design."""
    for path in design.paths():
        port = design.port(path)
        if isinstance(port, Pin):
            yield from _pin(design, path, port)
        else:
            yield from _bus(design, path, port)
    for space in design.spaces():
        yield from _space(design, space)


def made(design: Design, path: str) -> str:
    """Return where the script created the cell of a port."""
    cell = design.cells.get(path.partition("/")[0])
    return cell.place if cell else design.place


def _pin(design: Design, path: str, pin: Pin) -> Iterator[Problem]:
    peers = design.peers(path, Pin).items()
    drivers = {end: peer for end, peer in peers if peer.direction == "O"}
    if pin.direction == "I" and pin.required and not drivers:
        yield made(design, path), f"{path} is open: it needs a {pin.kind}"
    for end, driver in drivers.items():
        if pin.polarity and driver.polarity and pin.polarity != driver.polarity:
            place = design.net(path).ends[path]
            yield place, f"{path} is {pin.polarity}, {end} is {driver.polarity}"


def _bus(design: Design, path: str, bus: Bus) -> Iterator[Problem]:
    peers = design.peers(path, Bus)
    if bus.required and not any(_joins(bus, peer) for peer in peers.values()):
        yield (
            made(design, path),
            f"{path} is open: it is a {bus.protocol or 'AXI'} {bus.mode.lower()}",
        )
    for end, peer in peers.items():
        if bus.mode != "MASTER":
            continue
        place = design.net(end).ends[end]
        if peer.mode == "SLAVE" and peer.last and not bus.last:
            yield place, f"{end} needs TLAST, {path} has none"
        if _clock(design, path, bus) != _clock(design, end, peer):
            yield place, f"{path} and {end} have different clocks"


def _joins(bus: Bus, peer: Bus) -> bool:
    return {bus.mode, peer.mode} != {"MASTER", "MONITOR"}


def _clock(design: Design, path: str, bus: Bus) -> str | None:
    """Return the driver of an interface's clock; pads have none."""
    if not bus.clock:
        return None
    pin = f"{path.partition('/')[0]}/{bus.clock}"
    peers = design.peers(pin, Pin).items()
    return next((end for end, peer in peers if peer.direction == "O"), pin)


def reachable(design: Design, master: str) -> set[str]:
    """Return the slave interfaces that a master's transactions can reach."""
    found: set[str] = set()
    for end, peer in design.peers(master, Bus).items():
        if peer.mode != "SLAVE":
            continue
        found.add(end)
        cell = end.partition("/")[0]
        if not peer.protocol:  # an interconnect: continue through all its masters
            ports = design.cells[cell].ports.values() if cell in design.cells else ()
            for port in ports:
                if isinstance(port, Bus) and port.mode == "MASTER":
                    found |= reachable(design, f"{cell}/{port.name}")
    return found


def _space(design: Design, space: str) -> Iterator[Problem]:
    master, limits = design.spaces()[space]
    slaves = reachable(design, master)
    maps = design.maps.get(space, [])
    known = {each.segment for each in maps} | design.excluded.get(space, set())
    for path, (slave, _) in design.segments().items():
        if slave in slaves and path not in known:
            yield made(design, path), f"{path} is neither mapped into {space} nor excluded from it"
    for each in maps:
        if design.segments()[each.segment][0] not in slaves:
            yield each.place, f"{each.segment} cannot be reached from {space}"
        if not limits.low <= each.offset <= each.last <= limits.high:
            yield each.place, f"{each} is not within 0x{limits.low:x} to 0x{limits.high:x}, {space}"
    for one, other in combinations(maps, 2):
        if one.offset <= other.last and other.offset <= one.last:
            yield other.place, f"{other} overlaps {one}"


def mapping(design: Design, segment: str, offset: int, size: int, place: str) -> Mapping:
    """Return a mapping; raise DesignError if the segment cannot be mapped so."""
    _, found = design.segments()[segment]
    fits = 0x1000 <= size <= int(found.size) and size & (size - 1) == 0
    require(fits, f"range 0x{size:x}: expected a power of two up to 0x{int(found.size):x}")
    require(offset % size == 0, f"offset 0x{offset:x} is not a multiple of the range, 0x{size:x}")
    require(found.base in (None, offset), f"{segment} is at 0x{found.base or 0:x}")
    return Mapping(segment, offset, size, place)
