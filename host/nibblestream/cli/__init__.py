"""The command line: each command reads its options, calls the library, and prints."""

from __future__ import annotations

import click

from .. import __version__
from .group import Commands


@click.group(
    cls=Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__)
def main() -> None:
    """Run neural networks from 4-bit codes: any network, and one for speech enhancement."""
