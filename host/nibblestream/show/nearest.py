"""Which backend a notebook runs on: of those at hand, the one nearest to the hardware."""

from __future__ import annotations

import textwrap
from itertools import takewhile
from typing import Final

from ..studies.bench import at_hand

WIDTH: Final = 100  # columns of what is printed
NEAREST_FIRST: Final = {
    "pynq": "the overlay on this board",
    "virtual": "a board's driver and the pynq package; the board is a model around the kernels",
    "csim": "the kernels' C++, compiled and called in this process",
    "emu": "the board's integers, computed in NumPy",
}


def backend() -> str:
    """Choose the nearest backend that can run here; print it, and why not a nearer one.

    The first call on a machine with a compiler compiles the kernels, which takes some seconds.

    Returns
    -------
    str
        "pynq", "virtual", "csim" or "emu", which give the same bits.
    """
    lacking = {name: at_hand.lacks(name) for name in NEAREST_FIRST}
    found = next(name for name, why in lacking.items() if not why)  # emu lacks nothing
    for name in takewhile(lambda name: name != found, lacking):
        _say(f"not {name!r}: {lacking[name]}")
    _say(f"backend {found!r}: {NEAREST_FIRST[found]}")
    return found


def _say(text: str) -> None:
    print(textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False))
