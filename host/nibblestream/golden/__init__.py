"""Golden vectors: inputs of the kernels and the exact outputs that they must give.

``python -m nibblestream.golden FOLDER`` writes one file for each kernel; the test benches in
``hls/tb`` read them, under g++ and under Vitis HLS. The outputs come from the normative integer
code.
"""
