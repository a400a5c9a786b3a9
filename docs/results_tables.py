"""The Markdown tables of docs/results.md, each from one file of docs/results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Json = dict[str, Any]

INDENT, WIDTH = " " * 4, 88  # of blocks of code


# --- cells ---------------------------------------------------------------------------------------
def table(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a Markdown table whose first `left` columns are text and whose others are numbers."""
    rule = ["---"] * left + ["--:"] * (len(titles) - left)
    return "\n".join(f"| {' | '.join(line)} |" for line in (titles, rule, *rows))


def command(line: str) -> str:
    """Return a command as a block of code, an option that would be too wide on a new line."""
    lines = [INDENT + line.split(" --")[0]]
    for option in line.split(" --")[1:]:
        if len(lines[-1]) + len(option) + len(" -- \\") > WIDTH:
            lines[-1] += " \\"
            lines.append(f"{2 * INDENT}--{option}")
        else:
            lines[-1] += f" --{option}"
    return "\n".join(lines)


def about(interval: Sequence[float] | None, decimals: int = 3, sign: str = "") -> str:
    """Write a mean and half the width of its interval."""
    if interval is None:
        return ""
    mean, low, high = interval
    return f"{_zero(mean, decimals, sign)} ± {(high - low) / 2:.{decimals}f}"


def between(interval: Sequence[float] | None, decimals: int) -> str:
    """Write a mean and its interval."""
    if interval is None:
        return ""
    mean, low, high = (_zero(value, decimals) for value in interval)
    return f"{mean} [{low}, {high}]"


def number(value: float | None, decimals: int = 0) -> str:
    """Write a number, its thousands separated; nothing for none."""
    return "" if value is None else f"{value:,.{decimals}f}"


def percent(share: float, decimals: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{decimals}f}%"


def _zero(value: float, decimals: int, sign: str = "") -> str:
    """Write a number; one that rounds to zero has no minus."""
    return f"{round(value, decimals) + 0.0:{sign}.{decimals}f}"


# --- tables --------------------------------------------------------------------------------------
def table3(found: Json, network: str) -> str:
    """Return Table 3 of a network, the paper's own beside it."""
    titles = ("quantization", "STOI", "STOI lost", "lost, %", "bytes", "saved")
    rows = []
    for row in (row for row in found["rows"] if row["network"] == network):
        lost, of = row["loss"], row["paper_loss_percent"]
        cells = [
            row["quantization"],
            about(row["stoi"]),
            about(lost),
            about(row["loss_percent"], 1),
        ]
        cells += [number(row["bytes"]), f"{row['saved_percent']:.1f}%" if row["bytes"] else ""]
        cells.append(number(row["paper_stoi"], 2))
        rows.append([*cells, "" if of is None else f"{row['paper_loss']:.3f} ({of:g}%)"])
    return table((*titles, "paper's STOI", "paper's loss"), rows)


def compare(found: Json, bits: int) -> str:
    """Return the comparison of quantizers at one width, after the noisy input and the floats."""
    titles = ("method", "calibrated", "STOI", "STOI lost, %", "SI-SDR, dB", "output error")
    rows = []
    for row in found["rows"]:
        if row["bits"] not in (None, bits):
            continue
        cells = [row["method"], "yes" if row["calibrated"] else ""]
        if row["failed"]:
            rows.append([*cells, row["failed"], "", "", "", "", ""])
            continue
        cells += [number(row["stoi"][0], 4), between(row["loss_percent"], 2)]
        cells.append(number(row["si_sdr"][0], 2))
        size = f"{row['codes']:,} + {row['extra']:,}" if row["bits"] else ""
        rows.append([*cells, about(row["error"], 4), size, row["fits"]])
    return table((*titles, "bytes of codes + rest", "fits"), rows)


