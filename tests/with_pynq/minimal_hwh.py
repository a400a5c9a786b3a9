"""The least of a hardware handoff that pynq and the virtual board take: a stand-in for Vivado's."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

from nibblestream import boards, spec

INPUTS = {
    "cordic_vectoring": ["frames"],
    "lut_mac": ["frames", "beats", "bank", "reset"],
    "cordic_rotation": ["frames"],
}
STREAMS = {  # stream: (driver, its port, consumer, its port)
    "spectrum": ("dma_spectra", "M_AXIS_MM2S", "cordic_vectoring", "spectrum"),
    "codes": ("dma_codes", "M_AXIS_MM2S", "lut_mac", "codes"),
    "magnitude": ("cordic_vectoring", "magnitude", "lut_mac", "magnitude"),
    "polar": ("cordic_vectoring", "polar", "polar_fifo", "S_AXIS"),
    "polar_late": ("polar_fifo", "M_AXIS", "cordic_rotation", "polar"),
    "network": ("lut_mac", "network", "cordic_rotation", "network"),
    "enhanced": ("cordic_rotation", "spectrum", "dma_spectra", "S_AXIS_S2MM"),
}
WATCHED = [
    ("dma_codes", "M_AXI_MM2S"),
    ("dma_spectra", "M_AXI_MM2S"),
    ("dma_spectra", "M_AXI_S2MM"),
]
CONTROL_PORT = {"dma_spectra": "S_AXI_LITE", "dma_codes": "S_AXI_LITE", "monitor": "S_AXI"}
DMA = {
    "c_include_mm2s": 1,
    "c_include_sg": 0,
    "c_include_mm2s_dre": 0,
    "c_include_s2mm_dre": 0,
    "c_m_axi_mm2s_data_width": 64,
    "c_m_axi_s2mm_data_width": 64,
    "c_sg_length_width": spec.DMA_LENGTH_BITS,
    "c_addr_width": 32,
}
PARAMETERS: dict[str, dict[str, object]] = {
    "dma_spectra": DMA | {"c_include_s2mm": 1},
    "dma_codes": DMA | {"c_include_s2mm": 0},
    "monitor": {"C_NUM_MONITOR_SLOTS": 3, "C_NUM_OF_COUNTERS": 3, "C_ENABLE_PROFILE": 0},
    "kernel_reset": {
        "C_GPIO_WIDTH": 1,
        "C_GPIO2_WIDTH": 32,
        "C_ALL_OUTPUTS": 1,
        "C_ALL_INPUTS": 0,
        "C_IS_DUAL": 0,
        "C_INTERRUPT_PRESENT": 0,
        "C_DOUT_DEFAULT": "0x00000001",
        "C_TRI_DEFAULT": "0xFFFFFFFF",
    },
    "polar_fifo": {"FIFO_DEPTH": spec.POLAR_DEPTH},
}


def write(
    folder: Path,
    board: str = "Pynq-Z2",
    *,
    omit: tuple[str, ...] = (),
    base: int = 0,
    **changed: dict[str, object],
) -> Path:
    """Write a .hwh.

    `changed` has other parameters by cell, `omit` streams that are not connected, `base` is added
    to all addresses.
    """
    found = boards.find(board)
    root = Element("EDKSYSTEM", VIVADOVERSION="2022.1")
    SubElement(root, "SYSTEMINFO", NAME=spec.OVERLAY, ARCH=found.family, DEVICE=found.part)
    SubElement(root, "EXTERNALPORTS")
    SubElement(root, "EXTERNALINTERFACES")
    modules = SubElement(root, "MODULES")
    _processing_system(modules, found, base)
    for name, cell in spec.CELLS.items():
        parameters = PARAMETERS.get(name, {}) | changed.get(name, {})
        module = _module(modules, name, cell.vlnv, parameters)
        _bus(module, _control(name), "TARGET", "aximm", f"control_{name}")
        if name in INPUTS:
            _registers(module, name)
    _module(modules, "polar_fifo", "xilinx.com:ip:axis_data_fifo:2.0", PARAMETERS["polar_fifo"])
    _connect(modules, omit)
    path = folder / f"{spec.OVERLAY}.hwh"
    ElementTree(root).write(path)
    return path


def _processing_system(modules: Element, board: boards.Board, above: int) -> None:
    kind = {"zynq": "processing_system7:5.5", "zynqmp": "zynq_ultra_ps_e:3.4"}[board.family]
    source = {"zynq": 1000.0, "zynqmp": 1499.985}[board.family]
    first = ceil(source / board.clock_mhz)
    parameters: dict[str, object] = {}
    for i in range(4):
        if board.family == "zynq":
            parameters |= {
                f"PCW_FPGA_FCLK{i}_ENABLE": int(i == 0),
                f"PCW_FCLK{i}_PERIPHERAL_CLKSRC": "IO PLL",
                f"PCW_FCLK{i}_PERIPHERAL_DIVISOR0": first,
                f"PCW_FCLK{i}_PERIPHERAL_DIVISOR1": 1,
            }
        else:
            parameters |= {
                f"PSU__FPGA_PL{i}_ENABLE": int(i == 0),
                f"PSU__CRL_APB__PL{i}_REF_CTRL__SRCSEL": "IOPLL",
                f"PSU__CRL_APB__PL{i}_REF_CTRL__DIVISOR0": first,
                f"PSU__CRL_APB__PL{i}_REF_CTRL__DIVISOR1": 1,
                f"PSU__CRL_APB__PL{i}_REF_CTRL__ACT_FREQMHZ": source / first,
            }
    module = _module(modules, "ps", f"xilinx.com:ip:{kind}", parameters)
    module.set("IS_PL", "FALSE")
    port = {"zynq": "M_AXI_GP0", "zynqmp": "M_AXI_HPM0_FPD"}[board.family]
    _bus(module, port, "INITIATOR", "aximm", "control")
    memory = SubElement(module, "MEMORYMAP")
    for name, cell in spec.CELLS.items():
        base = spec.CONTROL_BASE[board.family] + cell.offset + above
        SubElement(
            memory,
            "MEMRANGE",
            ADDRESSBLOCK="Reg",
            BASEVALUE=f"{base:#010X}",
            HIGHVALUE=f"{base + spec.CONTROL_RANGE - 1:#010X}",
            INSTANCE=name,
            IS_DATA="TRUE",
            MASTERBUSINTERFACE=port,
            MEMTYPE="REGISTER",
            SLAVEBUSINTERFACE=_control(name),
        )


def _control(name: str) -> str:
    return "s_axi_control" if name in INPUTS else CONTROL_PORT.get(name, "S_AXI")


def _module(modules: Element, name: str, vlnv: str, parameters: dict[str, object]) -> Element:
    kind = vlnv.split(":")[2]
    module = SubElement(
        modules, "MODULE", FULLNAME=f"/{name}", INSTANCE=name, IS_PL="TRUE", MODTYPE=kind, VLNV=vlnv
    )
    into = SubElement(module, "PARAMETERS")
    for key, value in parameters.items():
        SubElement(into, "PARAMETER", NAME=key, VALUE=str(value))
    SubElement(module, "PORTS")
    SubElement(module, "BUSINTERFACES")
    return module


def _bus(module: Element, name: str, kind: str, interface: str, bus: str) -> None:
    vlnv = f"xilinx.com:interface:{interface}:1.0"
    into = module.find("BUSINTERFACES")
    SubElement(into, "BUSINTERFACE", BUSNAME=bus, NAME=name, TYPE=kind, VLNV=vlnv)


def _connect(modules: Element, omit: tuple[str, ...]) -> None:
    found = {module.get("INSTANCE"): module for module in modules}
    for bus, (source, port, sink, into) in STREAMS.items():
        if bus in omit:
            continue
        _bus(found[source], port, "INITIATOR", "axis", bus)
        _bus(found[sink], into, "TARGET", "axis", bus)
    for slot, (dma, port) in enumerate(WATCHED):
        _bus(found[dma], port, "INITIATOR", "aximm", f"{dma}_{port}")
        _bus(found["monitor"], f"SLOT_{slot}_AXI", "MONITOR", "aximm", f"{dma}_{port}")


def _registers(module: Element, name: str) -> None:
    blocks = SubElement(module, "ADDRESSBLOCKS")
    block = SubElement(
        blocks, "ADDRESSBLOCK", ACCESS="", INTERFACE="s_axi_control", NAME="Reg", USAGE="register"
    )
    registers = SubElement(block, "REGISTERS")
    ctrl = {"AP_START": 0, "AP_DONE": 1, "AP_IDLE": 2, "AP_READY": 3, "AUTO_RESTART": 7}
    _register(registers, "CTRL", 0x00, ctrl)
    for at, other in enumerate(("GIER", "IP_IER", "IP_ISR"), 1):
        _register(registers, other, 4 * at, {})
    at = 0x10
    for argument in INPUTS[name]:
        _register(registers, argument, at, {})
        at += 8
    for argument in ("digest", "identity"):
        _register(registers, argument, at, {})
        _register(registers, f"{argument}_ctrl", at + 4, {f"{argument}_ap_vld": 0})
        at += 0x10


def _register(registers: Element, name: str, offset: int, fields: dict[str, int]) -> None:
    register = SubElement(registers, "REGISTER", NAME=name)
    for key, value in (("ADDRESS_OFFSET", offset), ("SIZE", 32), ("ACCESS", "read-write")):
        SubElement(register, "PROPERTY", NAME=key, VALUE=str(value))
    if fields:
        into = SubElement(register, "FIELDS")
        for field, bit in fields.items():
            entry = SubElement(into, "FIELD", NAME=field)
            for key, value in (("BIT_OFFSET", bit), ("BIT_WIDTH", 1), ("ACCESS", "read-write")):
                SubElement(entry, "PROPERTY", NAME=key, VALUE=str(value))
