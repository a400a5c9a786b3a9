"""Golden vectors: what the kernels are given, and what they have to answer, bit for bit.

``python -m nibblestream.golden FOLDER`` writes one file for each kernel; the test benches in
``hls/tb`` read them, under g++ as under Vitis. Every answer is computed by the normative integers.
"""
