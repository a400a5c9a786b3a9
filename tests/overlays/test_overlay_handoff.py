"""The handoff that the block-design check writes: cells, addresses, settings, clocks, registers."""

from __future__ import annotations

import pytest

from block_design import check, handoff
from nibblestream import spec
from nibblestream.geometry import DEFAULT
from nibblestream.hardware.boards import BOARDS


@pytest.fixture(scope="module", params=BOARDS)
def module(request, tmp_path_factory):
    build = tmp_path_factory.mktemp(request.param)
    assert check(request.param, build) == []
    modules = {each.get("INSTANCE"): each for each in handoff(build, request.param).iter("MODULE")}
    modules["board"] = BOARDS[request.param]
    return modules


def ranges(module) -> dict[str, tuple[str, str, str]]:
    """What each master of a cell sees, and where."""
    names = ("MASTERBUSINTERFACE", "INSTANCE", "ADDRESSBLOCK")
    keys = ("BASEVALUE", "HIGHVALUE", "MEMTYPE")
    return {
        " ".join(each.get(name) for name in names): tuple(each.get(key) for key in keys)
        for each in module.iter("MEMRANGE")
    }


def test_the_handoff_has_every_cell_where_spec_says(module):
    family, found = module["board"].family, ranges(module["ps"])
    base = spec.CONTROL_BASE[family]
    master = {"zynq": "M_AXI_GP0", "zynqmp": "M_AXI_HPM0_FPD"}[family]
    cells = {name: cell for name, cell in spec.CELLS.items() if name != "dma_codes_high"}
    assert len(found) == len(cells)
    for name, cell in cells.items():
        assert module[name].get("VLNV") == cell.vlnv
        low, high = base + cell.offset, base + cell.offset + spec.CONTROL_RANGE - 1
        assert found[f"{master} {name} Reg"] == (f"0x{low:08X}", f"0x{high:08X}", "REGISTER")


def test_the_handoff_maps_the_boards_memory_for_the_dmas(module):
    zynq = module["board"].family == "zynq"
    block, high = ("DDR_LOWOCM", "0x1FFFFFFF") if zynq else ("DDR_LOW", "0x7FFFFFFF")
    memory = ("0x00000000", high, "MEMORY")
    assert ranges(module["dma_codes"]) == {f"M_AXI_MM2S ps HP0_{block}": memory}
    second = 2 if zynq else 1
    assert ranges(module["dma_spectra"]) == {
        f"M_AXI_MM2S ps HP{second}_{block}": memory,
        f"M_AXI_S2MM ps HP{second}_{block}": memory,
    }


def parameters(module) -> dict[str, str]:
    return {each.get("NAME"): each.get("VALUE") for each in module.iterfind("PARAMETERS/PARAMETER")}


def test_the_handoff_has_the_dmas_as_spec_says(module):
    for name, writes in (("dma_spectra", "1"), ("dma_codes", "0")):
        found = parameters(module[name])
        assert found["c_sg_length_width"] == str(spec.DMA_LENGTH_BITS)
        assert found["c_m_axi_mm2s_data_width"] == str(spec.BEAT_BITS)
        assert (found["c_include_sg"], found["c_include_s2mm"]) == ("0", writes)
    assert parameters(module["polar_fifo"])["FIFO_DEPTH"] == str(DEFAULT.polar_depth)
    assert parameters(module["monitor"])["C_NUM_MONITOR_SLOTS"] == str(len(spec.MONITOR_SLOTS))


def test_the_handoffs_clock_is_not_above_the_boards(module):
    values = parameters(module["ps"])
    wanted = module["board"].clock_mhz * 1e6
    assert 0.9 * wanted < int(values["CLOCK_HZ"]) <= wanted * 1.001
    pins = [pin for pin in module["lut_mac"].iter("PORT") if pin.get("NAME") == "ap_clk"]
    assert [pin.get("CLKFREQUENCY") for pin in pins] == [values["CLOCK_HZ"]]


def test_the_handoff_has_the_kernels_registers_where_vitis_hls_puts_them(module):
    found = {
        register.get("NAME"): int(
            register.find("PROPERTY[@NAME='ADDRESS_OFFSET']").get("VALUE"), 16
        )
        for register in module["lut_mac"].iter("REGISTER")
    }
    assert found == {
        "CTRL": 0x00, "GIER": 0x04, "IP_IER": 0x08, "IP_ISR": 0x0C,
        "frames": 0x10, "beats": 0x18, "bank": 0x20, "reset": 0x28,
        "raw_in": 0x30, "raw_out": 0x38,
        "digest": 0x40, "digest_ctrl": 0x44, "identity": 0x50, "identity_ctrl": 0x54,
    }  # fmt: skip


def test_the_handoff_tells_who_is_connected_to_whom(module):
    buses: dict[str, set[str]] = {}
    for name in [name for name in module if name != "board"]:
        for bus in module[name].iter("BUSINTERFACE"):
            buses.setdefault(bus.get("BUSNAME"), set()).add(f"{name}/{bus.get('NAME')}")
    assert {"dma_codes/M_AXIS_MM2S", "lut_mac/codes"} in buses.values()
    codes = {"dma_codes/M_AXI_MM2S", "codes_memory/S00_AXI", "monitor/SLOT_0_AXI"}
    assert codes in buses.values()
    written = {"dma_spectra/M_AXI_S2MM", "spectra_memory/S01_AXI", "monitor/SLOT_2_AXI"}
    assert written in buses.values()
