"""Exploring geometries: nothing better is left out, the limits, and what the command writes."""

import json
from dataclasses import astuple, replace
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from nibblestream import FloatModel, QuantizedModel, quantize
from nibblestream.cli import main
from nibblestream.geometry import Geometry
from nibblestream.hardware import resources
from nibblestream.hardware.boards import BOARDS
from nibblestream.hardware.cycles import Block
from nibblestream.hardware.fabric import Resources
from nibblestream.hardware.traffic import layers_of, rows_of
from nibblestream.network.activation import LINEAR, RELU
from nibblestream.network.fit import block_of
from nibblestream.network.recurrent import RECURRENT
from plain_networks import plain_network

pytest.importorskip("rich")
from nibblestream.studies.explore import candidates as module
from nibblestream.studies.explore import front, report
from nibblestream.studies.explore.candidates import candidate, candidates
from nibblestream.studies.explore.dominance import undominated
from nibblestream.studies.explore.run import explore

Z2 = BOARDS["Pynq-Z2"]
FEW = {  # of Geometry's choices
    "lanes": (16, 32),
    "frame_lanes": (1, 4, 16),
    "bits": (18, 25),
    "depth": (128, 256, 512),
    "block": (4, 16, 32),
    "kept": (0, 512),
}
GRU = (7, 51, 17, 5), (LINEAR, RECURRENT, RELU)


