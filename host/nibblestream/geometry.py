"""Geometry of the kernels: how many multipliers and memories they have, chosen for each board.

It changes the kernels' size and speed and how codes are laid out in the stream, but no output bit.
A geometry is written as text, such as ``16x8`` (16 codes a step, 8 frames) or
``16x16-by-code-block8``: lanes, frame lanes, then whatever differs from the defaults.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from . import spec

PORT_BITS: Final = 64  # of a memory port; a step of 16 codes of 4 bits is one beat of a port
PORT_LANES: Final = PORT_BITS // 4
BY_CODE_BANKS: Final = 8  # memories per frame lane where activations are added by their code
_TEXT: Final = re.compile(r"(\d+)x(\d+)((?:-by-code)?)((?:-[a-z]+\d+)*)")


@dataclass(frozen=True)
class Geometry:
    """Size of the kernels.

    Parameters
    ----------
    lanes : int
        Codes of 2, 3 or 4 bits that are decoded per clock: 16 from one memory port of 64 bits, 32
        from two.
    frame_lanes : int
        Frames that each code multiplies per clock: 1, 2, 4, 8 or 16.
    by_code : bool
        Whether activations are added by their code and multiplied at the end, 16 products per
        output, instead of one product per weight.
    bits : int
        Width of an activation in memory, 18 or 25. With 18, networks whose activations are wider
        are refused.
    depth : int
        Words of each activation memory, a power of two from 64 to 4096.
    block : int
        Most frames that share one pass over the codes, a power of two from `frame_lanes` to 32.
    kept : int
        Beats of a recurrent layer's codes that are kept on chip, a power of two from 512 to 4096;
        0 leaves recurrent layers out.

    Raises
    ------
    ValueError
        A parameter is out of range.
    """

    lanes: int = 16
    frame_lanes: int = 8
    by_code: bool = False
    bits: int = 25
    depth: int = 512
    block: int = 32
    kept: int = 4096

    def __post_init__(self) -> None:
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"a geometry's {name} is {getattr(self, name)}; expected one of "
                    f"{', '.join(map(str, values))}"
                )
        if self.block < self.frame_lanes:
            raise ValueError(
                f"a geometry's block is {self.block}, below its {self.frame_lanes} frame lanes: "
                "use fewer lanes or longer blocks"
            )

    @classmethod
    def parse(cls, text: str) -> Geometry:
        """Return the geometry written as `text`; raise ValueError if it is none."""
        found = _TEXT.fullmatch(text)
        numbers = re.findall(r"-([a-z]+)(\d+)", found[4]) if found else []
        named = {name: int(value) for name, value in numbers}
        if not found or not named.keys() <= set(_NUMBERS) or len(named) < len(numbers):
            raise ValueError(
                f"{text!r} is no geometry; expected LANESxFRAMES, such as 16x8, then if wanted "
                f"-by-code and any of -{', -'.join(_NUMBERS)}, each once and with a number, such "
                "as 16x2-block8-kept0"
            )
        return cls(int(found[1]), int(found[2]), bool(found[3]), **named)

    def __str__(self) -> str:
        changed = (f"-{name}{getattr(self, name)}" for name in _NUMBERS if self._changed(name))
        return f"{self.lanes}x{self.frame_lanes}{'-by-code' * self.by_code}{''.join(changed)}"

    @property
    def ports(self) -> int:
        """Beats of codes that are read per clock, each from a memory port of its own."""
        return self.lanes // PORT_LANES

    @property
    def banks(self) -> int:
        """Activation memories of each frame lane."""
        return BY_CODE_BANKS if self.by_code else self.lanes

    @property
    def groups(self) -> int:
        """Groups of `frame_lanes` frames in the largest block."""
        return self.block // self.frame_lanes

    @property
    def polar_depth(self) -> int:
        """Words of the magnitude and phase FIFO: those of a block, rounded up to a power of two."""
        return 1 << (self.block * spec.BINS - 1).bit_length()

    @property
    def identity(self) -> int:
        """Word that the kernels return: the geometry's number, then a CRC of `spec` and of it."""
        number = 0
        for name, values in CHOICES.items():
            number = number * len(values) + values.index(getattr(self, name))
        return number << 16 | zlib.crc32(f"{spec.FACTS} {self}".encode()) & 0xFFFF

    @classmethod
    def identified(cls, identity: int) -> Geometry | None:
        """Return the geometry with that identity, or None if there is none in this version."""
        number, chosen = identity >> 16, {}
        for name, values in reversed(CHOICES.items()):
            number, index = divmod(number, len(values))
            chosen[name] = values[index]
        if number or chosen["block"] < chosen["frame_lanes"]:
            return None
        found = cls(**chosen)
        return found if found.identity == identity else None

    def constants(self) -> dict[str, int]:
        """Return the constants of the kernels and of the block design, by name."""
        return {
            "LANES": self.lanes,
            "PORTS": self.ports,
            "FRAME_LANES": self.frame_lanes,
            "BY_CODE": int(self.by_code),
            "BANKS": self.banks,
            "STORED_BITS": self.bits,
            "ACTIVATION_DEPTH": self.depth,
            "BLOCK": self.block,
            "KEPT_DEPTH": self.kept,
            "POLAR_DEPTH": self.polar_depth,
            "IDENTITY": self.identity,
        }

    def _changed(self, name: str) -> bool:
        return bool(getattr(self, name) != getattr(DEFAULT, name))


CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    "lanes": (16, 32),
    "frame_lanes": (1, 2, 4, 8, 16),
    "by_code": (False, True),
    "bits": (18, 25),
    "depth": (64, 128, 256, 512, 1024, 2048, 4096),
    "block": (1, 2, 4, 8, 16, 32),
    "kept": (0, 512, 1024, 2048, 4096),
}
_NUMBERS: Final = ("bits", "depth", "block", "kept")
DEFAULT: Final = Geometry()
