"""The normative integers in NumPy: runs anywhere."""

from __future__ import annotations

from ..speech.pipeline import Pipeline


class Emulation(Pipeline):
    """`pipeline.Pipeline` as a backend."""

    one_at_a_time = False

    def counted(self) -> None:
        """Return None: nothing is counted where nothing moves."""

    def close(self) -> None:
        """Do nothing: arrays free themselves."""
