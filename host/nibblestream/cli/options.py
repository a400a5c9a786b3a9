"""What options of several commands share."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..backends import BACKENDS
from ..files.atomic import target

FILE = click.Path(path_type=Path)
BACKEND = click.Choice(list(BACKENDS))
SPLIT = click.Choice(["train", "val", "test"])
MODEL_HELP = "Model file or bundled name: default, paper, default-float, paper-float."


class PerLayer(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """One value for all layers, or one for each, separated by commas."""

    name = "value[,value...]"

    def __init__(self, kind: Callable[[str], Any]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Turn "4,8" into (4, 8) and "4" into 4."""
        if not isinstance(value, str):
            return value
        try:
            values = tuple(self._kind(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not {self._kind.__name__} values separated by commas")
        return values if len(values) > 1 else values[0]


def model_target(output: Path) -> None:
    """Refuse, before the work, what no model is written to: another ending, a place that is not."""
    if output.suffix != ".npz":
        raise click.UsageError(f"{output}: cannot write '{output.suffix}' models; expected .npz")
    target(output)


def refuse_same(output: Path, source: Path) -> None:
    """Refuse to overwrite what is read."""
    if output.exists() and source.exists() and output.samefile(source):
        raise click.UsageError(f"{output} is the input itself; name another file to write")


def command_line() -> str:
    """Return what was called, as a shell takes it."""
    return shlex.join(["nibblestream", *sys.argv[1:]])


def refuse_drawing() -> None:
    """Refuse options that draw mixtures where there is nothing to draw."""
    context = click.get_current_context()
    for option in ("count", "seed", "snrs", "channel"):
        if context.get_parameter_source(option) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{option.rstrip('s')} draws mixtures; --mixtures and --pairs name theirs"
            )