def sweep(found: Json) -> str:
    """Return what a search found, beside the paper's choice."""
    rows = [
        [row["label"], number(row["bytes"] or None), number(row["stoi"][0], 4)]
        + [between(row.get(key), 4) for key in ("loss", "gain")]
        for row in found["rows"]
    ]
    return table(("", "bytes", "STOI", "STOI lost", "gain over the paper's choice"), rows)


def overhead(found: Json) -> str:
    """Return the milliseconds of scheduling per trial, as the search goes on."""
    rows = [
        [str(row["workers"]), number(row["killed_at"]), *(number(of, 1) for of in row["cpu_ms"])]
        for row in found["rows"]
    ]
    step = found["trials"] // len(found["rows"][0]["cpu_ms"])
    ends = range(step, found["trials"] + 1, step)
    return table(("workers", "killed after", *(f"to {end:,}" for end in ends)), rows)


def channels(found: Json) -> str:
    """Return the scores of all models, channel by channel."""
    rows = []
    for group in found["models"]["noisy"]:
        for model, groups in found["models"].items():
            of = groups[group]
            cells = [group.removeprefix("channel="), model, str(of["n"])]
            cells += [number(of["stoi"][0], 3), about(of.get("d_stoi"), 3, "+")]
            cells.append(about(of.get("loss_stoi_percent"), 1))
            cells.append(number(of["si_sdr"][0], 1) if "si_sdr" in of else "")
            rows.append([*cells, about(of.get("d_si_sdr"), 1, "+")])
    scores = ("STOI", "gain", "lost, %", "SI-SDR, dB", "gain, dB")
    return table(("channel", "model", "clips", *scores), rows, left=2)


def clean(found: Json) -> str:
    """Return the scores on clean speech."""
    of = {model: groups["all"] for model, groups in found["models"].items()}
    rows = [
        [
            model,
            number(f["stoi"][0], 3),
            about(f.get("d_stoi")),
            about(f.get("loss_stoi_percent"), 2),
        ]
        for model, f in of.items()
    ]
    return table(("model", "STOI", "gain", "lost, %"), rows)


def costs(found: Json) -> str:
    """Return what each model and each peer costs to store and to run."""
    rows = []
    for model, cost in found["costs"].items():
        macs, latency = cost["macs_per_second"], cost["latency"]
        millions = "" if macs is None else number(macs / 1e6)
        wait = "whole file" if latency is None else f"{1e3 * latency:g}"
        rows.append([model, number(cost["weight_bytes"]), millions, wait])
    titles = ("model", "bytes of weights", "million multiplications/s", "latency, ms")
    return table(titles, rows)


def peers(found: Json) -> str:
    """Return the scores of models and peers."""
    rows = []
    for model, groups in found["models"].items():
        of, cells = groups["all"], [model]
        for metric, decimals in (("stoi", 3), ("si_sdr", 1), ("pesq", 2)):
            cells += [number(of[metric][0], decimals), about(of.get(f"d_{metric}"), decimals, "+")]
        rows.append(cells)
    return table(("model", "STOI", "gain", "SI-SDR, dB", "gain, dB", "PESQ", "gain"), rows)


def memories(found: Json) -> str:
    """Return what each kind of memory gave."""
    rows = [
        [row["kind"].upper(), number(row["weights"]), f"{row['stoi_gain']:+.3f}"]
        for row in found["rows"]
    ]
    return table(("layers", "weights", "STOI"), rows)


def emulation(found: Json) -> str:
    """Return the times of the emulation, the compiled kernels and PyTorch."""
    rows = [
        [model, side, number(1e3 * s, 1), number(s / found["audio_seconds"], 4)]
        + [number(s / of[peer], 2) for peer in (list(of)[-1], "emu")]
        for model, of in found["seconds"].items()
        for side, s in of.items()
    ]
    titles = ("model", "side", "ms", "real-time factor", "to PyTorch", "to `emu`")
    return table(titles, rows, left=2)


