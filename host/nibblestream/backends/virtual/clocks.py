"""Model of the processing system's clock registers that `pynq.ps.Clocks` uses."""

from __future__ import annotations

from typing import Final, NamedTuple

from .faults import Faults, WrongClock


class Family(NamedTuple):
    """The clock registers of a family of devices.

    Parameters
    ----------
    registers : dict
        Values after boot, by address.
    divided : tuple of int
        Addresses of the dividers for the four clocks of the programmable logic.
    source_mhz : float
        Frequency of the PLL that the dividers divide.
    low, high : int
        The lowest bit of the first and of the second divisor, six bits each.
    """

    registers: dict[int, int]
    divided: tuple[int, ...]
    source_mhz: float
    low: int
    high: int


_SLCR, _CRL, _CRF = 0xF800_0000, 0xFF5E_0000, 0xFD1A_0000

FAMILIES: Final = {
    # 50 MHz in; ARM PLL x 26, DDR PLL x 21, IO PLL x 20; the CPU at half its PLL; PL at 50 MHz
    "zynq": Family(
        {
            _SLCR + 0x100: 26 << 12,
            _SLCR + 0x104: 21 << 12,
            _SLCR + 0x108: 20 << 12,
            _SLCR + 0x120: 0x1F00_0200,
            **{_SLCR + 0x170 + 0x10 * i: 1 << 20 | 20 << 8 for i in range(4)},
        },
        tuple(_SLCR + 0x170 + 0x10 * i for i in range(4)),
        1000.0,
        8,
        20,
    ),
    # 33.333 MHz in; IOPLL x 90 / 2, RPLL x 63 / 2, APLL x 72 / 2, DPLL x 64 / 2; PL at 50 MHz
    "zynqmp": Family(
        {
            _CRL + 0x20: 1 << 16 | 90 << 8,
            _CRL + 0x30: 1 << 16 | 63 << 8,
            _CRF + 0x20: 1 << 16 | 72 << 8,
            _CRF + 0x2C: 1 << 16 | 64 << 8,
            _CRF + 0x38: 1 << 16 | 90 << 8,
            _CRF + 0x60: 1 << 8,
            **{_CRL + 0xC0 + 4 * i: 1 << 24 | 1 << 16 | 30 << 8 for i in range(4)},
        },
        tuple(_CRL + 0xC0 + 4 * i for i in range(4)),
        33.333 * 45,
        8,
        16,
    ),
}


class Clocks:
    """The registers of PLLs and dividers.

    Parameters
    ----------
    family : {"zynq", "zynqmp"}
    faults : Faults
    """

    def __init__(self, family: str, faults: Faults) -> None:
        self._family, self._faults = FAMILIES[family], faults
        self._registers = dict(self._family.registers)

    def __contains__(self, address: int) -> bool:
        return address in self._registers

    def read(self, address: int) -> int:
        """Return a register."""
        self._set_wrong_clock()
        return self._registers[address]

    def write(self, address: int, value: int) -> None:
        """Write a register."""
        self._registers[address] = value
        self._set_wrong_clock()

    def hertz(self) -> float:
        """Return the frequency of the first clock of the programmable logic."""
        word = self.read(self._family.divided[0])
        divisors = (word >> self._family.low & 63), (word >> self._family.high & 63)
        return self._family.source_mhz * 1e6 / max(divisors[0] * divisors[1], 1)

    def _set_wrong_clock(self) -> None:
        if wrong := self._faults.draw(WrongClock):
            at = self._family.divided[0]
            cleared = self._registers[at] & ~(63 << self._family.low | 63 << self._family.high)
            divisor = round(self._family.source_mhz / wrong.mhz)
            self._registers[at] = cleared | divisor << self._family.low | 1 << self._family.high
