"""`nibblestream live`: enhance the microphone signal in real time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from .. import Enhancer
from ..geometry import Geometry
from .options import BACKEND, BAND, BAND_HELP, GEOMETRY, GEOMETRY_HELP, MODEL_HELP

if TYPE_CHECKING:
    from ..enhance.live import Player


@click.command()
@click.option(
    "--input", "source", metavar="DEVICE", help="Input device: number or part of the name."
)
@click.option(
    "--output", "sink", metavar="DEVICE", help="Output device. Default: the system's devices."
)
@click.option("--list", "listing", is_flag=True, help="List the devices and exit.")
@click.option("--backend", default="emu", type=BACKEND, show_default=True)
@click.option("--geometry", type=GEOMETRY, help=GEOMETRY_HELP)
@click.option("--model", default="default", show_default=True, help=MODEL_HELP)
@click.option("--band", default="full", type=BAND, show_default=True, help=BAND_HELP)
def live(
    source: str | None,
    sink: str | None,
    listing: bool,
    backend: str,
    geometry: Geometry | None,
    model: str,
    band: str,
) -> None:
    """Enhance the microphone signal and play it immediately, until Ctrl-C.

    Use headphones to avoid feedback. Needs the extra nibblestream[live].

    Example: nibblestream live --input USB --output headphones
    """
    from ..enhance.live import play
    from ..sound.devices import devices, plan

    if listing:
        click.echo(devices())
        return
    chosen = plan(source, sink, band)
    with (
        Enhancer(model, backend, band, geometry) as enhancer,
        tqdm(bar_format="{desc}", disable=None) as line,
    ):

        def show(player: Player, latency: float) -> None:
            heard, played = player.levels()
            line.set_description_str(
                f"in {heard:4.0f} dB, out {played:4.0f} dB, latency {1e3 * latency:.0f} ms, "
                f"{_runs(player)}; Ctrl-C ends"
            )

        player, latency = play(enhancer, chosen, show)
    click.echo(
        f"{player.frames / chosen.rate:.1f} s at {chosen.rate} Hz; latency "
        f"{1e3 * player.latency / chosen.rate:.1f} ms, with the devices {1e3 * latency:.1f} ms; a "
        f"block of {1e3 * chosen.block / chosen.rate:.1f} ms took {1e3 * player.lap(0.5):.2f} ms "
        f"(p99 {1e3 * player.lap(0.99):.2f} ms); {_runs(player)}"
    )


def _runs(player: Player) -> str:
    return f"{player.underruns} under-runs, {player.overruns} over-runs"
