"""``python -m nibblestream.demo``: enhance a noisy recording; report STOI, traffic and speed."""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from .. import Enhancer, spec
from ..plots import recordings
from ..sound import reading, writing
from ..speech.resampler import resample
from .recording import CLEAN, NOISY

Float = npt.NDArray[np.float64]


@click.command()
@click.option(
    "--wav",
    type=click.Path(path_type=Path),
    help="A noisy recording to enhance instead of the bundled one.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for the recordings and the picture.",
)
def main(wav: Path | None, out: Path) -> None:
    """Enhance the bundled noisy recording, or WAV, with the bundled 4-bit network.

    Example: python -m nibblestream.demo --wav street.wav --out enhanced
    """
    try:
        demonstrate(wav or NOISY, None if wav else CLEAN, out)
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def demonstrate(noisy_path: Path, clean_path: Path | None, out: Path) -> None:
    """Enhance one file; print STOI, traffic and speed; write the recordings and a picture."""
    noisy, rate = reading.read(noisy_path)
    out.mkdir(parents=True, exist_ok=True)
    with Enhancer(backend="emu", model="default") as enhancer:
        start = time.perf_counter()
        enhanced = np.asarray(enhancer.enhance(noisy, rate))
        seconds = time.perf_counter() - start
        traffic = str(enhancer.traffic)

    signals = {"Noisy": mono(noisy, rate), "Enhanced": mono(enhanced, rate)}
    if clean_path:
        clean = reading.read_mono(clean_path)
        signals = with_stoi(signals, clean)
        click.echo("\n".join(signals))
        signals["Clean"] = clean
    duration = len(noisy) / rate
    click.echo(traffic)
    click.echo(f"{duration:.2f} s in {seconds:.2f} s: real-time factor {seconds / duration:.3f}")
    write(out, noisy, enhanced, rate, signals)


def mono(samples: Float, rate: int) -> Float:
    """Return the mean of the channels, resampled to 8 kHz."""
    channel = samples if samples.ndim == 1 else samples.mean(axis=1)
    return resample(channel, rate, spec.SAMPLE_RATE)


def with_stoi(signals: dict[str, Float], clean: Float) -> dict[str, Float]:
    """Append each signal's STOI to its title."""
    from pystoi import stoi

    return {
        f"{title}, STOI {stoi(clean, signal, spec.SAMPLE_RATE):.3f}": signal
        for title, signal in signals.items()
    }


def write(out: Path, noisy: Float, enhanced: Float, rate: int, signals: dict[str, Float]) -> None:
    """Write noisy.wav, enhanced.wav and demo.png, and print their paths."""
    writing.write(out / "noisy.wav", noisy, rate)
    writing.write(out / "enhanced.wav", enhanced, rate)
    recordings.picture(out / "demo.png", signals)
    for name in ("noisy.wav", "enhanced.wav", "demo.png"):
        click.echo(out / name)


if __name__ == "__main__":
    main(prog_name="python -m nibblestream.demo")
