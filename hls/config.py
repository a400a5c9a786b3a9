"""Configure Vitis HLS for one kernel: ``python hls/config.py KERNEL BOARD BUILD``.

Writes ``BUILD/BOARD/KERNEL/hls.cfg``: sources, part, clock and flags. `v++` and `vitis-run` read
it, and build.tcl passes the same settings to the classic tool, so both build the same. The
generated header is in BUILD, the golden vectors are in BUILD/golden.
"""

from __future__ import annotations

from pathlib import Path

import click

from nibblestream.hardware import boards

HLS = Path(__file__).resolve().parent
CORES = {
    "cordic_vectoring": "vectoring_core",
    "lut_mac": "lut_mac_core",
    "cordic_rotation": "rotation_core",
}

# C++14 is the newest that AMD documents for Vitis HLS, whatever the release (UG1399). The IP is
# xilinx.com:hls:KERNEL:1.0 in Vivado's catalogue. `package.output.syn=false`: synthesis does not
# package the IP, as check_report.py checks the report first.
TEMPLATE = """\
part={part}

[hls]
clock={period:g}
flow_target=vivado
syn.top={kernel}
syn.file={hls}/kernels/{kernel}.cpp
syn.file={hls}/kernels/{core}.cpp
syn.cflags=-std=c++14 -I{hls}/kernels -I{build}/{board}
tb.file={hls}/tb/{kernel}_tb.cpp
tb.cflags=-std=c++14 -I{hls}/kernels -I{build}/{board}
csim.O=true
csim.argv={build}/{board}/golden/{kernel}.bin
cosim.O=true
cosim.argv={build}/{board}/golden/{kernel}.bin
package.output.format=ip_catalog
package.output.syn=false
package.ip.vendor=xilinx.com
package.ip.library=hls
package.ip.name={kernel}
package.ip.version=1.0
"""


def config(kernel: str, board: boards.Board, build: Path) -> str:
    """Return the text of hls.cfg; `build` must be absolute, as the tools run in another folder."""
    return TEMPLATE.format(
        part=board.part,
        period=1000 / board.clock_mhz,
        kernel=kernel,
        core=CORES[kernel],
        hls=HLS,
        build=build,
        board=board.name,
    )


@click.command()
@click.argument("kernel", type=click.Choice(list(CORES)))
@click.argument("board")
@click.argument("build", type=click.Path(file_okay=False, resolve_path=True, path_type=Path))
def main(kernel: str, board: str, build: Path) -> None:
    """Write BUILD/BOARD/KERNEL/hls.cfg, from which Vitis HLS builds KERNEL for BOARD.

    Example: python hls/config.py lut_mac Pynq-Z2 build/hls
    """
    try:
        text = config(kernel, boards.find(board), build)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    path = build / board / kernel / "hls.cfg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
