"""Entry point of ``python -m nibblestream``."""

from .cli import main

main(prog_name="nibblestream")
