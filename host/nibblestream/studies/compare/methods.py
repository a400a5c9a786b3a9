"""The methods compared: our schemes and the quantizers of other libraries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ...network.scheme import CALIBRATED
from .method import Method

ALL_BITS = 4  # the width at which all methods are compared
FEW = ("rs-vbs", "auto")  # the schemes of ours that are compared at other widths

OURS = tuple(
    Method(name, calibrated=name in CALIBRATED)
    for name in ("u", "rs-vbs", "rs-vbs-asym", "kmeans", *CALIBRATED)
)

RTN = Method("RTN, row", "numpy", "rounding", "per_row")
SKLEARN = Method("k-means, sklearn", "scikit-learn", "scikit_learn", "k_means")
COREML = Method("k-means, coremltools", "coremltools", "core_ml", "k_means")
SKM = Method("SKM, coremltools", "coremltools", "core_ml", "sensitive", calibrated=True)
INT = Method("int, torchao, row", "torchao", "torch_ao", "integers")
HQQ = replace(INT, name="HQQ, torchao, 64", settings={"group": 64, "hqq": True})
AWQ = Method("AWQ, torchao", "torchao", "torch_ao", "activation_aware", calibrated=True)
QUANTO = Method("qint, quanto", "optimum-quanto", "quanto", "grouped", bits=(2, 4))
NF4 = Method("NF4, bitsandbytes", "bitsandbytes", "nf4", "blockwise", bits=(4,))
GPTQ = Method("GPTQ, coremltools", "coremltools", "core_ml_gptq", "by_row", (3, 4), True)
INC = Method("GPTQ, INC, row", "neural-compressor-pt", "neural_compressor", "gptq", calibrated=True)

GROUPS = (128, 64, 32)  # inputs that share a scale
EIGHT_BITS, BY_16 = {"lut_dtype": "int8"}, {"group_size": 16}
BY_16_SCALED = {**BY_16, "enable_per_channel_scale": True}

# With one table a layer, and each rounded to what the overlay holds.
TABLES = (
    replace(RTN, name="RTN, tensor", function="per_tensor"),
    SKLEARN,
    COREML,
    replace(COREML, name=f"{COREML.name}, int8", settings=EIGHT_BITS),
    SKM,
    replace(SKM, name=f"{SKM.name}, int8", settings=EIGHT_BITS),
)
PEERS = (
    *(
        each
        for of in TABLES
        for each in (of, replace(of, name=f"{of.name}, rounded", rounded=True))
    ),
    replace(COREML, name=f"{COREML.name}, 16 rows", settings=BY_16),
    replace(COREML, name=f"{COREML.name}, 16 rows, scaled", settings=BY_16_SCALED),
    replace(SKM, name=f"{SKM.name}, 16 rows", settings=BY_16),
    replace(SKM, name=f"{SKM.name}, 16 rows, scaled", settings=BY_16_SCALED),
    RTN,
    INT,
    *(
        replace(INT, name=f"int, torchao, {group}", settings={"group": group, "asymmetric": True})
        for group in GROUPS
    ),
    HQQ,
    QUANTO,
    NF4,
    replace(NF4, name=f"{NF4.name}, 128", settings={"block": 128}),
    replace(NF4, name=f"{NF4.name}, float scales", settings={"double": False}),
    *(replace(AWQ, name=f"{AWQ.name}, {group}", settings={"group": group}) for group in GROUPS),
    GPTQ,
    INC,
    *(replace(INC, name=f"GPTQ, INC, {group}", settings={"group": group}) for group in GROUPS),
)
METHODS = OURS + PEERS
NAMES = tuple(method.name for method in METHODS)


def chosen(widths: Iterable[int], names: Sequence[str] = ()) -> list[tuple[Method, int]]:
    """Return the methods to compare, each with a bit width.

    Parameters
    ----------
    widths : iterable of int
        2, 3 or 4.
    names : sequence of str
        Some of `NAMES`; if empty, all methods, of ours at other widths than 4 rs-vbs and auto.

    Raises
    ------
    ValueError
        No method has codes of these widths.
    """
    found = [
        (method, bits)
        for bits in dict.fromkeys(widths)
        for method in METHODS
        if bits in method.bits and (method.name in names if names else _usual(method, bits))
    ]
    if not found:
        raise ValueError(f"no method has codes of this width; expected some of {', '.join(NAMES)}")
    return found


def _usual(method: Method, bits: int) -> bool:
    return bool(method.library) or bits == ALL_BITS or method.name in FEW


def in_words(method: Method, bits: int) -> dict[str, Any]:
    """Return the columns that identify a method in tables."""
    return {
        "method": method.name,
        "bits": bits,
        "library": method.library or "nibblestream",
        "calibrated": method.calibrated,
    }
