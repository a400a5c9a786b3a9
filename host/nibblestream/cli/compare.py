"""`nibblestream compare`: compare our quantizers with those of other libraries."""

from __future__ import annotations

from pathlib import Path

import click

from ..files.folder import check
from ..network.float_model import FloatModel
from ..studies.compare.methods import NAMES, chosen
from .options import FILE, command_line

CALIBRATION = 300  # mixtures, as for quantize


@click.command()
@click.argument("float_models", nargs=-1, required=True)
@click.option("--speech", required=True, type=FILE, help="Folder of speech to score on.")
@click.option("--noise", required=True, type=FILE, help="Folder of noise to score on.")
@click.option(
    "--calibration-speech", required=True, type=FILE, help="Folder of speech to calibrate with."
)
@click.option(
    "--calibration-noise", required=True, type=FILE, help="Folder of noise to calibrate with."
)
@click.option(
    "-o", "--output", required=True, type=FILE, help="Folder to write; created if missing."
)
@click.option(
    "--bits",
    "widths",
    multiple=True,
    default=(4,),
    type=click.IntRange(2, 4),
    show_default=True,
    help="Bits per code; repeatable. At 2 and 3, only rs-vbs and auto of ours by default.",
)
@click.option(
    "--method",
    "names",
    multiple=True,
    type=click.Choice(NAMES),
    metavar="NAME",
    help=f"Method to compare; repeatable: {'; '.join(NAMES)}.",
)
@click.option("--count", default=200, type=click.IntRange(1), show_default=True, help="Mixtures.")
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
@click.option("--jobs", default=2, type=click.IntRange(1), show_default=True, help="Processes.")
def compare(
    float_models: tuple[str, ...],
    speech: Path,
    noise: Path,
    calibration_speech: Path,
    calibration_noise: Path,
    output: Path,
    widths: tuple[int, ...],
    names: tuple[str, ...],
    count: int,
    seed: int,
    jobs: int,
) -> None:
    """Compare our quantizers with those of other libraries, on the same networks and recordings.

    Several float models, for example from several training seeds, are compared as one group. The
    other libraries are coremltools, torchao, Neural Compressor, optimum-quanto, bitsandbytes and
    scikit-learn, if installed, at their defaults and at better settings; GPTQ, AWQ and SKM are
    calibrated on the same recordings as ours. Prints which methods no other beats in bytes and
    error. Writes CSV, JSON, PDF and PNG. Quantized models and scores are cached.

    Example: nibblestream compare mlp-float --speech test/speech --noise test/noise
    --calibration-speech train/speech --calibration-noise train/noise -o compared
    """
    from ..evaluate.known import open_known
    from ..evaluate.mixtures import mixtures
    from ..evaluate.scoring import labels
    from ..evaluate.workers import local
    from ..studies.compare import report
    from ..studies.compare.recordings import Material
    from ..studies.compare.run import compare as run

    for test, calibration in ((speech, calibration_speech), (noise, calibration_noise)):
        if test.resolve() == calibration.resolve():
            raise click.UsageError(
                f"{test} is both to calibrate with and to score on; use other recordings"
            )
    listed = chosen(widths, names)
    networks = {name: FloatModel.load(path) for name, path in labels(float_models).items()}
    check(output, "compare.json")
    clips = mixtures(speech, noise, count=count, seed=seed)
    material = Material(mixtures(calibration_speech, calibration_noise, count=CALIBRATION))
    with open_known() as known:
        found = run(networks, clips, material, listed, workers=local(jobs), known=known)
    report.show(found)
    about = {"command": command_line(), "networks": {n: m.digest for n, m in networks.items()}}
    report.write(found, output, about)
    click.echo(f"{output}: {', '.join(sorted(path.name for path in output.glob('compare.*')))}")
