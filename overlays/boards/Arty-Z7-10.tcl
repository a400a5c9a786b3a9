# Digilent Arty Z7-10: the PYNQ-Z1 is made after it, with the same crystal and memory.

source $here/boards/Pynq-Z2.tcl
