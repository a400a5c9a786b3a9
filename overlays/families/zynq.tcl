# Zynq-7000: the processing system and its ports that the design uses. A board's file adds settings.
#
# HP0 and HP1 share a port of the memory controller, as do HP2 and HP3: codes take HP0, spectra HP2,
# and codes of a second memory port HP3.

array set ps {
    vlnv xilinx.com:ip:processing_system7:5.5
    clock ps/FCLK_CLK0
    reset ps/FCLK_RESET0_N
    port_clocks {ps/M_AXI_GP0_ACLK ps/S_AXI_HP0_ACLK ps/S_AXI_HP2_ACLK}
    control ps/M_AXI_GP0
    codes ps/S_AXI_HP0
    codes_memory ps/S_AXI_HP0/HP0_DDR_LOWOCM
    codes_high ps/S_AXI_HP3
    codes_high_memory ps/S_AXI_HP3/HP3_DDR_LOWOCM
    spectra ps/S_AXI_HP2
    spectra_memory ps/S_AXI_HP2/HP2_DDR_LOWOCM
    not_memory {}
    pads {
        DDR xilinx.com:interface:ddrx_rtl:1.0
        FIXED_IO xilinx.com:display_processing_system7:fixedio_rtl:1.0
    }
}
set ps(settings) [list \
    PCW_EN_CLK0_PORT 1 \
    PCW_EN_RST0_PORT 1 \
    PCW_FPGA0_PERIPHERAL_FREQMHZ $board($BOARD,clock_mhz) \
    PCW_USE_M_AXI_GP0 1 \
    PCW_USE_S_AXI_HP0 1 \
    PCW_S_AXI_HP0_DATA_WIDTH $spec(BEAT_BITS) \
    PCW_USE_S_AXI_HP2 1 \
    PCW_S_AXI_HP2_DATA_WIDTH $spec(BEAT_BITS)]
if {$spec(PORTS) == 2} {
    lappend ps(port_clocks) ps/S_AXI_HP3_ACLK
    lappend ps(settings) PCW_USE_S_AXI_HP3 1 PCW_S_AXI_HP3_DATA_WIDTH $spec(BEAT_BITS)
}
