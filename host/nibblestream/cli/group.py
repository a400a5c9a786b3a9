"""The group of all commands: their errors are one line."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import click

from ..warn import warn_in_one_line


class Commands(click.Group):
    """Commands whose errors are one line: exit status 1 if the work failed, 2 for wrong usage."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit."""
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
        """Run the command."""
        warn_in_one_line()
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            raise click.ClickException(
                f"{error.name} is not installed; this command needs an extra: "
                "pip install 'nibblestream[EXTRA]' with EXTRA train (for train, finetune), eval "
                "(evaluate, mix, reproduce), sweep, compare, onnx (import) or live"
            ) from error
        except BrokenPipeError:  # as by `| head`
            sys.exit(1)
        except (click.exceptions.Exit, click.Abort):  # click's own, and RuntimeErrors
            raise
        except (ValueError, TypeError, OSError, RuntimeError) as error:
            raise click.ClickException(" ".join(str(error).split())) from error
