"""The settings shown by the bars of Figures 3 and 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import bars
from .networks import Network
from .product import Product
from .scores import Scores
from .settings import BOTH, FIRST, SECOND, Setting


@dataclass(frozen=True)
class Figure:
    """A bar figure.

    Parameters
    ----------
    name, title, caption : str
    groups : mapping of str to (mapping of str to Setting)
        The settings of each group of bars, by scheme.
    """

    name: str
    title: str
    caption: str
    groups: bars.Groups

    @property
    def settings(self) -> Sequence[Setting]:
        """All settings that need scores."""
        return [setting for group in self.groups.values() for setting in group.values()]

    def product(self, networks: Sequence[Network], scores: Scores) -> Product:
        """Return the figure of all networks."""
        return bars.product(self.name, self.title, self.caption, self.groups, networks, scores)


FIG3 = Figure(
    "fig3",
    "Figure 3: four schemes on one layer",
    "STOI of each network with one layer in 4 bits by uniform quantization (U), with virtual bit "
    "shift (U-VBS), range split (RS) and both (RS-VBS), and the other layer in 8-U.",
    {"first layer swept": FIRST, "second layer swept": SECOND},
)
FIG4 = Figure(
    "fig4",
    "Figure 4: four schemes with 4 bits, and with 4 and 8",
    "STOI of each network with both layers in 4 bits by the same scheme, and with the first layer "
    "in 4 bits and the second in 8-U (the same networks as Figure 3's first layer swept).",
    {"4/4 bits": BOTH, "4/8 bits": FIRST},
)
