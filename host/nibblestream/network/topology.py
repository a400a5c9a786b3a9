"""Constraints on a network's topology: inputs, outputs and matching layer widths."""

from __future__ import annotations

from collections.abc import Sequence

from .. import spec

FEATURES = {"magnitude": spec.MAGNITUDE, "log2": spec.FEATURE}
HEADS = {"magnitude": spec.MAGNITUDE, "gain": spec.GAIN}
MAX_LAYERS = (1 << spec.MODEL_BEAT["layers"].bits) - 1
INPUTS = spec.CONTEXT * spec.BINS  # oldest frame first


def check_topology(shapes: list[tuple[int, ...]], features: str, head: str) -> None:
    """Raise an error for a network that the pipeline cannot run.

    Parameters
    ----------
    shapes : list of (int, int)
        (out, in) of each layer's weights.
    features : str
        Input of the first layer: "magnitude" or "log2".
    head : str
        Output of the last layer: "magnitude" or "gain".

    Raises
    ------
    ValueError
        Features or head are unknown, the number of layers is out of range, or widths do not match.
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
        raise ValueError(f"the last layer has {width} outputs; expected {spec.BINS}, one per bin")


def largest_block(shapes: Sequence[tuple[int, int]]) -> int:
    """Return the largest number of frames that can share one pass over the codes.

    It is limited by `spec.MAX_BLOCK` and by the activation memory, which must hold a layer's
    inputs and outputs, `spec.LANES` values per word, for each group of `spec.FRAME_LANES` frames.

    Parameters
    ----------
    shapes : sequence of (int, int)
        (out, in) of each layer's weights.
    """
    words = max(-(-out // spec.LANES) + -(-inputs // spec.LANES) for out, inputs in shapes)
    groups = spec.ACTIVATION_DEPTH // words
    return min(groups * spec.FRAME_LANES, spec.MAX_BLOCK)


def check_hidden(widths: Sequence[int]) -> None:
    """Raise ValueError unless each hidden layer has 1 to `spec.MAX_WIDTH` neurons."""
    for width in widths:
        if not 1 <= width <= spec.MAX_WIDTH:
            raise ValueError(f"a hidden layer has {width} neurons; expected 1 to {spec.MAX_WIDTH}")
