"""`nibblestream import`: import an ONNX network."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from ..network.front import REACH, Front, Plain
from ..speech.front import CONTEXTS, FEATURES, HEADS, Speech
from ..speech.stft import WINDOWS
from .options import FILE, model_target, refuse_same


@click.command("import")
@click.argument("network", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="Float model to write (.npz).")
@click.option(
    "--example",
    type=FILE,
    help="Inputs of the network (.npy), one a row: outputs are compared for them, too, and their "
    "largest magnitude is the reach.",
)
@click.option(
    "--reach",
    type=click.FloatRange(0, min_open=True),
    help=f"Largest magnitude of the inputs.  [default: that of --example, or {REACH:g}]",
)
@click.option(
    "--features",
    type=click.Choice(list(FEATURES)),
    help="For speech: input features of the network.",
)
@click.option(
    "--head", type=click.Choice(list(HEADS)), help="For speech: meaning of the network's outputs."
)
@click.option(
    "--gain-floor",
    type=click.FloatRange(0, 1),
    help="For speech with --head gain: smallest gain.  [default: 0]",
)
@click.option(
    "--window",
    type=click.Choice([str(window) for window in WINDOWS]),
    help=f"For speech: samples of the window.  [default: {WINDOWS[0]}]",
)
@click.option(
    "--context",
    type=click.Choice([str(context) for context in CONTEXTS]),
    help=f"For speech: frames that the network sees at once.  [default: {CONTEXTS[0]}]",
)
def import_(
    network: Path,
    output: Path,
    example: Path | None,
    reach: float | None,
    features: str | None,
    head: str | None,
    gain_floor: float | None,
    window: str | None,
    context: str | None,
) -> None:
    """Import an ONNX network as a float model.

    Supported are fully connected layers with common activations, what can be folded into them, and
    GRUs, for which the rows of inputs are the steps of a sequence. The model is compared with
    ONNX's reference evaluator before it is written. Networks in PyTorch, Keras or scikit-learn are
    imported in Python, by from_torch, from_keras and from_sklearn of nibblestream.importing, or
    exported to ONNX, as by torch.onnx.export.

    For a network that enhances speech, say what it takes and gives by --features and --head, as in
    --features log2 --head gain --gain-floor 0.1; for one with a GRU, also --context 1.

    Example: nibblestream import digits.onnx -o digits.npz --example images.npy
    """
    from ..importing import from_onnx

    model_target(output)
    frames = {"window": window, "context": context}
    given = {name: int(value) for name, value in frames.items() if value is not None}
    front = _front(reach, features, head, gain_floor, given)
    rows = None if example is None else _rows(example)
    model = from_onnx(network, front=front, example=rows, name=output.stem)
    refuse_same(output, network)
    model.save(output)
    click.echo(f"{output}: the same outputs as {network}\n{model.describe()}")


def _front(
    reach: float | None,
    features: str | None,
    head: str | None,
    gain_floor: float | None,
    frames: dict[str, int],
) -> Front | None:
    if (features is None) != (head is None):
        raise click.UsageError("a network for speech needs both --features and --head")
    if features is None or head is None:
        if gain_floor is not None:
            raise click.UsageError("--gain-floor is for speech, with --features and --head gain")
        if frames:
            raise click.UsageError(f"--{next(iter(frames))} is for speech, with --features, --head")
        return None if reach is None else Plain(reach)
    if reach is not None:
        raise click.UsageError("--reach does not apply to speech, whose features have fixed ranges")
    return Speech(features, head, gain_floor or 0.0, **frames)


def _rows(path: Path) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(np.load(path, allow_pickle=False), np.float64)
    except (ValueError, TypeError, EOFError) as error:
        raise click.UsageError(f"{path}: expected an .npy file of numbers ({error})") from error
