"""Availability of the backends on this machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

from ...backends import BACKENDS, compiler


def choose(named: Sequence[str]) -> list[str]:
    """Return the named backends, or every available one if none is named.

    Raises
    ------
    ValueError
        A named backend is not available here.
    """
    if not named:
        return [name for name in BACKENDS if not lacks(name)]
    for name in named:
        if why := lacks(name):
            raise ValueError(f"backend {name!r} cannot run here: {why}")
    return list(dict.fromkeys(named))


def lacks(name: str) -> str:
    """Return why a backend cannot run on this machine; empty if it can."""
    if name in ("virtual", "pynq") and find_spec("pynq") is None:
        return "the package pynq is not installed: pip install 'nibblestream[pynq]'"
    if name in ("csim", "virtual"):
        return _no_compiler()
    return _no_board() if name == "pynq" else ""


def _no_compiler() -> str:
    try:
        compiler.library()
    except FileNotFoundError as error:
        return str(error)
    return ""


def _no_board() -> str:
    if not os.environ.get("BOARD"):
        return "$BOARD is not set, so this is not a PYNQ board"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pynq's warning that it finds no board
        from pynq import Device

        from ...backends.driver.overlay import find_bitstream, find_board

        try:
            Device.active_device  # noqa: B018  # this property searches for a device
        except RuntimeError as error:
            return f"pynq finds no board: {error}"
    try:
        find_bitstream(find_board())
    except RuntimeError as error:
        return str(error)
    return ""
