"""The settings that a sweep draws are settings a layer has, each that matters, none in vain."""

import optuna
import pytest

from networks import network
from nibblestream import quantize
from nibblestream.network.scheme import Scheme, partition_sizes
from nibblestream.studies.sweep.search import settle
from nibblestream.studies.sweep.space import (
    QUICK,
    SCHEMES,
    TOLD,
    Space,
    external_ratio,
    paper_settings,
    text,
)

pytestmark = pytest.mark.numeric


def study(seed: int = 0) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))


def drawn(space: Space, count: int) -> list[tuple[dict, dict]]:
    """Return settings, each with the parameters that were drawn for them."""
    asked = study()
    return [(space.suggest(trial), trial.params) for trial in (asked.ask() for _ in range(count))]


def layers(settings: dict) -> list[Scheme]:
    names = settings["scheme"]
    others = [key for key in settings if key != "scheme"]
    return [
        Scheme(name, **{key: settings[key][i] for key in others}) for i, name in enumerate(names)
    ]


def test_all_settings_are_schemes_and_all_schemes_occur() -> None:
    found = [scheme for settings, _ in drawn(Space(2, SCHEMES), 900) for scheme in layers(settings)]
    assert {(s.name, s.bits) for s in found} == {
        (name, bits)
        for name in SCHEMES
        for bits in (2, 3, 4, 8)
        if bits < 8 or name in ("u", "u-vbs")
    }
    split = [scheme for scheme in found if scheme.name in ("rs", "rs-vbs")]
    assert {s.m for s in split} == set(range(2, 9))
    assert min(s.p_start for s in split) < 0.002
    assert max(s.p_start for s in split) > 0.3
    assert {s.k for s in found if s.shifted} == {None, *range(11)}
    assert {s.k for s in found if not s.shifted} == {None}


def test_nothing_is_drawn_that_does_not_matter() -> None:
    for settings, params in drawn(Space(1, SCHEMES), 300):
        (scheme,) = layers(settings)
        expected = {"bits 0", "scheme 0 at 8" if scheme.bits == 8 else "scheme 0"}
        if scheme.name not in ("u", "u-vbs"):
            expected |= {f"m 0 at {scheme.bits}"}
        if scheme.name in ("rs", "rs-vbs"):
            expected |= {f"external 0 at {scheme.bits}", "below 0", "above 0"} - {"external 0 at 2"}
        if scheme.shifted:
            expected |= {"find k 0"} | ({"k 0"} if scheme.k is not None else set())
        assert set(params) == expected


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_a_ratio_gives_the_number_of_external_intervals(bits: int) -> None:
    for external in range(2, 2**bits, 2):
        sizes = partition_sizes(bits, external_ratio(bits, external))
        assert sizes == (external, 2**bits - external)


def test_restrictions_fix_what_they_name() -> None:
    for settings, params in drawn(Space(2, ("rs-vbs",), (4,)), 50):
        assert settings["scheme"] == ["rs-vbs"] * 2
        assert settings["bits"] == [4, 4]
        assert not any(name.startswith(("bits", "scheme")) for name in params)
    for settings, _ in drawn(Space(2, ("rs",), (4, 8)), 50):
        pairs = set(zip(settings["bits"], settings["scheme"], strict=True))
        assert pairs <= {(8, "u"), (4, "rs")}


def test_what_needs_recordings_or_seconds_is_not_tried_unasked() -> None:
    assert {"u", "u-vbs", "rs", "rs-vbs", "rs-vbs-asym"} == set(QUICK)
    assert set(SCHEMES) == {*QUICK, "kmeans"}


def test_the_first_trials_are_the_papers_choice() -> None:
    space = Space(2, QUICK, (2, 8))
    asked = study()
    for start in space.starts(16):
        asked.enqueue_trial(start)
    first = [space.suggest(asked.ask()) for _ in range(4)]
    assert first == [paper_settings(bits) for bits in ((2, 2), (8, 8), (2, 8), (8, 2))]
    assert len(Space(9).starts(16)) == 16


def test_settled_settings_make_the_same_codes() -> None:
    model, refused = network(hidden=(8,)), 0
    for settings, _ in drawn(Space(2), 60):
        try:
            settled, size = settle(model, settings)
        except ValueError:  # what the search is told at once: see there
            refused += 1
            continue
        before, after = quantize(model, **settings), quantize(model, **settled)
        for name, k, found in zip(settings["scheme"], settings["k"], settled["k"], strict=True):
            assert found == k if name not in TOLD else found is not None
        assert size == before.ideal_bytes
        for old, new in zip(before.layers, after.layers, strict=True):
            assert (old.codes == new.codes).all()
            assert (old.decoded == new.decoded).all()
        assert settle(model, settled) == (settled, size)
    assert refused < 15
    assert text({"b": [1], "a": [2]}) == text({"a": [2], "b": [1]})


def test_the_papers_own_choice() -> None:
    found = paper_settings((4, 8), (3, 2))
    assert found["scheme"] == ["rs-vbs", "u"]
    assert (found["k"], found["ratio"]) == ([3, 2], [1.0, 1.0])
    assert (found["p_start"], found["p_stop"]) == ([0.04] * 2, [0.96] * 2)


@pytest.mark.parametrize(("schemes", "bits"), [((), (4,)), (("v",), (4,)), (("u",), (5,))])
def test_what_cannot_be_chosen_from(schemes: tuple, bits: tuple) -> None:
    with pytest.raises(ValueError, match="expected some of"):
        Space(2, schemes, bits)
