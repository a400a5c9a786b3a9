# Real Digital AUP-ZU3: a reference clock of 33.333 MHz, as in Xilinx/AUP-ZU3,
# petalinux_bsp/hardware_project/run_create_zynq_ultra_ps.tcl.

source $here/families/zynqmp.tcl
lappend ps(settings) PSU__PSS_REF_CLK__FREQMHZ 33.333
