"""A call of the kernels for a block, as their registers say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ... import spec
from ...hardware.traffic import RowTraffic


class Call(NamedTuple):
    """The block that registers name.

    Parameters
    ----------
    frames : int
        Frames, or rows; 0 if the register holds more than a block may have.
    raw_in, raw_out : int
        0 for spectra, else the beats of the block's rows of inputs and of outputs.
    """

    frames: int
    raw_in: int
    raw_out: int

    @classmethod
    def of(cls, values: Mapping[str, int], block: int) -> Call:
        """Return the call of a kernel; those for the CORDIC have one register `raw`."""
        frames = values["frames"] if values["frames"] <= block else 0
        raw = values.get("raw", 0)
        return cls(frames, values.get("raw_in", raw), values.get("raw_out", raw))

    @property
    def raw(self) -> bool:
        """Whether rows are taken that pass the spectral kernels unchanged."""
        return self.raw_in != 0

    @property
    def consistent(self) -> bool:
        """Whether inputs and outputs are both rows, or both spectra."""
        return self.raw == (self.raw_out != 0)

    @property
    def beats_in(self) -> int:
        """Beats that are taken."""
        return self._beats(self.raw_in)

    @property
    def beats_out(self) -> int:
        """Beats that are given."""
        return self._beats(self.raw_out)

    @property
    def rows(self) -> RowTraffic:
        """The layout of a row; for a call that `lut_mac` does not refuse."""
        return RowTraffic(self.beats_in // self.frames, self.beats_out // self.frames, self.raw)

    def _beats(self, raw: int) -> int:
        return raw or self.frames * spec.BINS if self.frames else 0
