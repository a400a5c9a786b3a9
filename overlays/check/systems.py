"""The processing systems of Zynq-7000 and UltraScale+: the settings and ports for the design.

Sources: UG585 and UG1085; names and values of settings as in Xilinx/PYNQ, boards/Pynq-Z2/base/
base.tcl; Xilinx/PYNQ-HelloWorld, boards/KV260/resizer/resizer.tcl; Xilinx/AUP-ZU3,
petalinux_bsp/hardware_project/run_create_zynq_ultra_ps.tcl.
"""

from __future__ import annotations

from math import ceil

from ports import Bus, Ip, Number, Pin, Port, Segment, Setting, Settings, Space

FLAG = (0, 1)
GIB = 1 << 30
CLOCKS = range(4)  # to the programmable logic

# The IO PLL, which Vivado computes. Zynq-7000: 50 MHz x 20, as in PYNQ's designs. UltraScale+:
# 33.333 MHz x 90 / 2, as in AUP-ZU3's; assumed for all, though the KV260's designs have 1000 MHz.
IO_PLL_MHZ = 1000.0
IOPLL_MHZ = 33.333 * 45
# Bytes of memory on a DDR3 bus of 32 bits, by the part number of its chips.
DDR_BYTES = {"MT41J256M8 HX-15E": GIB, "MT41K256M16 RE-125": GIB}


def divisors(source_mhz: float, wanted: str) -> tuple[int, int]:
    """Return the two divisors that come nearest to the wanted clock, in MHz, from below."""
    whole = ceil(source_mhz / float(wanted) - 1e-3)
    first = next(first for first in range(min(63, whole), 0, -1) if whole % first == 0)
    return first, whole // first


def zynq(settings: Settings) -> Settings:
    """Return the derived settings of a PS7: the size of its memory, and its clocks."""
    width = int(settings["PCW_UIPARAM_DDR_BUS_WIDTH"].split()[0])
    size = DDR_BYTES[settings["PCW_UIPARAM_DDR_PARTNO"]] * width // 32
    found = {"DDR_SIZE": str(size), "PCW_DDR_RAM_HIGHADDR": f"0x{size - 1:08X}"}
    for n in CLOCKS:
        used = n == 0 and settings["PCW_EN_CLK0_PORT"] == "1"
        first, second = divisors(IO_PLL_MHZ, settings["PCW_FPGA0_PERIPHERAL_FREQMHZ"])
        found |= {
            f"PCW_FPGA_FCLK{n}_ENABLE": str(int(used)),
            f"PCW_FCLK{n}_PERIPHERAL_CLKSRC": "IO PLL",
            f"PCW_FCLK{n}_PERIPHERAL_DIVISOR0": str(first if used else 1),
            f"PCW_FCLK{n}_PERIPHERAL_DIVISOR1": str(second if used else 1),
            f"PCW_CLK{n}_FREQ": str(round(IO_PLL_MHZ * 1e6 / first / second)) if used else "0",
        }
    return found | {"CLOCK_HZ": found["PCW_CLK0_FREQ"]}


def zynqmp(settings: Settings) -> Settings:
    """Return the derived settings of an UltraScale+ PS: its clocks, and the widths of its ports."""
    found: Settings = {}
    for n in CLOCKS:
        used = n == 0 and settings["PSU__FPGA_PL0_ENABLE"] == "1"
        first, second = divisors(IOPLL_MHZ, settings["PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ"])
        name = f"PSU__CRL_APB__PL{n}_REF_CTRL"
        found |= {
            f"PSU__FPGA_PL{n}_ENABLE": str(int(used)),
            f"{name}__SRCSEL": "IOPLL",
            f"{name}__DIVISOR0": str(first if used else 1),
            f"{name}__DIVISOR1": str(second if used else 1),
            f"{name}__ACT_FREQMHZ": f"{IOPLL_MHZ / first / second:.6f}" if used else "0",
        }
    for n in range(2, 6):  # pynq sets the ports' registers from these
        found[f"C_SAXIGP{n}_DATA_WIDTH"] = settings[f"PSU__SAXIGP{n}__DATA_WIDTH"]
    hz = round(float(found["PSU__CRL_APB__PL0_REF_CTRL__ACT_FREQMHZ"]) * 1e6)
    return found | {
        "C_MAXIGP0_DATA_WIDTH": settings["PSU__MAXIGP0__DATA_WIDTH"],
        "CLOCK_HZ": str(hz),
    }


def zynq_memory(n: int) -> tuple[Port, ...]:
    """Return memory port HPn, and its clock."""
    name, used = f"S_AXI_HP{n}", f"PCW_USE_S_AXI_HP{n}"
    memory = (Segment(f"{name}/HP{n}_DDR_LOWOCM", "DDR_SIZE", 0),)
    width = f"PCW_S_AXI_HP{n}_DATA_WIDTH"
    return (
        Bus(name, "SLAVE", "AXI3", width, f"{name}_ACLK", segments=memory, when=used),
        Pin(f"{name}_ACLK", "I", "clk", required=True, when=used),
    )


