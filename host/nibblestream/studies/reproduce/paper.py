"""The values of the paper's Table 3. Its figures print no numbers, and none are read off them."""

from __future__ import annotations

from typing import NamedTuple

from .settings import BOTH, FIRST, REFERENCE, Setting


class Printed(NamedTuple):
    """A row of the paper's Table 3; a loss printed as -0.002 (0.2%) is positive here."""

    stoi: float
    loss: float | None = None
    loss_percent: float | None = None
    bytes: int | None = None
    reduction_percent: float | None = None


MIX = Printed(0.84)
NO_QUANTIZATION = Printed(0.87)
# 0.18% is as printed; 0.016 of 0.87 is 1.8%.
ROWS: dict[Setting, Printed] = {
    REFERENCE: Printed(0.87, 0.002, 0.2, 297_216),
    BOTH["u"]: Printed(0.63, 0.246, 28.2, 148_608, 50.0),
    BOTH["rs-vbs"]: Printed(0.85, 0.024, 2.7, 148_608, 50.0),
    FIRST["rs-vbs"]: Printed(0.86, 0.016, 0.18, 165_120, 44.4),
}
