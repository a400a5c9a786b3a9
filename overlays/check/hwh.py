"""The hardware handoff of a design, as Vivado writes it and `pynq` parses it.

Elements and attributes have the names in the handoffs that catalogue.py cites. What nothing here
reads is left out: the signals of interfaces, documents, revisions.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from design import Cell, Design
from ports import Bus, Pin, Register, Segment

ARCH = {"processing_system7": "zynq", "zynq_ultra_ps_e": "zynquplus"}


def text(design: Design) -> str:
    """Return a design's .hwh."""
    root = Element("EDKSYSTEM", EDWVERSION="1.2", VIVADOVERSION="none: the block-design check")
    kinds = {cell.ip.vlnv.split(":")[2] for cell in design.cells.values()}
    arch = next((arch for kind, arch in ARCH.items() if kind in kinds), "")
    SubElement(root, "SYSTEMINFO", ARCH=arch, DEVICE=design.part, NAME=design.name)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    for cell in design.cells.values():
        _module(modules, design, cell)
    indent(root, "")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _module(modules: Element, design: Design, cell: Cell) -> None:
    _, _, kind, version = cell.ip.vlnv.split(":")
    system = kind in ARCH
    module = SubElement(
        modules, "MODULE", FULLNAME=f"/{cell.name}", HWVERSION=version, INSTANCE=cell.name,
        IPTYPE="PERIPHERAL", IS_ENABLE="1", IS_PL=str(not system).upper(),
        MODCLASS="PROCESSOR" if system else "PERIPHERAL", MODTYPE=kind, VLNV=cell.ip.vlnv,
    )  # fmt: skip
    _registers(SubElement(module, "ADDRESSBLOCKS"), cell)
    parameters = SubElement(module, "PARAMETERS")
    for name, value in (cell.ip.values(cell.given) | _base(design, cell)).items():
        SubElement(parameters, "PARAMETER", NAME=name, VALUE=value)
    ports, buses = SubElement(module, "PORTS"), SubElement(module, "BUSINTERFACES")
    for port in cell.ports.values():
        if isinstance(port, Pin):
            _pin(ports, design, cell, port)
        else:
            _bus(buses, design, cell, port)
    _memory(SubElement(module, "MEMORYMAP"), design, cell)


def _base(design: Design, cell: Cell) -> dict[str, str]:
    """Return the parameters with the address range of the cell's registers."""
    maps = [each for space in design.maps.values() for each in space]
    own = [each for each in maps if each.segment.startswith(f"{cell.name}/")]
    registers = [each for each in own if design.segments()[each.segment][1].base is None]
    if not registers:
        return {}
    return {
        "C_BASEADDR": f"0x{registers[0].offset:08X}",
        "C_HIGHADDR": f"0x{registers[0].last:08X}",
    }


def _registers(blocks: Element, cell: Cell) -> None:
    for bus in cell.ports.values():
        for segment in bus.segments if isinstance(bus, Bus) else ():
            if segment.registers:
                block = SubElement(
                    blocks, "ADDRESSBLOCK", ACCESS="read-write", INTERFACE=bus.name,
                    NAME=_name(segment), RANGE=str(segment.size), USAGE="register",
                )  # fmt: skip
                into = SubElement(block, "REGISTERS")
                for register in segment.registers:
                    _register(into, register)


def _register(into: Element, register: Register) -> None:
    element = SubElement(into, "REGISTER", NAME=register.name)
    _properties(element, ADDRESS_OFFSET=f"0x{register.offset:X}", SIZE="32",
                ACCESS=register.access, IS_ENABLED="true")  # fmt: skip
    fields = SubElement(element, "FIELDS")
    for name, (low, width) in register.fields.items():
        field = SubElement(fields, "FIELD", NAME=name)
        _properties(field, ACCESS=register.access, BIT_OFFSET=str(low), BIT_WIDTH=str(width))


def _properties(element: Element, **properties: str) -> None:
    for name, value in properties.items():
        SubElement(element, "PROPERTY", NAME=name, VALUE=value)


def _pin(ports: Element, design: Design, cell: Cell, pin: Pin) -> None:
    kind = {"interrupt": "INTERRUPT", "data": "undef"}.get(pin.kind, pin.kind)
    element = SubElement(ports, "PORT", DIR=pin.direction, NAME=pin.name, SIGIS=kind)
    if pin.polarity:
        element.set("POLARITY", pin.polarity)
    if pin.kind == "clk":
        element.set("CLKFREQUENCY", _clock(design))
    path = f"{cell.name}/{pin.name}"
    ends = [
        end for end, other in design.peers(path, Pin).items() if other.direction != pin.direction
    ]
    if ends:
        element.set("SIGNAME", _net(design, path))
        connections = SubElement(element, "CONNECTIONS")
        for end in ends:
            name, _, port = end.partition("/")
            SubElement(connections, "CONNECTION", INSTANCE=name, PORT=port)


def _clock(design: Design) -> str:
    """Return the frequency of the only clock, in Hz."""
    values = [cell.ip.values(cell.given) for cell in design.cells.values()]
    return next((value["CLOCK_HZ"] for value in values if "CLOCK_HZ" in value), "")


def _bus(buses: Element, design: Design, cell: Cell, bus: Bus) -> None:
    path = f"{cell.name}/{bus.name}"
    element = SubElement(
        buses, "BUSINTERFACE", BUSNAME=_net(design, path), NAME=bus.name, TYPE=bus.mode,
        VLNV=f"xilinx.com:interface:{bus.interface}:1.0",
    )  # fmt: skip
    if bus.interface == "aximm" and bus.width:
        element.set("DATAWIDTH", str(bus.width))
    if bus.protocol.startswith("AXI"):
        SubElement(element, "PARAMETER", NAME="PROTOCOL", VALUE=bus.protocol)
    if bus.interface == "axis":
        SubElement(element, "PARAMETER", NAME="TDATA_NUM_BYTES", VALUE=str(int(bus.width) // 8))
        SubElement(element, "PARAMETER", NAME="HAS_TLAST", VALUE=str(bus.last))


def _net(design: Design, path: str) -> str:
    """Return the name of a port's net, which is that of its driver."""
    for end in design.net(path).ends:
        port = design.port(end)
        if (port.direction if isinstance(port, Pin) else port.mode) in ("O", "MASTER"):
            return end.replace("/", "_")
    return "__NOC__"  # not connected


def _memory(into: Element, design: Design, cell: Cell) -> None:
    for space, (master, _) in design.spaces().items():
        if not space.startswith(f"{cell.name}/"):
            continue
        for each in design.maps.get(space, []):
            slave, segment = design.segments()[each.segment]
            name, _, interface = slave.partition("/")
            SubElement(
                into, "MEMRANGE", ADDRESSBLOCK=_name(segment), BASENAME="C_BASEADDR",
                BASEVALUE=f"0x{each.offset:08X}", HIGHNAME="C_HIGHADDR",
                HIGHVALUE=f"0x{each.last:08X}", INSTANCE=name, IS_DATA="TRUE",
                IS_INSTRUCTION="TRUE", MASTERBUSINTERFACE=master.partition("/")[2],
                MEMTYPE="REGISTER" if segment.base is None else "MEMORY",
                SLAVEBUSINTERFACE=interface,
            )  # fmt: skip


def _name(segment: Segment) -> str:
    return segment.path.rpartition("/")[2]
