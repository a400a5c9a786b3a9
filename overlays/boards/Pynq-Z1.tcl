# Digilent PYNQ-Z1: the same as the PYNQ-Z2 in everything that the design uses.

source $here/boards/Pynq-Z2.tcl
