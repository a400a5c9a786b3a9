# AMD Kria KV260: a reference clock of 33.333 MHz, as in Xilinx/PYNQ-HelloWorld,
# boards/KV260/resizer/resizer.tcl.

source $here/families/zynqmp.tcl
lappend ps(settings) PSU__PSS_REF_CLK__FREQMHZ 33.333
