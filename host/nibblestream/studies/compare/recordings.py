"""Calibration recordings for quantizers, mixed at first use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ...evaluate.clip import Source
from ...files.digest import text_digest
from ...quantize import Calibration


class Material:
    """Calibration clips.

    Parameters
    ----------
    clips : sequence of Source
        Clips whose noisy signals are used.
    """

    def __init__(self, clips: Sequence[Source]) -> None:
        self.clips = clips

    @cached_property
    def digest(self) -> str:
        """A digest that identifies the clips."""
        return text_digest(*(clip.digest for clip in self.clips))

    @cached_property
    def calibration(self) -> Calibration:
        """The calibration frames; raises the errors of the clips and of `Calibration`."""
        return Calibration(clip.realise().noisy for clip in self.clips)
