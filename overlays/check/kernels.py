"""The kernels' IPs, read from the sources that Vitis HLS builds, so that they cannot differ.

The ports are those that Vitis HLS generates from INTERFACE pragmas (UG1399, "S_AXILITE Control
Register Map"): an input takes 8 bytes of registers; an output takes 16, with its valid flag in the
register 4 above it, as in the x..._hw.h of Vitis HLS 2020.2 to 2023.1. Another release may place
outputs otherwise, so software takes offsets from the handoff, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from catalogue import clock, resetn
from nibblestream import spec
from nibblestream.geometry import DEFAULT, Geometry
from ports import Bus, Ip, Pin, Port, Register, Segment

CONTROL = (
    Register("CTRL", 0x00, {
        "AP_START": (0, 1), "AP_DONE": (1, 1), "AP_IDLE": (2, 1), "AP_READY": (3, 1),
        "AUTO_RESTART": (7, 1), "INTERRUPT": (9, 1),
    }),
    Register("GIER", 0x04, {"Enable": (0, 1)}),
    Register("IP_IER", 0x08, {"CHAN0_INT_EN": (0, 1), "CHAN1_INT_EN": (1, 1)}),
    Register("IP_ISR", 0x0C, {"CHAN0_INT_ST": (0, 1), "CHAN1_INT_ST": (1, 1)}),
)  # fmt: skip
PRAGMA = re.compile(r"#pragma HLS INTERFACE (\w+) port = (\w+)(?: bundle = (\w+))?")
TWO_PORTS = r"(#if NIBBLESTREAM_PORTS == 2\s*\n)"
SCALAR = re.compile(r"ap_uint<(\d+)>(\*?)")


class KernelError(Exception):
    """A declaration in a kernel's sources is missing or contradicts another."""


def kernels(hls: Path, geometry: Geometry = DEFAULT) -> dict[str, Ip]:
    """Return the IP of each kernel declared in kernels/kernels.hpp, by VLNV."""
    folder = hls / "kernels"
    header = _source(folder / "kernels.hpp", geometry)
    axis = re.search(r"ap_axiu<([\w:]+)", (folder / "axis.hpp").read_text(encoding="utf-8"))
    if axis is None:
        raise KernelError("axis.hpp has no ap_axiu")
    found = {}
    for name, arguments in re.findall(r"void (\w+)\(([^)]*)\);", header):
        types = dict(reversed(each.split()) for each in arguments.split(","))
        body = _source(folder / f"{name}.cpp", geometry)
        vlnv = f"xilinx.com:hls:{name}:1.0"
        found[vlnv] = Ip(vlnv, {}, tuple(_ports(name, types, body, axis[1])))
    return found


def _source(path: Path, geometry: Geometry) -> str:
    """Return a source without comments, and without what it has only for two memory ports."""
    text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
    kept = r"\2" if geometry.ports == 2 else r"\3"
    return re.sub(rf"{TWO_PORTS}(.*?)(?:#else\n(.*?))?#endif\n", kept, text, flags=re.DOTALL)


def _ports(kernel: str, types: dict[str, str], body: str, axis: str) -> Iterator[Port]:
    modes = {port: (mode, bundle) for mode, port, bundle in PRAGMA.findall(body)}
    if set(modes) != {*types, "return"}:
        raise KernelError(f"{kernel}: arguments {[*types]}, but INTERFACE pragmas for {[*modes]}")
    bundles = {bundle for mode, bundle in modes.values() if mode == "s_axilite"}
    if modes["return"][0] != "s_axilite" or len(bundles) != 1:
        raise KernelError(f"{kernel}: registers in bundles {sorted(bundles)}, not in one")
    scalars = {name: kind for name, kind in types.items() if modes[name][0] == "s_axilite"}
    control = f"s_axi_{bundles.pop()}"
    registers = (*CONTROL, *_registers(kernel, scalars))
    yield Bus(control, "SLAVE", "AXI4LITE", 32, "ap_clk",
              segments=(Segment(f"{control}/Reg", 1 << 16, registers=registers),))  # fmt: skip
    yield clock("ap_clk")
    yield resetn("ap_rst_n")
    yield Pin("interrupt", "O", "interrupt")
    for name in [name for name in types if name not in scalars]:
        yield Bus(name, _direction(kernel, name, body), "axis", _bits(axis), "ap_clk", 1)


def _registers(kernel: str, scalars: dict[str, str]) -> Iterator[Register]:
    offset = 0x10
    for name, kind in scalars.items():
        scalar = SCALAR.fullmatch(kind)
        if scalar is None:
            raise KernelError(f"{kernel}: {name} is {kind}, not ap_uint or a pointer to it")
        width, output = int(scalar[1]), bool(scalar[2])
        yield Register(name, offset, {name: (0, width)}, "read-only" if output else "read-write")
        if output:
            yield Register(f"{name}_ctrl", offset + 4, {f"{name}_ap_vld": (0, 1)}, "read-only")
        offset += 16 if output else 8


def _direction(kernel: str, stream: str, body: str) -> str:
    """Return MASTER if the kernel adds side channels to a stream, SLAVE if it strips them."""
    read = re.search(rf"\bstrip\w*\((?:\w+, )?{stream}\b", body)
    written = re.search(rf"\badd\w*\(\w+, {stream}\b", body)
    if bool(read) == bool(written):
        raise KernelError(
            f"{kernel}: {stream} is {'both' if read else 'neither'} read from and written to"
        )
    return "MASTER" if written else "SLAVE"


def _bits(width: str) -> int:
    """Return a width, given as a number or as a name in `nibblestream.spec`."""
    return int(width) if width.isdigit() else int(getattr(spec, width.removeprefix("spec::")))
