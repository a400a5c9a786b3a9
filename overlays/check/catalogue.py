"""The design's IPs from AMD, without the processing systems, as AMD documents them.

Sources: product guides PG021 (axi_dma), PG085 (axis_data_fifo), PG247 (smartconnect), PG037
(axi_perf_mon), PG144 (axi_gpio), PG164 (proc_sys_reset). Ports and defaults as in handoffs, scripts
and wrappers of Vivado 2018.3 to 2024.2: Xilinx/PYNQ-HelloWorld, boards/*/resizer (axi_dma,
proc_sys_reset); vision-agh/AUP-ZU3, deployments/dma_only/dma_fifo_test.hwh and
base/add_dma_fifo.tcl (axi_dma, smartconnect, axis_data_fifo); a wrapper of axi_perf_mon_v5_0_35.
"""

from __future__ import annotations

from ports import Bus, Ip, Pin, Register, Segment, Setting, Space

FLAG = (0, 1)
LITE = "AXI4LITE"


def registers(
    *named: tuple[str, int], **fields: dict[str, tuple[int, int]]
) -> tuple[Register, ...]:
    """Return registers by name and offset; `fields` are the fields of some of them."""
    return tuple(Register(name, offset, fields.get(name, {})) for name, offset in named)


def clock(name: str, when: str = "", count: str = "") -> Pin:
    """Return an input pin that must have a clock."""
    return Pin(name, "I", "clk", required=True, when=when, count=count)


def resetn(name: str, count: str = "") -> Pin:
    """Return an input pin that must have a reset, active low."""
    return Pin(name, "I", "rst", "ACTIVE_LOW", required=True, count=count)


_CONTROL = {
    "RS": (0, 1), "Reset": (2, 1), "IOC_IrqEn": (12, 1), "Dly_IrqEn": (13, 1), "Err_IrqEn": (14, 1),
    "IRQThreshold": (16, 8), "IRQDelay": (24, 8),
}  # fmt: skip
_STATUS = {
    "Halted": (0, 1), "Idle": (1, 1), "SGIncld": (3, 1), "DMAIntErr": (4, 1), "DMASlvErr": (5, 1),
    "DMADecErr": (6, 1), "IOC_Irq": (12, 1), "Dly_Irq": (13, 1), "Err_Irq": (14, 1),
}  # fmt: skip
AXI_DMA = Ip(
    "xilinx.com:ip:axi_dma:7.1",
    {
        "c_include_sg": Setting("1", FLAG),
        "c_sg_include_stscntrl_strm": Setting("1", FLAG),
        "c_sg_length_width": Setting("14", range(8, 27)),
        "c_micro_dma": Setting("0", FLAG),
        "c_addr_width": Setting("32", range(32, 65)),
        "c_include_mm2s": Setting("1", FLAG),
        "c_include_mm2s_dre": Setting("0", FLAG),
        "c_mm2s_burst_size": Setting("16", (2, 4, 8, 16, 32, 64, 128, 256)),
        "c_m_axi_mm2s_data_width": Setting("32", (32, 64, 128, 256, 512, 1024)),
        "c_m_axis_mm2s_tdata_width": Setting("32", (8, 16, 32, 64, 128, 256, 512, 1024)),
        "c_include_s2mm": Setting("1", FLAG),
        "c_include_s2mm_dre": Setting("0", FLAG),
        "c_s2mm_burst_size": Setting("16", (2, 4, 8, 16, 32, 64, 128, 256)),
        "c_m_axi_s2mm_data_width": Setting("32", (32, 64, 128, 256, 512, 1024)),
        "c_s_axis_s2mm_tdata_width": Setting("32", (8, 16, 32, 64, 128, 256, 512, 1024)),
    },
    (
        Bus("S_AXI_LITE", "SLAVE", LITE, 32, "s_axi_lite_aclk", segments=(
            Segment("S_AXI_LITE/Reg", 1 << 16, registers=registers(
                ("MM2S_DMACR", 0x00), ("MM2S_DMASR", 0x04), ("MM2S_SA", 0x18),
                ("MM2S_SA_MSB", 0x1C), ("MM2S_LENGTH", 0x28), ("S2MM_DMACR", 0x30),
                ("S2MM_DMASR", 0x34), ("S2MM_DA", 0x48), ("S2MM_DA_MSB", 0x4C),
                ("S2MM_LENGTH", 0x58),
                MM2S_DMACR=_CONTROL, S2MM_DMACR=_CONTROL, MM2S_DMASR=_STATUS, S2MM_DMASR=_STATUS,
            )),
        )),
        Bus("M_AXI_SG", "MASTER", "AXI4", 32, "m_axi_sg_aclk", space=Space("Data_SG"),
            when="c_include_sg"),
        Bus("M_AXI_MM2S", "MASTER", "AXI4", "c_m_axi_mm2s_data_width", "m_axi_mm2s_aclk",
            space=Space("Data_MM2S"), when="c_include_mm2s"),
        Bus("M_AXIS_MM2S", "MASTER", "axis", "c_m_axis_mm2s_tdata_width", "m_axi_mm2s_aclk", 1,
            when="c_include_mm2s"),
        Bus("M_AXI_S2MM", "MASTER", "AXI4", "c_m_axi_s2mm_data_width", "m_axi_s2mm_aclk",
            space=Space("Data_S2MM"), when="c_include_s2mm"),
        Bus("S_AXIS_S2MM", "SLAVE", "axis", "c_s_axis_s2mm_tdata_width", "m_axi_s2mm_aclk", 1,
            when="c_include_s2mm"),
        clock("s_axi_lite_aclk"),
        clock("m_axi_sg_aclk", "c_include_sg"),
        clock("m_axi_mm2s_aclk", "c_include_mm2s"),
        clock("m_axi_s2mm_aclk", "c_include_s2mm"),
        resetn("axi_resetn"),
        Pin("mm2s_prmry_reset_out_n", "O", "rst", "ACTIVE_LOW", when="c_include_mm2s"),
        Pin("s2mm_prmry_reset_out_n", "O", "rst", "ACTIVE_LOW", when="c_include_s2mm"),
        Pin("mm2s_introut", "O", "interrupt", when="c_include_mm2s"),
        Pin("s2mm_introut", "O", "interrupt", when="c_include_s2mm"),
    ),
)  # fmt: skip

