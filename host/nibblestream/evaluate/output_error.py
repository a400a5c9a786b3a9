"""Output error of models relative to the float network they were made from.

The error is the mean square per clip: of the gains, or of the magnitudes, relative to the float
network's. Quantized models run in integers, float models in float32, both on the overlay's integer
features. Frames are evaluated whose contexts do not overlap: every eighth, or all; a network with
memory runs through all frames of a clip, from an empty state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from .. import spec
from ..network.float_model import FloatModel
from ..network.lutmac import Network
from ..network.model import QuantizedModel
from ..speech import cordic
from ..speech.context import Context
from ..speech.features import FloorTracker
from ..speech.front import Speech, speech_of
from ..speech.stft import stft
from .clip import Float, Source
from .known import Known, key
from .score import System

Model = FloatModel | QuantizedModel
Integers = npt.NDArray[np.int32]
Outputs = Callable[[Integers], Float]  # from the first layer's input

BACKEND = "emu"


def output_errors(
    network: FloatModel,
    models: Mapping[str, Model],
    clips: Sequence[Source],
    *,
    known: Known | None = None,
    on_clip: Callable[[], object] = lambda: None,
) -> dict[str, Float]:
    """Compute the output errors of models relative to the float network they were made from.

    Parameters
    ----------
    network : FloatModel
    models : mapping of str to FloatModel or QuantizedModel
        By label; with the same features and head as the network.
    clips : sequence of Source
        Must be readable.
    known : Known, optional
        Cache of errors; newly computed errors are added.
    on_clip : callable
        Called after each clip.

    Returns
    -------
    dict of str to float64 (clips,)
        Mean squared error of each clip, by label: of gains, or relative to the mean square of the
        float network's magnitudes.
    """
    known = known or Known()
    run = {label: _outputs(model) for label, model in models.items()}
    target = _outputs(network)
    errors: dict[str, list[float]] = {label: [] for label in models}
    for clip in clips:
        names = {label: _name(clip, network, model) for label, model in models.items()}
        found = {name: float(error) for name, error in known.get([*names.values()]).items()}
        missing = {label: name for label, name in names.items() if name not in found}
        if missing:
            frames = seen(clip.realise().noisy, speech_of(network))
            frames = frames if network.remembers else frames[:: speech_of(network).context]
            wanted = target(frames)
            level = 1.0 if speech_of(network).head == "gain" else float(np.mean(wanted**2)) or 1.0
            computed = {
                name: float(np.mean((run[label](frames) - wanted) ** 2)) / level
                for label, name in missing.items()
            }
            known.put(computed)
            found |= computed
        for label, name in names.items():
            errors[label].append(found[name])
        on_clip()
    return {label: np.array(values) for label, values in errors.items()}


def seen(noisy: Float, speech: Speech) -> Integers:
    """Return the first layer's input for a signal at 8 kHz: int32, shape (frames, inputs)."""
    spectrum = stft(noisy, speech.window)
    parts = spec.SPECTRUM.from_float(np.stack([spectrum.real, spectrum.imag], axis=-1))
    magnitude = cordic.vectoring(parts)[0]
    frames = FloorTracker().process(magnitude) if speech.features == "log2" else magnitude
    return np.asarray(Context(speech.context).stacked(frames), np.int32)


def _name(clip: Source, network: FloatModel, model: Model) -> str:
    return key(clip.digest, System(model.digest), BACKEND, f"output error to {network.digest}")


def _outputs(model: Model) -> Outputs:
    return _integers(model) if isinstance(model, QuantizedModel) else _floats(model)


def _integers(model: QuantizedModel) -> Outputs:
    network, unit = Network(model), speech_of(model).output_format

    def run(x: Integers) -> Float:
        network.reset()
        return np.clip(unit.to_float(network.process(x)), *model.front.limits)

    return run


def _floats(model: FloatModel) -> Outputs:
    unit = np.float32(model.front.input_format.resolution)

    def run(frames: Integers) -> Float:
        return np.asarray(np.clip(model(frames * unit), *model.front.limits), np.float64)

    return run
