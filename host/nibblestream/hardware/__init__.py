"""What a network costs on an FPGA, as a model.

Boards, clocks, resources, the byte ledger, generated headers.
"""
