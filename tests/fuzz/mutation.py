"""Random changes of bytes and of values: what every target's mutations are made of."""

from __future__ import annotations

import math
from copy import deepcopy
from random import Random
from typing import Any

NUMBERS = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 18, 25, 31, 32, 47, 48, 63, 64, 65, 127, 128, 129),
    *(255, 256, 1023, 1032, 2047, 2048, 2049, 4095, 4096, 2**15, 2**16, 2**24, 2**31 - 1, 2**31),
    *(2**32 - 1, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64, 10**10, 10**20, 10**400),
)
FLOATS = (0.0, -0.0, 0.5, 0.04, 1 / 3, 1e-3, 1e-45, 1e-320, 3e38, 1e39, 1e308, math.inf, math.nan)
OTHERS = (None, True, False, "", "x", "0", "\0", "\u2028", [], [0], {}, {"kind": "memory"})


def number(rng: Random) -> int:
    """Return a whole number that is often a limit of something, or next to one."""
    found = rng.choice(NUMBERS) + rng.choice((0, 0, 0, -1, 1))
    return -found if rng.random() < 0.2 else found


def value(rng: Random) -> Any:
    """Return a value as JSON has them."""
    kind = rng.random()
    if kind < 0.6:
        return number(rng)
    return rng.choice(FLOATS) if kind < 0.8 else rng.choice(OTHERS)


def altered(tree: Any, rng: Random) -> Any:
    """Return JSON with one of its values changed, removed, copied or moved elsewhere."""
    places = list(_places(tree))
    if not places:
        return value(rng)
    parent, key = rng.choice(places)
    how = rng.random()
    if how < 0.15:
        del parent[key]
    elif how < 0.35:
        other, at = rng.choice(places)
        parent[key] = deepcopy(other[at])
    elif how < 0.45 and isinstance(parent, list):
        parent.insert(key, deepcopy(parent[key]))
    elif how < 0.6 and isinstance(parent[key], (int, float)):
        parent[key] += rng.choice((-1, 1))
    else:
        parent[key] = value(rng)
    return tree


def flipped(data: bytes, rng: Random) -> bytes:
    """Return bytes with some changed, removed, inserted or copied."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(found) + 1)
        how = rng.randrange(6)
        if how == 0:
            found[at : at + rng.choice((1, 2, 4, 8, 64))] = b""
        elif how == 1:
            found[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8)))
        elif how == 2 and found:
            start = rng.randrange(len(found))
            found[at:at] = found[start : start + rng.choice((1, 4, 16, 64))]
        elif how == 3:
            word = (number(rng) % 2**32).to_bytes(4, rng.choice(("little", "big")))
            found[at : at + 4] = word
        elif at < len(found):
            found[at] ^= 1 << rng.randrange(8)
    return bytes(found)


def _places(tree: Any) -> Any:
    """Yield every place in JSON: a list or dictionary, and a key of it."""
    if isinstance(tree, (list, dict)):
        for key in range(len(tree)) if isinstance(tree, list) else tree:
            yield tree, key
            yield from _places(tree[key])
