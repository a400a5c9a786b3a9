"""The handoff that the block-design check writes: what pynq reads in it, and that it runs."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pynqutils.setup_utils
import pytest
from client import BOARDS as DRIVEN
from client import Client
from pynqmetadata.frontends import Metadata

from block_design import OVERLAYS, check
from networks import random_model, random_spectrum
from nibblestream import spec
from nibblestream.backends import virtual
from nibblestream.hardware.boards import BOARDS
from nibblestream.speech.pipeline import Pipeline

try:
    from pynqmetadata.views.runtime import RuntimeMetadataParser
except ImportError:  # pynq 3
    from pynq.metadata.runtime_metadata_parser import RuntimeMetadataParser


@pytest.fixture(scope="module", params=BOARDS)
def handoff(request, tmp_path_factory):
    build = tmp_path_factory.mktemp(request.param)
    assert check(request.param, build) == []
    return BOARDS[request.param], build / "overlays" / request.param / "nibblestream.hwh"


@pytest.fixture(scope="module")
def parsed(handoff):
    board, path = handoff
    return board, RuntimeMetadataParser(Metadata(input=str(path)))


def test_pynq_finds_the_cells_of_spec(parsed):
    board, parser = parsed
    cells = {name: cell for name, cell in spec.CELLS.items() if name != "dma_codes_high"}
    assert set(parser.ip_dict) == {*cells, "ps"}
    for name, cell in cells.items():
        entry = parser.ip_dict[name]
        assert entry["type"] == cell.vlnv
        assert entry["phys_addr"] == spec.CONTROL_BASE[board.family] + cell.offset
        assert entry["addr_range"] == spec.CONTROL_RANGE
    assert parser.ps_name == "ps"
    assert parser.mem_dict == {}


@pytest.mark.parametrize("kernel", ["cordic_vectoring", "cordic_rotation"])
def test_pynq_finds_the_registers_of_the_small_kernels(parsed, kernel):
    registers = parsed[1].ip_dict[kernel]["registers"]
    offsets = {name: register["address_offset"] for name, register in registers.items()}
    assert offsets == {
        "CTRL": 0x00, "GIER": 0x04, "IP_IER": 0x08, "IP_ISR": 0x0C, "frames": 0x10,
        "raw": 0x18, "digest": 0x20, "digest_ctrl": 0x24, "identity": 0x30, "identity_ctrl": 0x34,
    }  # fmt: skip
    fields = registers["CTRL"]["fields"]
    assert {name: field["bit_offset"] for name, field in fields.items()} == {
        "AP_START": 0, "AP_DONE": 1, "AP_IDLE": 2, "AP_READY": 3, "AUTO_RESTART": 7, "INTERRUPT": 9,
    }  # fmt: skip
    assert registers["frames"]["access"] == "read-write"
    assert registers["digest"]["access"] == "read-only"


def test_pynq_finds_what_its_dma_driver_asks_for(parsed):
    found = parsed[1].ip_dict["dma_spectra"]["parameters"]
    wanted = {
        "c_include_sg": "0", "c_micro_dma": "0", "c_sg_length_width": str(spec.DMA_LENGTH_BITS),
        "c_include_mm2s": "1", "c_include_mm2s_dre": "0", "c_m_axi_mm2s_data_width": "64",
        "c_include_s2mm": "1", "c_include_s2mm_dre": "0", "c_m_axi_s2mm_data_width": "64",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert parsed[1].ip_dict["dma_codes"]["parameters"]["c_include_s2mm"] == "0"


def test_pynq_finds_one_clock_that_the_board_can_run_at(parsed):
    board, parser = parsed
    clocks = parser.clock_dict
    assert [clocks[n]["enable"] for n in range(4)] == [1, 0, 0, 0]
    source = 1000.0 if board.family == "zynq" else 1499.985
    mhz = source / clocks[0]["divisor0"] / clocks[0]["divisor1"]
    assert 0.9 * board.clock_mhz < mhz <= board.clock_mhz * 1.001


def test_pynq_finds_the_widths_of_the_memory_ports(parsed):
    board, parser = parsed
    if board.family == "zynqmp":
        found = parser.ip_dict["ps"]["parameters"]
        assert found["C_SAXIGP2_DATA_WIDTH"] == found["C_SAXIGP3_DATA_WIDTH"] == "64"
        assert found["C_MAXIGP0_DATA_WIDTH"] == "32"


def test_the_design_runs_on_a_virtual_board(handoff, rng):
    board, path = handoff
    if board.family == "zynq" and "Pynq-Z2" not in DRIVEN:
        pytest.skip("pynq 4 has given up Zynq-7000")
    model = random_model(rng)
    emulation = Pipeline(model)
    with virtual.board(board.name, path) as device:
        client = Client(device, model)
        for frames in (8, 1):  # a block of any board's geometry
            spectrum = random_spectrum(rng, frames)
            assert (client.block(spectrum) == emulation.process(spectrum)).all()
        assert device.violations == []


def test_pynqutils_reads_the_link_files(tmp_path):
    (tmp_path / "Pynq-Z2").mkdir()
    (tmp_path / "Pynq-Z2" / "nibblestream.bit").write_bytes(b"a bitstream")
    checksum = [sys.executable, OVERLAYS / "checksum.py", tmp_path, "https://example.org/v1/"]
    subprocess.run(checksum, check=True, capture_output=True)
    find = pynqutils.setup_utils.deliver_notebooks.__globals__["_find_remote_overlay_res"]
    assert find("Pynq-Z2", str(tmp_path / "nibblestream.bit.link")) == {
        "url": "https://example.org/v1/Pynq-Z2/nibblestream.bit",
        "md5sum": hashlib.md5(b"a bitstream").hexdigest(),
    }
    assert find("Pynq-Z1", str(tmp_path / "nibblestream.bit.link")) is None
