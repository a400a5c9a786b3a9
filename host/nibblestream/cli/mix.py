"""`nibblestream mix`: draw mixtures of speech and noise, and write their manifest."""

from __future__ import annotations

from pathlib import Path

import click

from .options import FILE, SPLIT, command_line


@click.command()
@click.option("--speech", required=True, type=FILE, help="Folder of clean speech.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise.")
@click.option("--split", required=True, type=SPLIT, help="Part of the corpus to use.")
@click.option(
    "--count",
    type=click.IntRange(1),
    help="Mixtures; default 12000, 5000 or 2800, as in the paper.",
)
@click.option("--snr", "snrs", multiple=True, default=(0.0, 5.0), type=float, show_default=True)
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
@click.option("-o", "--output", required=True, type=FILE, help="Manifest to write (.csv).")
@click.option("--wav", type=FILE, help="Also write the mixtures as wav, with PAIRS.csv, here.")
def mix(
    speech: Path,
    noise: Path,
    split: str,
    count: int | None,
    snrs: tuple[float, ...],
    seed: int,
    output: Path,
    wav: Path | None,
) -> None:
    """Draw mixtures as in the paper: a random utterance, noise of the same length, a random SNR.

    WSJ0, LibriSpeech, VCTK, VoiceBank-DEMAND, NOIZEUS, TUT Acoustic Scenes 2016, DEMAND, and
    folders with train/, val/ and test/ are recognized by their layout; of other folders all files
    are used. Use the manifest with `evaluate --mixtures` or `train --mixtures`.

    Example: nibblestream mix --speech wsj0 --noise TUT-acoustic-scenes-2016-development
    --split test -o test.csv
    """
    from ..evaluate import manifest, protocol
    from ..evaluate.stems import write_stems

    manifest.check_target(output)
    if wav is not None:
        wav.mkdir(exist_ok=True)
    drawn = protocol.draw(speech, noise, split, count=count, snrs=snrs, seed=seed)
    facts = {"split": split, "count": len(drawn), "snrs": snrs, "seed": seed}
    how = protocol.described(speech, noise, command=command_line(), **facts)
    manifest.write(output, drawn, speech, noise, how)
    click.echo(f"{output}: {len(drawn)} mixtures")
    if wav is not None:
        click.echo(f"{write_stems(wav, drawn)}: the same as pairs")
