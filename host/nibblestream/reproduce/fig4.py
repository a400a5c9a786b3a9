"""Figure 4: four schemes with 4 bits for both layers, and with 4 and 8."""

from __future__ import annotations

from collections.abc import Sequence

from . import bars
from .networks import Network
from .product import Product
from .scores import Scores
from .settings import BOTH, FIRST

GROUPS = {"4/4 bits": BOTH, "4/8 bits": FIRST}
SETTINGS = (*BOTH.values(), *FIRST.values())
TITLE = "Figure 4: four schemes with 4 bits, and with 4 and 8"
CAPTION = (
    "STOI of each network with both layers in 4 bits by the same scheme, and with the first layer "
    "in 4 bits and the second in 8-U (the same networks as Figure 3's first layer swept)."
)


def product(networks: Sequence[Network], scores: Scores) -> Product:
    """Return the figure of all networks."""
    return bars.product("fig4", TITLE, CAPTION, GROUPS, networks, scores)
