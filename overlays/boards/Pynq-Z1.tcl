# Digilent PYNQ-Z1: in all that the design uses it is as the PYNQ-Z2.

source $here/boards/Pynq-Z2.tcl