AXIS_DATA_FIFO = Ip(
    "xilinx.com:ip:axis_data_fifo:2.0",
    {
        "TDATA_NUM_BYTES": Setting("1", range(513)),
        "FIFO_DEPTH": Setting("512", tuple(1 << n for n in range(4, 16))),
        "FIFO_MEMORY_TYPE": Setting("auto", ("auto", "block", "distributed", "ultra")),
        "IS_ACLK_ASYNC": Setting("0", (0,)),
        "HAS_TLAST": Setting("0", FLAG),
        "HAS_TKEEP": Setting("0", FLAG),
        "HAS_TSTRB": Setting("0", FLAG),
    },
    (
        Bus("S_AXIS", "SLAVE", "axis", "TDATA_BITS", "s_axis_aclk", "HAS_TLAST"),
        Bus("M_AXIS", "MASTER", "axis", "TDATA_BITS", "s_axis_aclk", "HAS_TLAST"),
        clock("s_axis_aclk"),
        resetn("s_axis_aresetn"),
    ),
    lambda settings: {"TDATA_BITS": str(8 * int(settings["TDATA_NUM_BYTES"]))},
)

SMARTCONNECT = Ip(
    "xilinx.com:ip:smartconnect:1.0",
    {"NUM_SI": Setting("2", range(1, 17)), "NUM_MI": Setting("1", range(1, 17)),
     "NUM_CLKS": Setting("1", (1,))},
    (
        Bus("S{n:02}_AXI", "SLAVE", "", clock="aclk", count="NUM_SI"),
        Bus("M{n:02}_AXI", "MASTER", "", clock="aclk", count="NUM_MI"),
        clock("aclk"),
        resetn("aresetn"),
    ),
)  # fmt: skip

