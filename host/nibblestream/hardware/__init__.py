"""Model of what a network costs on an FPGA: cycles, resources and bytes.

Also the facts that this needs and that the hardware shares: boards, handoffs, generated headers.
"""
