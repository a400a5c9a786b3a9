"""Backend `emu`: the normative integer arithmetic in NumPy, for any machine."""

from __future__ import annotations

from ..speech.pipeline import Pipeline


class Emulation(Pipeline):
    """`pipeline.Pipeline` as a backend."""

    one_at_a_time = False

    def counted(self) -> None:
        """Return None: an emulation has no hardware counters."""

    def close(self) -> None:
        """Do nothing: there are no resources to release."""
