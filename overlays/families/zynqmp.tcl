# Zynq UltraScale+: the processing system and its ports that the design uses. A board's file adds
# settings.
#
# The VLNV has no version: each release of Vivado has its own. S_AXI_GP2 is HP0, S_AXI_GP3 is HP1
# and S_AXI_GP5 is HP3, for codes of a second memory port; they use different ports of the memory
# controller. The DMAs have 32-bit addresses, and Linux
# allocates their buffers in the low 2 GB, so only that is mapped.

array set ps {
    vlnv xilinx.com:ip:zynq_ultra_ps_e
    clock ps/pl_clk0
    reset ps/pl_resetn0
    port_clocks {ps/maxihpm0_fpd_aclk ps/saxihp0_fpd_aclk ps/saxihp1_fpd_aclk}
    control ps/M_AXI_HPM0_FPD
    codes ps/S_AXI_HP0_FPD
    codes_memory ps/SAXIGP2/HP0_DDR_LOW
    codes_high ps/S_AXI_HP3_FPD
    codes_high_memory ps/SAXIGP5/HP3_DDR_LOW
    spectra ps/S_AXI_HP1_FPD
    spectra_memory ps/SAXIGP3/HP1_DDR_LOW
    not_memory {DDR_HIGH LPS_OCM QSPI}
    pads {}
}
set ps(settings) [list \
    PSU__FPGA_PL0_ENABLE 1 \
    PSU__CRL_APB__PL0_REF_CTRL__SRCSEL IOPLL \
    PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $board($BOARD,clock_mhz) \
    PSU__USE__FABRIC__RST 1 \
    PSU__NUM_FABRIC_RESETS 1 \
    PSU__USE__M_AXI_GP0 1 \
    PSU__MAXIGP0__DATA_WIDTH 32 \
    PSU__USE__M_AXI_GP1 0 \
    PSU__USE__M_AXI_GP2 0 \
    PSU__USE__S_AXI_GP2 1 \
    PSU__SAXIGP2__DATA_WIDTH $spec(BEAT_BITS) \
    PSU__USE__S_AXI_GP3 1 \
    PSU__SAXIGP3__DATA_WIDTH $spec(BEAT_BITS)]
if {$spec(PORTS) == 2} {
    lappend ps(port_clocks) ps/saxihp3_fpd_aclk
    lappend ps(settings) PSU__USE__S_AXI_GP5 1 PSU__SAXIGP5__DATA_WIDTH $spec(BEAT_BITS)
}
