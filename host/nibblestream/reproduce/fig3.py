"""Figure 3: each layer swept over four schemes, the other in 8-bit uniform quantization."""

from __future__ import annotations

from collections.abc import Sequence

from . import bars
from .networks import Network
from .product import Product
from .scores import Scores
from .settings import FIRST, SECOND

GROUPS = {"first layer swept": FIRST, "second layer swept": SECOND}
SETTINGS = (*FIRST.values(), *SECOND.values())
TITLE = "Figure 3: four schemes on one layer"
CAPTION = (
    "STOI of each network with one layer in 4 bits by uniform quantization (U), with virtual bit "
    "shift (U-VBS), range split (RS) and both (RS-VBS), and the other layer in 8-U."
)


def product(networks: Sequence[Network], scores: Scores) -> Product:
    """Return the figure of all networks."""
    return bars.product("fig3", TITLE, CAPTION, GROUPS, networks, scores)
