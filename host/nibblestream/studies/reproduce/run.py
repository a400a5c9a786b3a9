"""`nibblestream reproduce`: score the networks and make the requested tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from ...evaluate.clip import Source
from . import NAMES, fig1, fig2, table3
from .networks import Network
from .product import Product
from .scores import Scores, score
from .swept import FIG3, FIG4

# By name: the settings to score, and the function that turns their scores into a product.
SCORED: dict[str, tuple[Sequence[Any], Callable[[Sequence[Network], Scores], Product]]] = {
    "table3": (table3.SETTINGS, table3.product),
    "fig3": (FIG3.settings, FIG3.product),
    "fig4": (FIG4.settings, FIG4.product),
}
DRAWN: dict[str, Callable[[Sequence[Network]], Product]] = {
    "fig1": fig1.product,
    "fig2": fig2.product,
}


def reproduce(
    names: Collection[str], networks: Sequence[Network], clips: Sequence[Source], **options: Any
) -> tuple[list[Product], dict[str, Any]]:
    """Make tables and figures, scoring the networks in the settings they need.

    Parameters
    ----------
    names : collection of str
        Some of `NAMES`.
    networks : sequence of Network
    clips : sequence of Source
        Clips to score on; not needed for Figures 1 and 2.
    **options
        Options of `evaluate`: workers, known.

    Returns
    -------
    products : list of Product
        In the order of `NAMES`.
    about : dict
        The digest of the scores and the refused clips; empty if nothing was scored.

    Raises
    ------
    ValueError, OSError
        As `quantize` and `evaluate` do.
    """
    settings = [setting for name in names if name in SCORED for setting in SCORED[name][0]]
    scores = score(networks, settings, clips, **options) if settings else None
    products = []
    for name in (name for name in NAMES if name in names):
        if name in DRAWN:
            products.append(DRAWN[name](networks))
        elif scores is not None:
            products.append(SCORED[name][1](networks, scores))
    about = {key: scores.results[key] for key in ("digest", "refused")} if scores else {}
    return products, about
