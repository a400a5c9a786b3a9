"""What the figures show: data as the paper's equations have it, and drawn as it is."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

import paper_equations as paper
from networks import network
from nibblestream.studies.reproduce import bars, fig1, fig2
from nibblestream.studies.reproduce.networks import Network, load

pytestmark = pytest.mark.numeric

SEEDS = (1, 2, 3)


def small(seed: int) -> list[Network]:
    """A network whose second layer has few and small weights, for the slow equations and VBS."""
    model = network(hidden=(2,), seed=seed)
    weights = (model.weights[0], model.weights[1] / 16)
    return [Network("small", replace(model, weights=weights))]


def second(found: list[dict]) -> list[dict]:
    return [row for row in found if row["layer"] == "second"]


@pytest.mark.parametrize("seed", SEEDS)
def test_fig1_draws_the_papers_intervals(seed: int) -> None:
    networks = small(seed)
    weights = [float(w) for w in networks[0].model.weights[1].ravel()]
    table = second(fig1.product(networks).tables["fig1-intervals"])
    expected = paper.equation_4(weights, 4, 1.0, 0.04)
    expected += paper.equation_5(weights, 4, 1.0, 0.04, 0.96)
    expected += paper.equation_4_upper(weights, 4, 1.0, 0.96)
    assert [row["lower"] for row in table] == pytest.approx(expected, abs=1e-15)
    assert [row["upper"] for row in table] == [row["lower"] for row in table[1:]] + [max(weights)]
    assert [row["partition"] for row in table] == (
        ["external"] * 4 + ["internal"] * 8 + ["external"] * 4
    )
    assert sum(row["weights"] for row in table) == len(weights)
    for row in table:
        assert row["phi_lower"] == float(paper.phi(weights, row["lower"]))


def test_fig1_draws_the_distribution() -> None:
    networks = small(1)
    weights = [float(w) for w in networks[0].model.weights[1].ravel()]
    curve = second(fig1.product(networks).tables["fig1-distribution"])
    points = [row["weight"] for row in curve]
    assert points == sorted(points)
    assert (points[0], points[-1]) == pytest.approx((min(weights), max(weights)), abs=1e-6)
    for before, row, after in zip(curve, curve[1:], curve[2:], strict=False):
        low, high = (float(paper.phi(weights, other["weight"])) for other in (before, after))
        assert low - 1e-6 <= row["phi"] <= high + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scheme", ["rs", "rs-vbs"])
def test_fig2_shows_the_papers_levels(seed: int, scheme: str) -> None:
    networks = small(seed)
    weights = [float(w) for w in networks[0].model.weights[1].ravel()]
    table = [
        row for row in second(fig2.product(networks).tables["fig2"]) if row["scheme"] == scheme
    ]
    k = table[0]["k"]
    _, levels, _ = paper.range_split(weights, 4, 8, k)
    assert (k > 0) == (scheme == "rs-vbs")
    assert [Fraction(row["level"]) for row in table] == levels
    for row in table:
        shift = k if row["partition"] == "internal" else 0
        assert row["resolution"] == 2.0 ** -(7 + shift)
        assert (row["shared"] == "true") == (levels.count(Fraction(row["level"])) > 1)


def test_fig2_tells_that_the_papers_condition_fails_and_shift_mends_it() -> None:
    """Delta_i < delta_i in the first layer of `paper`, and delta_i^(m+k) < Delta_i."""
    product = fig2.product(load(["paper-float"]))
    table = [row for row in product.tables["fig2"] if row["layer"] == "first"]
    for scheme, fails, shared in (("rs", True, 8), ("rs-vbs", False, 4)):
        found = [row for row in table if row["scheme"] == scheme]
        inside = [row for row in found if row["partition"] == "internal"]
        assert all((row["width"] < row["resolution"]) == fails for row in inside)
        assert sum(row["shared"] == "true" for row in found) == shared
    assert "the 16 codes give 12 different levels" in product.caption
    assert "k = 5" in product.caption
    assert "and 14 are different" in product.caption


def made_up(name: str, mix: float, gains: list[float]) -> list[dict]:
    """Rows of a figure of bars: 2 groups of 4 schemes, no quantization, Mix."""
    printed = {0: -0.21, 3: 0.01}
    found = []
    for i, gain in enumerate(gains):
        bar = i < 8
        found.append(
            {
                "network": name,
                "group": f"group {i // 4}" if bar else None,
                "scheme": ["U", "U-VBS", "RS", "RS-VBS"][i % 4] if bar else None,
                "stoi": mix + gain,
                "gain": gain,
                "gain_low": gain - 0.01,
                "gain_high": gain + 0.02,
                "paper_gain": printed.get(i),
            }
        )
    return [*found, {"network": name, "group": None, "scheme": None, "stoi": mix}]


def test_bars_stand_on_the_mixture_and_intervals_are_drawn() -> None:
    gains = [-0.1, -0.02, 0.0, 0.01, 0.02, 0.03, 0.035, 0.04, 0.05]
    figure = bars.draw(made_up("one", 0.75, gains) + made_up("two", 0.75, gains[::-1]))
    for axes, expected in zip(figure.axes, (gains[:-1], gains[:0:-1]), strict=True):
        drawn = [bar for bar in axes.patches if bar.get_width() == pytest.approx(0.8)]
        assert [bar.get_y() for bar in drawn] == [0.75] * 8
        assert [bar.get_height() for bar in drawn] == pytest.approx(expected)
        assert [text.get_text() for text in axes.get_xticklabels(minor=True)] == [
            f"{0.75 + gain:.3f}" for gain in expected
        ]
        errors = [part for part in axes.containers if hasattr(part, "has_yerr")]
        ends = [part.lines[2][0].get_segments()[0][:, 1] for part in errors]
        for (low, high), gain in zip(ends, expected, strict=True):
            assert (low, high) == pytest.approx((0.74 + gain, 0.77 + gain))
        diamonds = next(line for line in axes.lines if line.get_label() == bars.PAPER)
        assert diamonds.get_ydata() == pytest.approx([0.54, 0.76])


def test_no_text_on_an_axis_overlaps() -> None:
    networks = load(["paper-float", "mlp-float"])
    gains = [-0.1, -0.02, 0.0, 0.01, 0.02, 0.03, 0.035, 0.04, 0.05]
    figures = [product.figure for product in (fig1.product(networks), fig2.product(networks))]
    figures.append(bars.draw(made_up("one", 0.75, gains) + made_up("two", 0.75, gains)))
    for figure in figures:
        figure.draw_without_rendering()
        for axes in figure.axes:
            labels = [*axes.get_xticklabels(), *axes.get_xticklabels(minor=True)]
            boxes = [label.get_window_extent() for label in labels if label.get_text()]
            inside = [box for box in boxes if box.x0 >= 0 and box.x1 <= figure.bbox.width]
            assert not any(one.overlaps(other) for one, other in combinations(inside, 2))
            ticks = axes.get_xticks()
            assert len(ticks) >= 2 or not axes.get_xticklabels()
            assert np.isfinite(ticks).all()
