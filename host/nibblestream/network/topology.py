"""What a network must look like to run: its inputs, its outputs, and layers that fit together."""

from __future__ import annotations

from collections.abc import Sequence

from .. import spec

FEATURES = {"magnitude": spec.MAGNITUDE, "log2": spec.FEATURE}
HEADS = {"magnitude": spec.MAGNITUDE, "gain": spec.GAIN}
MAX_LAYERS = (1 << spec.MODEL_BEAT["layers"].bits) - 1
INPUTS = spec.CONTEXT * spec.BINS  # oldest frame first


def check_topology(shapes: list[tuple[int, ...]], features: str, head: str) -> None:
    """Refuse a network that the pipeline cannot run.

    Parameters
    ----------
    shapes : list of (int, int)
        (out, in) of each layer's weights.
    features : str
        "magnitude" or "log2": what the first layer sees.
    head : str
        "magnitude" or "gain": what the last layer gives.

    Raises
    ------
    ValueError
        Unknown features or head, no layers, or widths that do not fit.
    """
    if features not in FEATURES:
        raise ValueError(f"features are {features!r}; expected one of {', '.join(FEATURES)}")
    if head not in HEADS:
        raise ValueError(f"head is {head!r}; expected one of {', '.join(HEADS)}")
    if not 1 <= len(shapes) <= MAX_LAYERS:
        raise ValueError(f"the network has {len(shapes)} layers; expected 1 to {MAX_LAYERS}")
    width = INPUTS
    for i, shape in enumerate(shapes):
        if len(shape) != 2 or shape[1] != width or not 1 <= shape[0] <= spec.MAX_WIDTH:
            raise ValueError(
                f"layer {i}: weights have the shape {shape}; expected (out, {width}) "
                f"with 1 to {spec.MAX_WIDTH} outputs"
            )
        width = shape[0]
    if width != spec.BINS:
        raise ValueError(f"the last layer has {width} outputs; expected {spec.BINS}, one a bin")


def largest_block(shapes: Sequence[tuple[int, int]]) -> int:
    """Return how many frames can share one pass over the codes.

    At most `spec.MAX_BLOCK`, and as many groups of `spec.FRAME_LANES` as the activation memory
    holds: each frame has, for every layer, its inputs and its outputs side by side, `spec.LANES`
    of them a word.

    Parameters
    ----------
    shapes : sequence of (int, int)
        (out, in) of each layer's weights.
    """
    words = max(-(-out // spec.LANES) + -(-inputs // spec.LANES) for out, inputs in shapes)
    groups = spec.ACTIVATION_DEPTH // words
    return min(groups * spec.FRAME_LANES, spec.MAX_BLOCK)


def check_hidden(widths: Sequence[int]) -> None:
    """Refuse hidden layers of widths that no layer can have, with a ValueError."""
    for width in widths:
        if not 1 <= width <= spec.MAX_WIDTH:
            raise ValueError(f"a hidden layer is {width} wide; expected 1 to {spec.MAX_WIDTH}")
