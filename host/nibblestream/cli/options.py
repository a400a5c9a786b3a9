"""Option types and checks shared by several commands."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..backends import BACKENDS
from ..files.atomic import target
from ..geometry import Geometry
from ..network.model_file import BUNDLED
from ..speech.band import BANDS

FILE = click.Path(path_type=Path)
BACKEND = click.Choice(list(BACKENDS))
BAND = click.Choice(list(BANDS))
BAND_HELP = "Above 8 kHz: the full band, or the network's own, up to 4 kHz."
SPLIT = click.Choice(["train", "val", "test"])
MODEL_HELP = f"Model file or bundled name: {', '.join(BUNDLED)}."


class PerLayer(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """One value for all layers, or one for each, separated by commas."""

    name = "value[,value...]"

    def __init__(self, kind: Callable[[str], Any]) -> None:
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert "4,8" to (4, 8) and "4" to 4."""
        if not isinstance(value, str):
            return value
        try:
            values = tuple(self._kind(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not {self._kind.__name__} values separated by commas")
        return values if len(values) > 1 else values[0]


class GeometryText(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """Geometry of the kernels, such as 16x8."""

    name = "geometry"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the text."""
        try:
            return Geometry.parse(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error))


GEOMETRY = GeometryText()
GEOMETRY_HELP = "Of the kernels; default 16x8 for csim, else that of the board."


def model_target(output: Path) -> None:
    """Check, before the work, that a model can be written to `output` and that it is an .npz."""
    if output.suffix != ".npz":
        raise click.UsageError(f"{output}: cannot write '{output.suffix}' models; expected .npz")
    target(output)


def refuse_same(output: Path, source: Path) -> None:
    """Refuse to overwrite the input file."""
    if output.exists() and source.exists() and output.samefile(source):
        raise click.UsageError(f"{output} is the input itself; name another file to write")


@contextmanager
def naming(source: str) -> Iterator[None]:
    """Name a source in errors about its content."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"{source}: {error}") from error


def command_line() -> str:
    """Return the command line, quoted for a shell."""
    return shlex.join(["nibblestream", *sys.argv[1:]])


def refuse_drawing() -> None:
    """Refuse the options for drawing mixtures if the clips are given as a list."""
    context = click.get_current_context()
    for option in ("count", "seed", "snrs", "channel"):
        if context.get_parameter_source(option) == click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{option.rstrip('s')} draws mixtures; it does not apply to --mixtures, --pairs"
            )
