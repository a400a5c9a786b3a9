"""Handwritten digits, and a network that scikit-learn trains on them.

The data are those of scikit-learn: 1,797 images of 8 x 8 pixels from 0 to 16, from the UCI set
"Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998; CC BY 4.0).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from .. import FloatModel
from ..files.atomic import replacing
from ..network.activation import LINEAR, RELU
from ..network.front import Plain
from ..studies.tasks.trained import Trained

BUNDLED: Final = Path(__file__).with_name("digits.npz")
SEED: Final = 1
LAYERS: Final = range(2)


def digits() -> Trained:
    """Train a network of 64-32-10 neurons, import it, and print where it comes from.

    Without scikit-learn, as on a board, return the bundled result of the same training.
    """
    if find_spec("sklearn") is None:
        print("scikit-learn is not installed: this network was trained by it before")
        return bundled()
    trained = trained_here()
    print(f"trained by scikit-learn on {len(trained.calibration):,} images of 8 x 8 pixels")
    return trained


def trained_here() -> Trained:
    """Train the network by scikit-learn, in a second or two."""
    from ..studies.tasks.task import TASKS, train

    return train(TASKS["digits"], SEED, "digits")


def bundled() -> Trained:
    """Return the network and the rows that `save` wrote."""
    with np.load(BUNDLED) as arrays:
        calibration, test = (arrays[name].astype(np.float64) for name in ("calibration", "test"))
        model = FloatModel(
            "digits",
            tuple(arrays[f"weights{i}"] for i in LAYERS),
            tuple(arrays[f"bias{i}"] for i in LAYERS),
            Plain(float(calibration.max())),
            {"imported": "scikit-learn MLPClassifier"},
            (RELU, LINEAR),
            scaled=True,
        )
        return Trained(model, calibration, test, arrays["targets"].astype(np.int64), False)


def save(path: Path = BUNDLED) -> None:
    """Write the network, and its rows as bytes, to a file."""
    trained = trained_here()
    arrays = {f"weights{i}": weights for i, weights in enumerate(trained.model.weights)}
    arrays |= {f"bias{i}": bias for i, bias in enumerate(trained.model.biases)}
    for name in ("calibration", "test", "targets"):
        arrays[name] = getattr(trained, name).astype(np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)
