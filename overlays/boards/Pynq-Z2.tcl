# TUL PYNQ-Z2: a crystal of 50 MHz, one DDR3 chip of 4 Gbit on a bus of 16 bits: 512 MB, as in
# Xilinx/PYNQ, boards/Pynq-Z2/base/base.tcl. PYNQ's boot loader sets up pins and memory before any
# overlay is loaded, so no other settings of a board and no board files are needed here.

source $here/families/zynq.tcl
lappend ps(settings) \
    PCW_CRYSTAL_PERIPHERAL_FREQMHZ 50 \
    PCW_UIPARAM_DDR_PARTNO {MT41K256M16 RE-125} \
    PCW_UIPARAM_DDR_BUS_WIDTH {16 Bit} \
    PCW_UIPARAM_DDR_FREQ_MHZ 525
