"""The block design, checked without Vivado: right for every board, and its breaks are caught."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from block_design import HLS, OVERLAYS, check, mutated
from nibblestream.geometry import DEFAULT
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.generate import tcl

MAIN = "nibblestream.tcl"


@pytest.mark.parametrize("board", BOARDS)
def test_the_design_is_right(tmp_path, board):
    assert check(board, tmp_path) == []


def test_each_board_has_a_file():
    assert {path.stem for path in (OVERLAYS / "boards").glob("*.tcl")} == {*BOARDS}


# What is broken: file, text, its replacement; what the check says; and what stands in the line that
# it names, unless that is the line of the text.
BREAKS = {
    "an interface that is not there": (
        MAIN, "lut_mac/codes\n", "lut_mac/weights\n", "lut_mac has no weights"),
    "a cell that is not there": (
        MAIN, "dma_codes/M_AXIS_MM2S lut_mac", "dma_code/M_AXIS_MM2S lut_mac", "no cell dma_code"),
    "a pin for an interface": (
        MAIN, "join_buses lut_mac/network", "join_buses lut_mac/ap_clk", "lut_mac/ap_clk is a pin"),
    "a clock left open": (
        MAIN, "monitor/s_axi_aclk monitor/core_aclk", "monitor/s_axi_aclk",
        "monitor/core_aclk is open: it needs a clk", "add monitor"),
    "a reset left open": (
        MAIN, "    polar_fifo/s_axis_aresetn\n", "",
        "polar_fifo/s_axis_aresetn is open: it needs a rst", "add polar_fifo"),
    "a stream left open": (
        MAIN, "join_buses lut_mac/network cordic_rotation/network\n", "",
        "lut_mac/network is open: it is a axis master", "add lut_mac"),
    "a slot of the monitor left open": (
        MAIN, "join_buses dma_codes/M_AXI_MM2S monitor/SLOT_0_AXI\n", "",
        "monitor/SLOT_0_AXI is open", "add monitor"),
    "streams of different widths": (
        MAIN, "[expr {$spec(BEAT_BITS) / 8}]", "4",
        "widths differ: cordic_vectoring/polar has 64, polar_fifo/S_AXIS has 32",
        "join_buses cordic_vectoring/polar"),
    "a DMA as narrow as Vivado's default": (
        MAIN, " c_m_axis_mm2s_tdata_width $spec(BEAT_BITS)", "", "widths differ",
        "join_buses dma_spectra/M_AXIS_MM2S"),
    "a stream with two sinks": (
        MAIN, "join_buses polar_fifo/M_AXIS cordic", "join_buses cordic_vectoring/magnitude cordic",
        "lut_mac/magnitude and cordic_rotation/polar are both slaves"),
    "a stream with two sources": (
        MAIN, "lut_mac/network cordic_rotation/network", "lut_mac/network polar_fifo/M_AXIS",
        "lut_mac/network and polar_fifo/M_AXIS are both masters|polar_fifo/M_AXIS and lut_mac"),
    "a stream into the registers": (
        MAIN, "dma_codes/M_AXIS_MM2S lut_mac/codes", "dma_codes/M_AXIS_MM2S lut_mac/s_axi_control",
        "protocols differ: dma_codes/M_AXIS_MM2S is axis, lut_mac/s_axi_control is AXI4LITE"),
    "a monitor of nothing": (
        MAIN, "join_buses dma_codes/M_AXI_MM2S monitor", "join_buses monitor/SLOT_1_AXI monitor",
        "monitor/SLOT_1_AXI, monitor/SLOT_0_AXI watch nothing"),
    "a second clock": (
        MAIN, "lut_mac/ap_clk cordic_rotation/ap_clk polar_fifo/s_axis_aclk\n",
        "lut_mac/ap_clk cordic_rotation/ap_clk\n}\nset_property CONFIG.PCW_EN_CLK1_PORT 1 ps\n"
        "drive ps/FCLK_CLK1 polar_fifo/s_axis_aclk\ndrive $ps(clock) {\n",
        "cordic_vectoring/polar and polar_fifo/S_AXIS have different clocks",
        "join_buses cordic_vectoring/polar"),
    "memory without an interconnect": (
        MAIN, "join_buses codes_memory/M00_AXI $ps(codes)",
        "join_buses dma_codes/M_AXI_MM2S $ps(codes)",
        "codes_memory/S00_AXI and ps/S_AXI_HP0 are both slaves"),
    "a FIFO that drops TLAST": (
        MAIN, "HAS_TLAST 1 ", "HAS_TLAST 0 ",
        "cordic_rotation/polar needs TLAST, polar_fifo/M_AXIS has none",
        "join_buses polar_fifo/M_AXIS"),
    "two drivers": (
        MAIN, "drive kernel_reset/gpio_io_o",
        "drive system_resets/mb_reset kernel_resets/aux_reset_in\ndrive kernel_reset/gpio_io_o",
        "system_resets/mb_reset and kernel_reset/gpio_io_o both drive", "drive kernel_reset"),
    "a clock driven by a reset": (
        MAIN, "drive $ps(clock) $ps(port_clocks)", "drive $ps(reset) $ps(port_clocks)",
        "ps/FCLK_RESET0_N is rst, ps/M_AXI_GP0_ACLK is clk"),
    "a reset of the wrong polarity": (
        MAIN, "system_resets/interconnect_aresetn {", "system_resets/bus_struct_reset {",
        "control/aresetn is ACTIVE_LOW, system_resets/bus_struct_reset is ACTIVE_HIGH"),
    "a reset taken for active high": (
        MAIN, "kernel_resets xilinx.com:ip:proc_sys_reset:5.0 C_EXT_RESET_HIGH 0",
        "kernel_resets xilinx.com:ip:proc_sys_reset:5.0 C_EXT_RESET_HIGH 1",
        "kernel_resets/ext_reset_in is ACTIVE_HIGH, ps/FCLK_RESET0_N is ACTIVE_LOW",
        "drive $ps(reset)"),
    "a reset wider than its pin": (
        MAIN, "C_GPIO_WIDTH 1 ", "C_GPIO_WIDTH 2 ", "widths differ: kernel_reset/gpio_io_o has 2",
        "drive kernel_reset"),
    "an unknown setting": (
        MAIN, "c_include_sg 0", "c_include_gs 0", "axi_dma:7.1 has no CONFIG.c_include_gs",
        "add dma_spectra"),
    "a value that a setting may not have": (
        MAIN, "C_NUM_OF_COUNTERS [expr {3 + $two_ports}]", "C_NUM_OF_COUNTERS 11",
        "CONFIG.C_NUM_OF_COUNTERS may not be 11", "add monitor"),
    "an IP that is not in the catalogue": (
        MAIN, "axis_data_fifo:2.0", "axis_data_fifo:1.1", "no IP xilinx.com:ip:axis_data_fifo:1.1",
        "add polar_fifo"),
    "an unassigned segment": (
        MAIN, "map_memory dma_spectra/Data_S2MM", "list",
        "HP2_DDR_LOWOCM is neither mapped into dma_spectra/Data_S2MM nor excluded", "add ps "),
    "memory that the master cannot reach": (
        MAIN, "map_memory dma_codes/Data_MM2S $ps(codes_memory)",
        "map_memory dma_codes/Data_MM2S $ps(spectra_memory)",
        "HP2_DDR_LOWOCM cannot be reached from dma_codes/Data_MM2S"),
    "registers that overlap": (
        MAIN, "{$base + $cell($name,offset)}", "{$base + $cell($name,offset) % 0x60000}",
        "kernel_reset/S_AXI/Reg at 0x40000000 to 0x4000ffff overlaps cordic_vectoring/s_axi_con",
        "map_segment ps/Data"),
    "registers where the processor has none": (
        MAIN, "set base $spec(CONTROL_BASE,$board($BOARD,family))", "set base 0x80000000",
        "lut_mac/s_axi_control/Reg at 0x80010000 to .* is not within 0x40000000 to 0x7fffffff",
        "map_segment ps/Data"),
    "an unaligned address": (
        MAIN, "{$base + $cell($name,offset)}", "{$base + $cell($name,offset) + 4096}",
        "offset 0x40001000 is not a multiple of the range", "map_segment ps/Data"),
    "more memory than there is": (
        MAIN, "$ps(codes_memory) $board($BOARD,dma_memory)", "$ps(codes_memory) 0x40000000",
        "a power of two up to 0x20000000",
        "map_memory dma_codes"),
    "a setting that the processing system has not": (
        "boards/Pynq-Z2.tcl", "PCW_UIPARAM_DDR_BUS_WIDTH {16 Bit}", "PCW_DDR_BUS_WIDTH {16 Bit}",
        "processing_system7:5.5 has no CONFIG.PCW_DDR_BUS_WIDTH", "add ps "),
    "a port of the processing system that is off": (
        "families/zynq.tcl", "    PCW_USE_S_AXI_HP2 1 \\\n", "", "ps has no S_AXI_HP2",
        "join_buses spectra_memory/M00_AXI"),
    "a port wider than it can be": (
        "families/zynq.tcl", "HP0_DATA_WIDTH $spec(BEAT_BITS)", "HP0_DATA_WIDTH 128",
        "CONFIG.PCW_S_AXI_HP0_DATA_WIDTH may not be 128", "add ps "),
    "a clock that is no number": (
        "families/zynq.tcl", "$board($BOARD,clock_mhz)", "fast",
        "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ may not be fast", "add ps "),
    "pads left open": (
        "families/zynq.tcl", "        DDR xilinx.com:interface:ddrx_rtl:1.0\n", "",
        "ps/DDR is open", "add ps "),
    "kernels that are not in the catalogue": (
        "build.tcl", "    update_ip_catalog\n", "", "no IP xilinx.com:hls:cordic_vectoring:1.0",
        "add cordic_vectoring"),
    "a wrapper that is not the top": (
        "build.tcl", "    set_property top $spec(OVERLAY)_wrapper [current_fileset]\n", "",
        "the top, none, is not a source", "launch_runs"),
}  # fmt: skip

# The same for the use of Vivado's commands, in few words.
BUILD, ZYNQ = "build.tcl", "families/zynq.tcl"
MISUSES = [
    (MAIN, "save_bd_design", "save_bd", "unknown command save_bd"),
    (BUILD, "create_project -force", "create_project -overwrite", "unknown option -overwrite"),
    (BUILD, "-part $board($BOARD,part)", "-part", "-part lacks its value"),
    (BUILD, "update_ip_catalog", "update_ip_catalog now", "1 arguments; expected 0 to 0"),
    (BUILD, "create_project -force", "list", "no project is open", "set_property"),
    (BUILD, "$project.xpr", "$project.xpx", "open_project: no .*xpx"),
    (BUILD, "set_property top $spec(OVERLAY)_wrapper", "set_property top", "names and values"),
    (BUILD, "-fileset sources_1", "-fileset sim_1", "no fileset sim_1"),
    (BUILD, "$spec(OVERLAY).bd", "$spec(OVERLAY).bdx", "get_files: no file"),
    (BUILD, ".bd] -top", ".bd]", "expected -files and -top"),
    (BUILD, "write_bitstream", "route_design", "expected -to_step write_bitstream"),
    (BUILD, "-jobs $jobs", "-jobs all", "-jobs all: not a number"),
    (BUILD, "wait_on_run impl_1", "wait_on_run impl_2", "no run impl_2"),
    (BUILD, "get_property PROGRESS", "get_property PROGRES", "no property PROGRES"),
    (MAIN, "create_bd_design", "list", "there is no block design", "add ps"),
    (MAIN, "-type ip", "-type hier", "-type hier: only ip is supported", "add ps"),
    (MAIN, "add control xil", "add monitor xil", "there is a cell monitor already"),
    (MAIN, "CONFIG.$key", "$key", "an IP has no property PCW_EN_CLK0_PORT", "add ps"),
    (MAIN, "VALUE_SRC USER c_m", "VALUE_SRC ME c_m", "ME is not a VALUE_SRC", "add dma_spectra"),
    (MAIN, "-mode Master", "-mode Slave", "-mode Slave: only Master is supported"),
    (MAIN, "intf_pins ps/$name", "intf_pins $name", "DDR is not an interface of a cell"),
    (MAIN, "ports $name]", "ports PS_$name]", "the design has no interface PS_DDR"),
    (MAIN, "dma_codes/Data_MM2S", "dma_codes/Data", "no address space dma_codes/Data"),
    (MAIN, "$segment 0 $range", "$segment $range $range", "HP0_DDR_LOWOCM is at 0x0", "map_memory"),
    (MAIN, "validate_bd_design", "save_bd_design", "the design is not validated"),
    (ZYNQ, "ddrx_rtl", "ddr4_rtl", "no interface .'ddr4_rtl'", "create_bd_intf_port"),
    (ZYNQ, "HP0/HP0_DDR_LOWOCM", "HP0/HP0_DDR", "no segment ps/S_AXI_HP0/HP0_DDR;", "map_memory"),
]  # fmt: skip
BREAKS |= {f"{old} made {new}": (file, old, new, *rest) for file, old, new, *rest in MISUSES}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_caught(tmp_path, name):
    file, old, new, told, *where = BREAKS[name]
    overlays, line = mutated(tmp_path, file, old, new)
    errors = check("Pynq-Z2", tmp_path / "build", overlays)
    assert any(re.search(told, error) for error in errors), errors
    error = next(error for error in errors if re.search(told, error))
    script, at, _ = error.split(":", 2)
    said = (overlays / script).read_text().splitlines()[int(at) - 1]
    if where:
        assert where[0].strip() in said
    else:
        assert (script, int(at)) == (Path(file).name, line)


def test_memory_left_out_on_ultrascale_must_be_excluded(tmp_path):
    overlays, _ = mutated(tmp_path, "families/zynqmp.tcl", "LPS_OCM ", "")
    errors = check("KV260", tmp_path / "build", overlays)
    assert len(errors) == 3  # for each channel of the DMAs
    assert all("LPS_OCM is neither mapped into dma_" in error for error in errors)


def test_an_unknown_part_is_refused(tmp_path):
    text = "\n".join(tcl(DEFAULT))
    spec_tcl = tmp_path / "overlays" / "Pynq-Z2" / "spec.tcl"
    spec_tcl.parent.mkdir(parents=True)
    spec_tcl.write_text(text.replace("xc7z020clg400-1", "xc7z020clg404-1"))
    (error,) = check("Pynq-Z2", tmp_path)
    assert re.fullmatch(r"build\.tcl:\d+: create_project: no board has the part .*404-1", error)


def test_a_board_without_a_file_is_refused(tmp_path):
    overlays, _ = mutated(tmp_path, "boards/Pynq-Z1.tcl", "Pynq-Z2.tcl", "Pynq-Z3.tcl")
    (error,) = check("Pynq-Z1", tmp_path / "build", overlays)
    assert "Pynq-Z3.tcl" in error


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("lut_mac.cpp", "axis port = codes", "axis port = weights", "INTERFACE pragmas for"),
        ("lut_mac.cpp", "strip_codes(codes,", "strip_codes(code,", "codes is neither"),
        ("lut_mac.cpp", "port = beats bundle = control", "port = beats bundle = b", "not in one"),
        ("kernels.hpp", "ap_uint<32> beats", "int beats", "beats is int, not ap_uint"),
        ("axis.hpp", "ap_axiu<spec::BEAT_BITS", "ap_axiu<32", "widths differ"),
        ("axis.hpp", "ap_axiu<", "ap_axis<", "axis.hpp has no ap_axiu"),
    ],
)  # fmt: skip
def test_the_design_follows_the_kernels(tmp_path, file, old, new, told):
    kernels = tmp_path / "hls" / "kernels"
    kernels.mkdir(parents=True)
    for path in (HLS / "kernels").iterdir():
        (kernels / path.name).write_text(path.read_text())
    text = (kernels / file).read_text()
    assert old in text
    (kernels / file).write_text(text.replace(old, new))
    errors = check("Pynq-Z2", tmp_path / "build", hls=tmp_path / "hls")
    assert any(told in error for error in errors), errors
