"""The byte ledger of a run."""

import numpy as np

from networks import network
from nibblestream import Enhancer, quantize


def test_the_papers_bytes():
    """Table 3's memory column, and the padded stream within 2 % of it."""
    model = network()
    for bits, ideal in (((8, 8), 297_216), ((4, 4), 148_608), ((4, 8), 165_120)):
        with Enhancer(quantize(model, "u", bits)) as enhancer:
            traffic = enhancer.traffic
        assert traffic.ideal == ideal
        assert traffic.ideal <= traffic.padded <= 1.02 * traffic.ideal
        assert (traffic.at(8), traffic.at(32)) == (297_216, 1_188_864)
        assert sum(layer.padded for layer in traffic.layers) == traffic.padded
    with Enhancer(model) as enhancer:
        assert enhancer.traffic.ideal == enhancer.traffic.padded == 1_188_864


def test_a_block_of_frames_shares_a_pass():
    with Enhancer(quantize(network())) as enhancer:
        assert enhancer.traffic.per_frame == enhancer.traffic.padded == 149_632
        enhancer.enhance(np.zeros(64 * 64), 8000)  # 64 hops: 65 frames, 32 a pass
        traffic = enhancer.traffic
        assert (traffic.frames, traffic.passes) == (65, 3)
        assert traffic.streamed == 3 * 149_632
        assert traffic.per_frame == 3 * 149_632 / 65
        stream = enhancer.stream()
        for _ in range(10):
            stream.process(np.zeros(64))
        assert enhancer.traffic.per_frame == 149_632  # live: a pass for each frame


def test_a_wide_network_runs_in_smaller_blocks():
    """2048 neurons leave room for two groups of 8 frames in the activation memory."""
    wide = network(hidden=(2048,))
    model = quantize(wide, "u", 8)
    assert (model.block, quantize(network(), "u", 8).block) == (16, 32)
    for each, passes in ((model, 5), (wide, 3)):  # float weights are not streamed to a kernel
        with Enhancer(each) as enhancer:
            enhancer.enhance(np.zeros(64 * 64), 8000)
            assert (enhancer.traffic.frames, enhancer.traffic.passes) == (65, passes)


def test_it_prints_legibly():
    with Enhancer(quantize(network())) as enhancer:
        enhancer.enhance(np.zeros(6400), 8000)
        text = str(enhancer.traffic)
    assert "148,608" in text
    assert "streamed codes save 49.7% of 8-bit weights, 87.4% of float32" in text
    assert "not measured" in text
    assert max(len(line) for line in text.splitlines()) <= 80
