"""Model of what a network costs on an FPGA: cycles, resources and bytes.

Also the boards, the hardware handoffs and the generated header and Tcl.
"""