# The registers of this IP are in PG037; a handoff does not list them.
AXI_PERF_MON = Ip(
    "xilinx.com:ip:axi_perf_mon:5.0",
    {
        "C_ENABLE_ADVANCED": Setting("1", FLAG),
        "C_ENABLE_PROFILE": Setting("0", FLAG),
        "C_ENABLE_TRACE": Setting("0", FLAG),
        "C_ENABLE_EVENT_COUNT": Setting("1", FLAG),
        "C_ENABLE_EVENT_LOG": Setting("0", (0,)),
        "C_NUM_MONITOR_SLOTS": Setting("1", range(1, 9)),
        "C_NUM_OF_COUNTERS": Setting("1", range(1, 11)),
        "C_METRIC_COUNT_WIDTH": Setting("32", (32,)),
        "C_METRIC_COUNT_SCALE": Setting("1", (1, 2, 4, 8)),
        "C_GLOBAL_COUNT_WIDTH": Setting("32", (32, 64)),
        "C_HAVE_SAMPLED_METRIC_CNT": Setting("1", FLAG),
        "C_METRICS_SAMPLE_COUNT_WIDTH": Setting("32", (32,)),
    },
    (
        Bus("S_AXI", "SLAVE", LITE, 32, "s_axi_aclk", segments=(Segment("S_AXI/Reg", 1 << 16),)),
        Bus("SLOT_{n}_AXI", "MONITOR", "AXI4", clock="slot_{n}_axi_aclk",
            count="C_NUM_MONITOR_SLOTS"),
        clock("s_axi_aclk"),
        resetn("s_axi_aresetn"),
        clock("core_aclk"),
        resetn("core_aresetn"),
        clock("slot_{n}_axi_aclk", count="C_NUM_MONITOR_SLOTS"),
        resetn("slot_{n}_axi_aresetn", "C_NUM_MONITOR_SLOTS"),
        Pin("capture_event", "I"),
        Pin("reset_event", "I"),
        Pin("interrupt", "O", "interrupt"),
    ),
)  # fmt: skip

AXI_GPIO = Ip(
    "xilinx.com:ip:axi_gpio:2.0",
    {
        "C_GPIO_WIDTH": Setting("32", range(1, 33)),
        "C_GPIO2_WIDTH": Setting("32", range(1, 33)),
        "C_IS_DUAL": Setting("0", (0,)),
        "C_ALL_INPUTS": Setting("0", FLAG),
        "C_ALL_OUTPUTS": Setting("0", FLAG),
        "C_ALL_INPUTS_2": Setting("0", FLAG),
        "C_ALL_OUTPUTS_2": Setting("0", FLAG),
        "C_DOUT_DEFAULT": Setting("0x00000000", range(1 << 32)),
        "C_TRI_DEFAULT": Setting("0xFFFFFFFF", range(1 << 32)),
        "C_INTERRUPT_PRESENT": Setting("0", (0,)),
    },
    (
        Bus("S_AXI", "SLAVE", LITE, 32, "s_axi_aclk", segments=(
            Segment("S_AXI/Reg", 1 << 16, registers=registers(
                ("GPIO_DATA", 0x0), ("GPIO_TRI", 0x4), ("GPIO2_DATA", 0x8), ("GPIO2_TRI", 0xC),
            )),
        )),
        clock("s_axi_aclk"),
        resetn("s_axi_aresetn"),
        Pin("gpio_io_o", "O", width="C_GPIO_WIDTH", when="C_ALL_OUTPUTS"),
    ),
)  # fmt: skip

PROC_SYS_RESET = Ip(
    "xilinx.com:ip:proc_sys_reset:5.0",
    {
        "C_EXT_RESET_HIGH": Setting("1", FLAG),
        "C_AUX_RESET_HIGH": Setting("0", FLAG),
        "C_EXT_RST_WIDTH": Setting("4", range(1, 17)),
        "C_AUX_RST_WIDTH": Setting("4", range(1, 17)),
    },
    (
        clock("slowest_sync_clk"),
        Pin("ext_reset_in", "I", "rst", "C_EXT_RESET_HIGH", required=True),
        Pin("aux_reset_in", "I", "rst", "C_AUX_RESET_HIGH"),
        Pin("dcm_locked", "I"),
        Pin("mb_reset", "O", "rst", "ACTIVE_HIGH"),
        Pin("bus_struct_reset", "O", "rst", "ACTIVE_HIGH"),
        Pin("peripheral_reset", "O", "rst", "ACTIVE_HIGH"),
        Pin("interconnect_aresetn", "O", "rst", "ACTIVE_LOW"),
        Pin("peripheral_aresetn", "O", "rst", "ACTIVE_LOW"),
    ),
)

IPS = (AXI_DMA, AXIS_DATA_FIFO, SMARTCONNECT, AXI_PERF_MON, AXI_GPIO, PROC_SYS_RESET)
