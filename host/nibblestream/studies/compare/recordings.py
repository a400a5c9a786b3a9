"""Recordings that calibrated quantizers see: mixed when the first of them asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ...evaluate.clip import Source
from ...files.digest import text_digest
from ...quantize import Calibration


class Material:
    """Clips to calibrate with.

    Parameters
    ----------
    clips : sequence of Source
        Their noisy signals are used.
    """

    def __init__(self, clips: Sequence[Source]) -> None:
        self._clips = clips

    @cached_property
    def digest(self) -> str:
        """What tells it from any other."""
        return text_digest(*(clip.digest for clip in self._clips))

    @cached_property
    def calibration(self) -> Calibration:
        """The frames; errors are those of the clips and of `Calibration`."""
        return Calibration(clip.realise().noisy for clip in self._clips)
