"""The error that the driver raises."""

from __future__ import annotations


class BoardError(RuntimeError):
    """A block failed, or the board cannot be used.

    Parameters
    ----------
    cause : str
        What was found, what was expected, what to do.
    registers : dict of str to int, optional
        Values of the hardware's registers.
    """

    def __init__(self, cause: str, registers: dict[str, int] | None = None) -> None:
        self.cause = cause
        self.registers = registers or {}
        values = ", ".join(f"{name} {value:#010x}" for name, value in self.registers.items())
        super().__init__(f"{cause} ({values})" if values else cause)
