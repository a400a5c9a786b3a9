"""A Tcl interpreter with commands in Python, which know the script's line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from design import DesignError, ValidationError, require

try:
    import tkinter
except ImportError as error:  # pragma: no cover
    raise SystemExit(
        "the check of the block design runs Tcl, but this Python has no tkinter: install it "
        "(Debian and Ubuntu: apt-get install python3-tk)"
    ) from error

# The place of a command is its line in the script. For a command in a procedure of the script, it
# is the line that calls the procedure, which says more.
PRELUDE = """
proc place {} {
    for {set level [info frame]} {$level > 0} {incr level -1} {
        set frame [info frame $level]
        if {[dict get $frame type] eq "source" && ![dict exists $frame proc]} {
            return [file tail [dict get $frame file]]:[dict get $frame line]
        }
    }
    return ?
}
proc ask {name words} {
    lassign [vendor $name [place] $words] refused answer
    if {$refused} { return -code error -level 2 $answer }
    return $answer
}
proc unknown {name args} { ask $name $args }
proc puts args {}
"""

Answer = str | tuple[str, ...] | None
Command = Callable[..., Answer]


@dataclass(frozen=True)
class Signature:
    """A command's options, with a colon if they take a value, and its number of arguments."""

    options: str = ""
    least: int = 0
    most: int = 0

    def parse(self, words: list[str]) -> tuple[dict[str, str], list[str]]:
        """Return the options and the arguments in a command's words."""
        known = {option.rstrip(":"): option.endswith(":") for option in self.options.split()}
        options: dict[str, str] = {}
        arguments: list[str] = []
        while words:
            word = words.pop(0)
            if not word.startswith("-"):
                arguments.append(word)
                continue
            require(word in known, f"unknown option {word}")
            require(not known[word] or words, f"{word} lacks its value")
            options[word] = words.pop(0) if known[word] else ""
        fits = self.least <= len(arguments) <= self.most
        require(fits, f"{len(arguments)} arguments; expected {self.least} to {self.most}")
        return options, arguments


class Interpreter:
    """A Tcl interpreter; `place` is the place of the running command."""

    def __init__(self, commands: dict[str, tuple[Signature, Command]]) -> None:
        self.commands = commands
        self.place = "?"
        self.errors: list[str] = []
        self.tcl = tkinter.Tcl()
        self.tcl.createcommand("vendor", self._vendor)
        self.tcl.eval(PRELUDE)
        for name in commands:
            self.tcl.eval(f"proc {name} args {{ ask {name} $args }}")

    def run(self, script: Path, *argv: str) -> None:
        """Run a script; errors of its commands and of the script itself are added to `errors`."""
        self.tcl.call("set", "argv", argv)
        try:
            self.tcl.call("source", str(script))
        except tkinter.TclError as error:
            if not self.errors:
                self.errors.append(f"{self._where()}: {error}")

    def words(self, text: str) -> list[str]:
        """Return the elements of a Tcl list."""
        return [str(word) for word in self.tcl.splitlist(text)]

    def _vendor(self, name: str, place: str, words: str) -> tuple[int, Answer]:
        self.place = place
        try:
            require(name in self.commands, f"unknown command {name}")
            signature, command = self.commands[name]
            options, arguments = signature.parse(self.words(words))
            answer = command(options, *arguments)
        except (DesignError, ValueError) as error:
            here = (f"{place}: {name}: {error}",)
            messages = error.args if isinstance(error, ValidationError) else here
            self.errors.extend(str(each) for each in messages)
            return 1, self.errors[-1]
        return 0, "" if answer is None else answer

    def _where(self) -> str:
        """Return the place of the error according to Tcl."""
        info = str(self.tcl.eval("set ::errorInfo"))
        lines = [line.strip(' ()"') for line in info.splitlines()]
        return next((line for line in lines if line.startswith("file ")), "?")
