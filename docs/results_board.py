"""The predicted performance on a board, from the library's model: board.json, topologies.json."""

from __future__ import annotations

from dataclasses import asdict, astuple
from itertools import pairwise
from typing import Any

import numpy as np

from nibblestream import FloatModel, quantize
from nibblestream.hardware.boards import BOARDS, Board
from nibblestream.hardware.cycles import SPECTRA_BYTES, Block
from nibblestream.hardware.fabric import Resources
from nibblestream.hardware.resources import design, whole
from nibblestream.hardware.traffic import layers_of, rows_of
from nibblestream.network.fit import block_of
from nibblestream.network.model import QuantizedModel, load_model
from nibblestream.spec import HOP, SAMPLE_RATE
from nibblestream.studies.tasks.cost import cost

BOARD, MODEL = "Pynq-Z2", "default"
BITS = 4  # of the published topologies

Json = dict[str, Any]


def board() -> Json:
    """Return the predicted performance on a board, from the library's own model."""
    on, model = BOARDS[BOARD], load_model(MODEL)
    assert isinstance(model, QuantizedModel)
    used = {**design(on.geometry), "sum": whole(on.geometry)}
    parts = {**used, f"available ({on.part})": Resources.of(on)}
    return {
        "command": f"nibblestream info {MODEL} --board {BOARD}",
        "board": on.name,
        "part": on.part,
        "clock_mhz": on.clock_mhz,
        "blocks": [
            _block(codes, Block(layers_of(model, bits, on.geometry), frames, rows_of(model)), on)
            for codes, bits in (("its own codes", None), ("8-bit codes", 8))
            for frames in (1, block_of(model, on.geometry))
        ],
        "resources": {name: astuple(part) for name, part in parts.items()},
    }


def _block(codes: str, block: Block, on: Board) -> Json:
    rate = block.rate(on.clock_mhz)
    return {
        "codes": codes,
        "frames": block.frames,
        "beats": block.beats,
        "clocks": block.cycles,
        "frames_per_second": rounded(rate),
        "times_real_time": rounded(rate * HOP / SAMPLE_RATE),
        "code_mb_per_second": rounded(block.code_bytes(rate) / 1e6),
        "spectra_mb_per_second": rounded(rate * SPECTRA_BYTES / 1e6),
        "code_mb_per_second_real_time": rounded(block.code_bytes(SAMPLE_RATE / HOP) / 1e6),
        "bound": block.bound,
    }


def topologies(published: Json) -> Json:
    """Return our predicted cost of every published topology; it depends on the shapes alone."""
    on = BOARDS[BOARD]
    rows = [
        {"network": topology["network"], **_cost(topology["network"])}
        for topology in published["topologies"]
    ]
    about = {"board": on.name, "clock_mhz": on.clock_mhz, "bits": BITS}
    return {**about, "resources": asdict(whole(on.geometry)), "rows": rows}


def _cost(network: str) -> Json:
    rng = np.random.default_rng(0)
    shapes = [(out, inputs) for inputs, out in pairwise(map(int, network.split("-")))]
    weights = tuple(rng.normal(0, 0.1, shape) for shape in shapes)
    biases = tuple(np.zeros(out) for out, _ in shapes)
    model = quantize(FloatModel("random", weights, biases, scaled=True), "kmeans", BITS)
    found = asdict(cost(model, BOARDS[BOARD]))
    return {key: rounded(v) if isinstance(v, float) else v for key, v in found.items()}


def rounded(value: float) -> float:
    """Round to the seven digits that the JSON keeps."""
    return float(f"{value:.7g}")
