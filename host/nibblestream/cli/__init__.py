"""The command line: each command reads its options, calls the library, and prints."""

from __future__ import annotations

import click

from .. import __version__
from .bench import bench
from .compare import compare
from .enhance import enhance
from .evaluate import evaluate
from .finetune import finetune
from .group import Commands
from .import_ import import_
from .info import info
from .live import live
from .mix import mix
from .quantize import quantize
from .reproduce import reproduce
from .sweep import sweep
from .train import train


@click.group(
    cls=Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__)
def main() -> None:
    """Speech enhancement by a neural network that runs from 4-bit codes."""


for command in (
    enhance,
    live,
    train,
    import_,
    quantize,
    finetune,
    mix,
    evaluate,
    reproduce,
    sweep,
    compare,
    bench,
    info,
):
    main.add_command(command)