@pytest.fixture(scope="module", autouse=True)
def few():
    """Explore few geometries, which takes less than a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHOICES", FEW)
        yield


@pytest.fixture(scope="module")
def mlp():
    return QuantizedModel.load("mlp")


@pytest.fixture(scope="module")
def found(mlp):
    return candidates(mlp, Z2)


def no_more(some, others):
    return all(a <= b for a, b in zip(some, others, strict=True))


def plain(rng, widths=(40, 30, 5), cells=(RELU, LINEAR)):
    return quantize(plain_network(rng, widths, cells))


# --- all candidates -------------------------------------------------------------------------------
def every(model, board):
    """All geometries of `FEW` that run and fit: speeds and resources, by the models themselves."""
    has, rows = astuple(Resources.of(board)), rows_of(model)
    for by_code, sizes in product((False, True), product(*FEW.values())):
        lanes, frames, bits, depth, block, kept = sizes
        if block < frames:
            continue
        geometry = Geometry(lanes, frames, by_code, bits, depth, block, kept)
        try:
            most = block_of(model, geometry)
        except ValueError:
            continue
        used, layers = astuple(resources.whole(geometry)), layers_of(model, geometry=geometry)
        if all(5 * a <= 4 * b for a, b in zip(used, has, strict=True)):
            clocks = Block(layers, most, rows).cycles / most
            yield geometry, (Block(layers, 1, rows).cycles, clocks, *used)


@pytest.mark.parametrize("shape", [((40, 30, 5), (RELU, LINEAR)), GRU])
def test_nothing_better_is_left_out_and_nothing_only_wastes(rng, shape):
    model = plain(rng, *shape)
    everything = dict(every(model, Z2))
    found = [each.geometry for each in candidates(model, Z2)]
    assert 4 < len(found) < len(everything)
    kept = [everything[geometry] for geometry in found]
    for costs in everything.values():
        assert any(no_more(other, costs) for other in kept)
    for costs, other in product(kept, kept):
        assert costs is other or not no_more(costs, other)


def test_a_candidate_by_hand(mlp):
    """The clocks of test_cycles: 18,704 beats of codes and 60 more, spectra of 1,032 bytes."""
    each = candidate(mlp, Geometry(), Z2)
    rest = 1 + 2 * (1 + 16) + 32 + 17 + 11 * 40
    assert each.live_clocks == 8 * 129 + 18_704 + 129 + rest
    assert each.clocks == (39 * 129 + 4 * 18_704 + 32 * 129 + rest) / 32
    assert each.latency_us == pytest.approx(each.live_clocks / 100)
    assert each.live_rate == pytest.approx(1e8 / each.live_clocks)
    assert each.rate == pytest.approx(1e8 / each.clocks)
    assert (each.block, each.live_bytes) == (32, 8 * 18_764 + 2064)
    assert each.bytes == 8 * 18_764 / 32 + 2064
    assert each.resources == resources.whole(Geometry())


def test_all_leave_the_share(mlp, found):
    for each in found:
        assert max(each.resources.shares(Z2)) <= 0.8
    assert any(max(each.resources.shares(Z2)) > 0.7 for each in found)
    fewer = {each.geometry for each in candidates(mlp, Z2, spare=0.3)}
    assert fewer == {each.geometry for each in found if max(each.resources.shares(Z2)) <= 0.7}


# --- the front ------------------------------------------------------------------------------------
COSTS = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=12)


@given(COSTS)
def test_dominance(costs):
    """By the definition, one by one; of equals the first."""

    def beaten(own):
        return any(no_more(other, own) for other in costs if other != own)

    first = [i for i, own in enumerate(costs) if costs.index(own) == i]
    assert undominated(costs) == [i for i in first if not beaten(costs[i])]


def test_the_front_and_what_is_shown_of_it(found):
    whole = front.front(found)
    shown = front.distinct(whole)
    costs = {each.geometry: front.costs(each) for each in found}
    own = [costs[each.geometry] for each in whole]
    for cost in costs.values():
        assert any(no_more(other, cost) for other in own)
    for cost, other in product(own, own):
        assert cost is other or not no_more(cost, other)
    assert len(front.CRITERIA) < len(shown) < len(whole) <= len(found)
    for each in own:
        limits = [1.05 * cost for cost in each]
        assert any(no_more(costs[other.geometry], limits) for other in shown)
    for i, (name, each) in enumerate(front.best(whole).items()):
        assert name == front.CRITERIA[i]
        assert each in shown
        assert costs[each.geometry][i] == min(cost[i] for cost in costs.values())


# --- limits ---------------------------------------------------------------------------------------
def test_limits(mlp):
    of = explore(mlp, Z2, target_latency=150, max_dsp=100)
    assert of.found
    for each in of.found:
        assert each.latency_us <= 150
        assert each.resources.dsps <= 100
    assert of.best.rate == max(each.rate for each in of.found)
    assert of.command == f"make overlay BOARD=Pynq-Z2 GEOMETRY={of.best.geometry}"


def test_what_cannot_be_had_is_refused_with_the_nearest(mlp, found):
    least = min(each.resources.dsps for each in found)
    fastest = min(found, key=lambda each: each.latency_us)
    nearest = rf"Pynq-Z2 has {least - 1} DSPs or fewer: the nearest, .*, has {least}$"
    with pytest.raises(ValueError, match=nearest):
        explore(mlp, Z2, max_dsp=least - 1)
    nearest = rf"1 us or less: the nearest, {fastest.geometry}, has {fastest.latency_us:.1f} us"
    with pytest.raises(ValueError, match=nearest):
        explore(mlp, Z2, target_latency=1)
    with pytest.raises(ValueError, match=r"leaves 20% of Pynq-Z2; the smallest, .* needs \d{3}%"):
        explore(mlp, replace(Z2, dsps=12))
    with pytest.raises(ValueError, match="quantize it first"):
        explore(FloatModel.load("mlp-float"), Z2)


def test_a_default_that_cannot_run_the_model_is_named(rng, capsys):
    small = replace(Z2, geometry=Geometry(kept=0))
    for board, shown in (
        (small, "The default, 16x8-kept0, cannot run plain."),
        (Z2, "(the default)"),
    ):
        report.show(explore(plain(rng, *GRU), board))
        assert shown in capsys.readouterr().out


# --- the command ----------------------------------------------------------------------------------
def call(*arguments):
    return CliRunner().invoke(main, ["explore", *map(str, arguments)])


def test_the_command(rng, tmp_path):
    """Rows rather than frames; the best of a column is marked; a JSON and a picture."""
    plain(rng).save(tmp_path / "mine.npz")
    files = "--json", tmp_path / "found.json", "-o", tmp_path / "front.png"
    boards = "--board", "Arty-Z7-10", "--board", "Pynq-Z2"
    done = call(tmp_path / "mine.npz", *boards, *files)
    assert done.exit_code == 0, done.output
    assert "frame" not in done.output
    assert max(map(len, done.output.splitlines())) <= 100
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads((tmp_path / "found.json").read_text())
    for board, name in zip(data["boards"], ("Arty-Z7-10", "Pynq-Z2"), strict=True):
        command = f"make overlay BOARD={name} GEOMETRY={board['best']}"
        assert f"most rows/s: {command}\n" in done.output
        assert board["command"] == command
        best = max(board["rows"], key=lambda row: row["rate"])
        assert (board["best"], best["front"]) == (best["geometry"], True)
        least = min(board["rows"], key=lambda row: row["dsps"])
        assert f" {least['dsps']}* " in done.output
        assert f"{best['rate']:,.0f}*" in done.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("mlp-float", "--board", "Pynq-Z2"), 1, "quantize it first"),
        (("mlp",), 2, "--board"),
        (("mlp", "--board", "Pynq-Z2", "-o", "front.txt"), 2, "front.txt: expected a picture"),
        (("mlp", "--board", "Pynq-Z2", "--json", "none/x.json"), 1, "there is no folder"),
        (("mlp", "--board", "Pynq-Z2", "--target-latency", 0), 2, "target-latency"),
        (("mlp", "--board", "Pynq-Z2", "--spare", 99), 1, "leaves 99% of Pynq-Z2"),
    ],
)
def test_the_command_refuses(arguments, status, message):
    done = call(*arguments)
    assert (done.exit_code, message in done.output) == (status, True), done.output
    if arguments[1:]:  # click lists the boards below one another
        assert len(done.output.splitlines()) == 1


def test_the_table_marks_the_best(found, capsys):
    of = report.Exploration("mlp", "frame", Z2, 0.2, found)
    report.show(of)
    lines = capsys.readouterr().out.splitlines()
    marked = [word for line in lines for word in line.split() if word.endswith("*") and word != "*"]
    best = front.best(found)
    assert sorted(marked) == sorted(
        (
            f"{best['DSPs'].resources.dsps}*",
            f"{best['LUTs'].resources.luts:,}*",
            f"{best['latency'].latency_us:,.1f}*",
            f"{best['rate'].rate:,.0f}*",
        )
    )
    assert [str(each.geometry) for each in of.front] == [
        line.split()[0] for line in lines if line.strip().startswith(("16x", "32x"))
    ]
