"""The group of all commands: lazy imports and one-line errors."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

import click

from ..console import warn_in_one_line

EXTRAS = {  # command: the extra that installs its optional dependencies
    "enhance": "",
    "predict": "",
    "live": "live",
    "train": "train",
    "import": "onnx",
    "quantize": "",
    "finetune": "train",
    "mix": "eval",
    "evaluate": "eval",
    "reproduce": "eval",
    "sweep": "sweep",
    "compare": "compare",
    "tasks": "tasks",
    "bench": "eval",
    "info": "",
    "explore": "eval",
}


class Commands(click.Group):
    """Commands with one-line errors; exit status 1 for a failure, 2 for wrong usage."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of `--help`."""
        return list(EXTRAS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command: `import` from `cli.import_`, others from the module of their name."""
        if name not in EXTRAS:
            return None
        module = name + "_" * iskeyword(name)
        command: click.Command = getattr(import_module(f".{module}", __package__), module)
        return command

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit; on SIGTERM and SIGHUP, remove temporary files first."""
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _exit)
        try:
            status = super().main(*args, **{**extra, "standalone_mode": False})
        except click.ClickException as error:
            usage = isinstance(error, click.UsageError) and error.ctx
            hint = f" (see {usage.command_path} --help)" if usage else ""
            click.echo(f"Error: {error.format_message()}{hint}", err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo("Aborted", err=True)
            sys.exit(1)
        sys.exit(status or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn its expected errors into `ClickException`."""
        warn_in_one_line()
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            command = ctx.invoked_subcommand or "this command"
            extra = EXTRAS.get(command)
            package = f"'nibblestream[{extra}]'" if extra else error.name
            raise click.ClickException(
                f"{error.name} is not installed, and {command} needs it: pip install {package}"
            ) from error
        except BrokenPipeError:  # for example by `| head`
            sys.exit(1)
        except (click.exceptions.Exit, click.Abort):  # click's own, subclasses of RuntimeError
            raise
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            raise click.ClickException(" ".join(str(error).split())) from error


def _exit(number: int, frame: Any) -> NoReturn:
    sys.exit(128 + number)