def zynqmp_memory(n: int) -> tuple[Port, ...]:
    """Return memory port HPn, and its clock; the settings call HP0 to HP3 GP2 to GP5."""
    path, used = f"SAXIGP{n + 2}/HP{n}_", f"PSU__USE__S_AXI_GP{n + 2}"
    memory = (
        Segment(f"{path}DDR_LOW", 2 * GIB, 0),
        Segment(f"{path}DDR_HIGH", 32 * GIB, 0x8_0000_0000),
        Segment(f"{path}LPS_OCM", 1 << 24, 0xFF00_0000),
        Segment(f"{path}QSPI", 1 << 29, 0xC000_0000),
    )
    clock, width = f"saxihp{n}_fpd_aclk", f"PSU__SAXIGP{n + 2}__DATA_WIDTH"
    return (
        Bus(f"S_AXI_HP{n}_FPD", "SLAVE", "AXI4", width, clock, segments=memory, when=used),
        Pin(clock, "I", "clk", required=True, when=used),
    )


PROCESSING_SYSTEM7 = Ip(
    "xilinx.com:ip:processing_system7:5.5",
    {
        "PCW_CRYSTAL_PERIPHERAL_FREQMHZ": Setting("33.333333", Number),
        "PCW_FPGA0_PERIPHERAL_FREQMHZ": Setting("50", Number),
        "PCW_EN_CLK0_PORT": Setting("1", FLAG),
        "PCW_EN_CLK1_PORT": Setting("0", FLAG),
        "PCW_EN_RST0_PORT": Setting("1", FLAG),
        "PCW_USE_M_AXI_GP0": Setting("1", FLAG),
        "PCW_UIPARAM_DDR_PARTNO": Setting("MT41J256M8 HX-15E", tuple(DDR_BYTES)),
        "PCW_UIPARAM_DDR_BUS_WIDTH": Setting("32 Bit", ("16 Bit", "32 Bit")),
        "PCW_UIPARAM_DDR_FREQ_MHZ": Setting("533.333333", Number),
        **{f"PCW_USE_S_AXI_HP{n}": Setting("0", FLAG) for n in range(4)},
        **{f"PCW_S_AXI_HP{n}_DATA_WIDTH": Setting("64", (32, 64)) for n in range(4)},
    },
    (
        Pin("FCLK_CLK0", "O", "clk", when="PCW_EN_CLK0_PORT"),
        Pin("FCLK_CLK1", "O", "clk", when="PCW_EN_CLK1_PORT"),
        Pin("FCLK_RESET0_N", "O", "rst", "ACTIVE_LOW", when="PCW_EN_RST0_PORT"),
        Bus("M_AXI_GP0", "MASTER", "AXI3", 32, "M_AXI_GP0_ACLK", when="PCW_USE_M_AXI_GP0",
            space=Space("Data", 0x4000_0000, 0x7FFF_FFFF)),
        Pin("M_AXI_GP0_ACLK", "I", "clk", required=True, when="PCW_USE_M_AXI_GP0"),
        *(port for n in range(4) for port in zynq_memory(n)),
        Bus("DDR", "MASTER", "ddrx"),
        Bus("FIXED_IO", "MASTER", "fixedio"),
    ),
    zynq,
)  # fmt: skip

ZYNQ_ULTRA_PS_E = Ip(
    "xilinx.com:ip:zynq_ultra_ps_e:3.5",
    {
        "PSU__PSS_REF_CLK__FREQMHZ": Setting("33.333", ("33.333",)),  # else IOPLL_MHZ differs
        "PSU__FPGA_PL0_ENABLE": Setting("1", FLAG),
        "PSU__CRL_APB__PL0_REF_CTRL__SRCSEL": Setting("IOPLL", ("IOPLL",)),
        "PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ": Setting("100", Number),
        "PSU__USE__FABRIC__RST": Setting("1", FLAG),
        "PSU__NUM_FABRIC_RESETS": Setting("1", range(1, 5)),
        **{f"PSU__USE__M_AXI_GP{n}": Setting("1", FLAG) for n in range(3)},
        **{f"PSU__MAXIGP{n}__DATA_WIDTH": Setting("128", (32, 64, 128)) for n in range(3)},
        **{f"PSU__USE__S_AXI_GP{n}": Setting("0", FLAG) for n in range(2, 6)},
        **{f"PSU__SAXIGP{n}__DATA_WIDTH": Setting("128", (32, 64, 128)) for n in range(2, 6)},
    },
    (
        Pin("pl_clk0", "O", "clk", when="PSU__FPGA_PL0_ENABLE"),
        Pin("pl_resetn0", "O", "rst", "ACTIVE_LOW", when="PSU__USE__FABRIC__RST"),
        *(
            port
            for n, (name, low, high) in enumerate((
                ("HPM0_FPD", 0xA000_0000, 0xAFFF_FFFF), ("HPM1_FPD", 0xB000_0000, 0xBFFF_FFFF),
                ("HPM0_LPD", 0x8000_0000, 0x9FFF_FFFF),
            ))
            for port in (
                Bus(f"M_AXI_{name}", "MASTER", "AXI4", f"PSU__MAXIGP{n}__DATA_WIDTH",
                    f"maxi{name.lower()}_aclk", space=Space("Data", low, high),
                    when=f"PSU__USE__M_AXI_GP{n}", required=False),
                Pin(f"maxi{name.lower()}_aclk", "I", "clk", required=True,
                    when=f"PSU__USE__M_AXI_GP{n}"),
            )
        ),
        *(port for n in range(4) for port in zynqmp_memory(n)),
    ),
    zynqmp,
)  # fmt: skip

IPS = (PROCESSING_SYSTEM7, ZYNQ_ULTRA_PS_E)
