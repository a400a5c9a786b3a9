"""The predicted performance on a board, from the library's model, as docs/results/board.json."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.cycles import SPECTRA_BYTES, Block
from nibblestream.hardware.fabric import Resources
from nibblestream.hardware.resources import design
from nibblestream.hardware.traffic import layers_of
from nibblestream.network.model import QuantizedModel, load_model
from nibblestream.spec import HOP, SAMPLE_RATE

BOARD, MODEL = "Pynq-Z2", "default"

Json = dict[str, Any]


def board() -> Json:
    """Return the predicted performance on a board, from the library's own model."""
    on, model = BOARDS[BOARD], load_model(MODEL)
    assert isinstance(model, QuantizedModel)
    whole = sum(design().values(), Resources())
    parts = {**design(), "sum": whole, f"available ({on.part})": Resources.of(on)}
    return {
        "command": f"nibblestream info {MODEL} --board {BOARD}",
        "board": on.name,
        "part": on.part,
        "clock_mhz": on.clock_mhz,
        "blocks": [
            _block(codes, Block(layers_of(model, bits), frames), on.clock_mhz)
            for codes, bits in (("its own codes", None), ("8-bit codes", 8))
            for frames in (1, model.block)
        ],
        "resources": {name: astuple(part) for name, part in parts.items()},
    }


def _block(codes: str, block: Block, clock_mhz: float) -> Json:
    rate = block.rate(clock_mhz)
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


def rounded(value: float) -> float:
    """Round to the seven digits that the JSON keeps."""
    return float(f"{value:.7g}")
