"""A fleet of boards: a Dask worker on each, whose Enhancer drives it; scores as the emulation's."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from client import BOARDS

from dask_processes import Processes, processes

LACKING = [name for name in ("distributed", "pystoi", "threadpoolctl") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"a fleet needs nibblestream[sweep]: no {', '.join(LACKING)} here"
)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Processes]:
    """Two workers, each on a board of another kind."""
    (tmp_path / "dask").mkdir()
    with processes(tmp_path / "dask") as started:
        for board in BOARDS[:2]:
            started.worker(BOARD=board)
        started.wait_for(2)
        yield started


def test_boards_score_as_the_emulation_does(fleet: Processes, tmp_path: Path) -> None:
    from nibblestream.evaluate.cluster import cluster
    from nibblestream.evaluate.score import Scorer, System
    from nibblestream.evaluate.score_table import ScoreTable
    from nibblestream.evaluate.workers import local
    from nibblestream.studies.sweep.space import paper_settings, text
    from sweep_material import clips, small

    model, (material, _) = small(), clips(tmp_path, 4)
    systems = {
        str(bits): System(model.digest, text(paper_settings(bits))) for bits in ((4, 4), (4, 8))
    }
    found = {}
    for backend, workers in (("emu", local(1)), ("virtual", cluster(fleet.address))):
        with workers(Scorer(material, {model.digest: model})) as work:
            table = ScoreTable(material, ("stoi",), backend)
            found[backend] = table.fill(work, systems, chunk=1)
    assert found["virtual"] == found["emu"]
    assert all(0 < clip.scores[label]["stoi"] < 1 for clip in found["emu"] for label in systems)