def emulated_hops(found: Json) -> str:
    """Return the latency of a hop of live audio on the emulation."""
    rows = ([model, *(number(ms, 3) for ms in of.values())] for model, of in found["hops"].items())
    return table(("model", "p50, ms", "p99, ms"), rows)


def bench(found: Json, backend: str) -> str:
    """Return the rows of a backend."""
    columns = {
        "frames_per_second": ("frames/s", 0, 1),
        "times_real_time": ("times real time", 1, 1),
        "latency_p50": ("block p50, ms", 3, 1),
        "latency_p99": ("block p99, ms", 3, 1),
        "weight_bytes_per_frame": ("weight bytes/frame", 0, 1),
        "ddr_traffic": ("DDR, MB/s", 1, 1),
        "python_share": ("Python, %", 1, 100),
        "dma_share": ("DMA, %", 1, 100),
        "kernel_share": ("kernels, %", 1, 100),
    }
    rows = [row for row in found["rows"] if row["backend"] == backend]
    shown = {key: of for key, of in columns.items() if key in rows[0]["figures"]}
    if all(row["figures"]["latency_p50"] == row["figures"]["latency_p99"] for row in rows):
        del shown["latency_p99"]  # a model's blocks all take the same time
    return table(
        ("bits", "frames per block", *(title for title, _, _ in shown.values())),
        (
            [_bits(row), str(row["block"])]
            + [number(factor * row["figures"][k][0], d) for k, (_, d, factor) in shown.items()]
            for row in rows
        ),
    )


def hops(found: Json) -> str:
    """Return the latency of a hop of live audio."""
    rows = [
        [row["backend"], _bits(row), *(number(row["figures"][key][0], 3) for key in keys)]
        for keys in [("hop_latency_p50", "hop_latency_p99")]
        for row in found["rows"]
        if keys[0] in row["figures"]
    ]
    return table(("backend", "bits", "p50, ms", "p99, ms"), rows, left=2)


def _bits(row: Json) -> str:
    bits = [str(bits) for bits in row["bits"]]
    kinds = ",".join(bits if len(set(bits)) > 1 else bits[:1])
    return "float32" if kinds == "32" else kinds


def clocks(found: Json) -> str:
    """Return the modelled clocks and traffic on a board."""
    blocks = found["blocks"]
    rows = [["clocks per frame", *(number(b["clocks"] / b["frames"]) for b in blocks)]]
    for key, title, decimals in (
        ("beats", "beats of the code stream", 0),
        ("clocks", "clocks per block", 0),
        ("frames_per_second", "frames per second", 0),
        ("times_real_time", "times real time", 1),
        ("code_mb_per_second", "codes, MB/s", 1),
        ("spectra_mb_per_second", "spectra, MB/s", 1),
        ("code_mb_per_second_real_time", "codes in real time, MB/s", 1),
    ):
        rows.append([title, *(number(block[key], decimals) for block in blocks)])
    rows.append(["bound by", *(block["bound"] for block in blocks)])
    heads = (f"{b['codes']}, block of {b['frames']}" for b in blocks)
    return table(("", *heads), rows)


def explore(found: Json) -> str:
    """Return the default and the best geometries of each board."""
    titles = ("board", "", "geometry", "clocks a frame", "frames/s", "latency, us")
    rows = [
        [row["board"], row["why"], f"`{row['geometry']}`"]
        + [number(row["clocks"]), number(row["rate"]), number(row["latency_us"], 1)]
        + [number(row[key]) for key in ("dsps", "bram18", "luts")]
        for row in found["rows"]
    ]
    return table((*titles, "DSP", "BRAM18", "LUT"), rows, left=3)


def resources(found: Json) -> str:
    """Return the modelled resources of the kernels."""
    rows = [[name, *map(number, counts)] for name, counts in found["resources"].items()]
    used, has = list(found["resources"].values())[-2:]
    rows.append(["share", *(percent(u / h) for u, h in zip(used, has, strict=True))])
    return table(("", "DSP", "BRAM18", "LUT", "FF"), rows)
