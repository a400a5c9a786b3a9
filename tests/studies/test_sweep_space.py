"""The settings that a sweep draws are settings a layer has, each that matters, none in vain."""

import optuna
import pytest

from networks import network
from nibblestream import quantize
from nibblestream.network.scheme import Scheme, partition_sizes
from nibblestream.studies.sweep.settle import settle
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


def test_all_trials_draw_the_same_parameters_and_settings_leave_out_what_does_not_matter() -> None:
    names = {"bits 0", "scheme 0", "m 0", "external 0", "below 0", "above 0", "find k 0", "k 0"}
    for settings, params in drawn(Space(1, SCHEMES), 300):
        assert set(params) == names
        (scheme,) = layers(settings)
        plain = {"ratio": 1.0, "p_start": 0.04, "p_stop": 0.96}
        if scheme.name not in ("rs", "rs-vbs"):
            assert {name: getattr(scheme, name) for name in plain} == plain
        if scheme.name in ("u", "u-vbs"):
            assert scheme.m == 8
        assert scheme.k == (params["k 0"] if scheme.shifted and not params["find k 0"] else None)


def test_what_no_scheme_has_is_not_drawn() -> None:
    for schemes, bits, names in (
        (("u",), (4,), set()),
        (("u",), (4, 8), {"bits 0"}),
        (("kmeans",), (8,), set()),
        (("kmeans",), (2, 4), {"bits 0", "m 0", "find k 0", "k 0"}),
        (("rs-vbs-asym", "u"), (3,), {"scheme 0", "m 0", "find k 0", "k 0"}),
    ):
        for _, params in drawn(Space(1, schemes, bits), 5):
            assert set(params) == names


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_a_ratio_gives_the_number_of_external_intervals(bits: int) -> None:
    for external in range(2, 2**bits, 2):
        sizes = partition_sizes(bits, external_ratio(bits, external))
        assert sizes == (external, 2**bits - external)


def test_restrictions_fix_what_they_name() -> None:
    externals = set()
    for settings, params in drawn(Space(2, ("rs-vbs",), (4,)), 80):
        assert settings["scheme"] == ["rs-vbs"] * 2
        assert settings["bits"] == [4, 4]
        assert not any(name.startswith(("bits", "scheme")) for name in params)
        externals |= {partition_sizes(4, ratio)[0] for ratio in settings["ratio"]}
    assert externals == {2, 4, 6, 8, 10, 12, 14}
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
            settled = settle(model, settings)
        except ValueError:  # what a worker returns as the reason to refuse them
            refused += 1
            continue
        before, after = quantize(model, **settings), quantize(model, **settled.settings)
        ks = zip(settings["scheme"], settings["k"], settled.settings["k"], strict=True)
        for name, k, found in ks:
            assert found == k if name not in TOLD else found is not None
        assert settled.bytes == before.ideal_bytes
        for old, new in zip(before.layers, after.layers, strict=True):
            assert (old.codes == new.codes).all()
            assert (old.decoded == new.decoded).all()
        assert settle(model, settled.settings) == settled
    assert refused < 15


def test_digests_tell_outputs_apart() -> None:
    """The same weights have the same digest, however their settings describe them."""
    model, paper = network(hidden=(8,)), paper_settings((4, 4))
    found = settle(model, paper)
    k = found.settings["k"]
    assert settle(model, paper | {"k": k}).digest == found.digest
    assert settle(model, paper | {"k": [k[0] - 1, k[1]]}).digest != found.digest
    uniform = paper | {"scheme": ["u", "u"]}
    unshifted = paper | {"scheme": ["u-vbs", "u-vbs"], "k": [0, 0]}
    assert settle(model, uniform).digest == settle(model, unshifted).digest != found.digest


def test_equal_settings_have_equal_texts() -> None:
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
