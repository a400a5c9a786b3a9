# The block design, one script for all boards: the IPs, their connections, and the addresses of
# registers and memory. README.md has a diagram.
#
# build.tcl sources this in an open project, with `spec`, `cell` and `board` from
# `python -m nibblestream.hardware.generate tcl`, and `ps` from boards/BOARD.tcl.

# Add an IP; `args` are names of its settings and their values.
proc add {name vlnv args} {
    set ip [create_bd_cell -type ip -vlnv $vlnv $name]
    foreach {key value} $args {
        lappend settings CONFIG.$key $value
    }
    if {[llength $args] > 0} { set_property -dict $settings $ip }
}

proc join_buses {from to} {
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}

proc drive {from pins} {
    foreach pin $pins { connect_bd_net [get_bd_pins $from] [get_bd_pins $pin] }
}

proc map_segment {space segment offset range} {
    assign_bd_address -offset [format 0x%08x $offset] -range [format 0x%08x $range] \
        -target_address_space [get_bd_addr_spaces $space] [get_bd_addr_segs $segment] -force
}

# Map the memory behind a port of the processing system, and exclude the port's other segments.
proc map_memory {space segment range others} {
    map_segment $space $segment 0 $range
    regexp {^(.*HP\d_)} $segment -> port
    foreach other $others {
        set found [get_bd_addr_segs -quiet $port$other]
        if {$found ne ""} {
            exclude_bd_addr_seg -target_address_space [get_bd_addr_spaces $space] $found
        }
    }
}

create_bd_design $spec(OVERLAY)
set two_ports [expr {$spec(PORTS) == 2}]  ;# codes from two memory ports

# --- the IPs ----------------------------------------------------------------------------------
add ps $ps(vlnv) {*}$ps(settings)
foreach {name vlnv} $ps(pads) {
    create_bd_intf_port -mode Master -vlnv $vlnv $name
    connect_bd_intf_net [get_bd_intf_pins ps/$name] [get_bd_intf_ports $name]
}

add cordic_vectoring $cell(cordic_vectoring,vlnv)
add lut_mac $cell(lut_mac,vlnv)
add cordic_rotation $cell(cordic_rotation,vlnv)

# Delays phases and magnitudes while lut_mac reads a whole block. TKEEP and TSTRB are all
# ones, so storing them would only cost block RAM.
add polar_fifo xilinx.com:ip:axis_data_fifo:2.0 \
    TDATA_NUM_BYTES [expr {$spec(BEAT_BITS) / 8}] FIFO_DEPTH $spec(POLAR_DEPTH) \
    HAS_TLAST 1 HAS_TKEEP 0 HAS_TSTRB 0

# Simple mode: three transfers per block need no descriptors. Without a VALUE_SRC, Vivado would
# derive the widths of the S2MM side from the ports connected to it.
set simple [list c_include_sg 0 c_sg_include_stscntrl_strm 0 \
    c_sg_length_width $spec(DMA_LENGTH_BITS)]
set mm2s [list c_include_mm2s 1 c_mm2s_burst_size 256 \
    c_m_axi_mm2s_data_width $spec(BEAT_BITS) c_m_axis_mm2s_tdata_width $spec(BEAT_BITS)]
set s2mm [list c_include_s2mm 1 c_s2mm_burst_size 256 \
    c_m_axi_s2mm_data_width.VALUE_SRC USER c_m_axi_s2mm_data_width $spec(BEAT_BITS) \
    c_s_axis_s2mm_tdata_width.VALUE_SRC USER c_s_axis_s2mm_tdata_width $spec(BEAT_BITS)]
add dma_spectra $cell(dma_spectra,vlnv) {*}$simple {*}$mm2s {*}$s2mm
add dma_codes $cell(dma_codes,vlnv) {*}$simple {*}$mm2s c_include_s2mm 0
if {$two_ports} {
    add dma_codes_high $cell(dma_codes_high,vlnv) {*}$simple {*}$mm2s c_include_s2mm 0
    add codes_high_memory xilinx.com:ip:smartconnect:1.0 NUM_SI 1 NUM_MI 1
}

# One counter per slot, and a clock counter of 64 bits, which does not wrap while a board runs.
add monitor $cell(monitor,vlnv) \
    C_NUM_MONITOR_SLOTS [expr {3 + $two_ports}] C_NUM_OF_COUNTERS [expr {3 + $two_ports}] \
    C_ENABLE_ADVANCED 1 C_ENABLE_EVENT_COUNT 1 \
    C_GLOBAL_COUNT_WIDTH 64 C_HAVE_SAMPLED_METRIC_CNT 1

# One bit, 1 after a reset: while it is 0, the kernels and the FIFO are in reset.
add kernel_reset $cell(kernel_reset,vlnv) \
    C_GPIO_WIDTH 1 C_ALL_OUTPUTS 1 C_DOUT_DEFAULT 0x00000001
add system_resets xilinx.com:ip:proc_sys_reset:5.0 C_EXT_RESET_HIGH 0 C_AUX_RESET_HIGH 0
add kernel_resets xilinx.com:ip:proc_sys_reset:5.0 C_EXT_RESET_HIGH 0 C_AUX_RESET_HIGH 0

add control xilinx.com:ip:smartconnect:1.0 NUM_SI 1 NUM_MI [expr {7 + $two_ports}]
add codes_memory xilinx.com:ip:smartconnect:1.0 NUM_SI 1 NUM_MI 1
add spectra_memory xilinx.com:ip:smartconnect:1.0 NUM_SI 2 NUM_MI 1

# --- streams ----------------------------------------------------------------------------------
join_buses dma_spectra/M_AXIS_MM2S cordic_vectoring/spectrum
join_buses dma_codes/M_AXIS_MM2S lut_mac/codes
join_buses cordic_vectoring/magnitude lut_mac/magnitude
join_buses cordic_vectoring/polar polar_fifo/S_AXIS
join_buses polar_fifo/M_AXIS cordic_rotation/polar
join_buses lut_mac/network cordic_rotation/network
join_buses cordic_rotation/spectrum dma_spectra/S_AXIS_S2MM

# --- memory: codes through one port, spectra through another; the monitor watches all three -----
join_buses dma_codes/M_AXI_MM2S codes_memory/S00_AXI
join_buses dma_spectra/M_AXI_MM2S spectra_memory/S00_AXI
join_buses dma_spectra/M_AXI_S2MM spectra_memory/S01_AXI
join_buses codes_memory/M00_AXI $ps(codes)
join_buses spectra_memory/M00_AXI $ps(spectra)
join_buses dma_codes/M_AXI_MM2S monitor/SLOT_0_AXI
join_buses dma_spectra/M_AXI_MM2S monitor/SLOT_1_AXI
join_buses dma_spectra/M_AXI_S2MM monitor/SLOT_2_AXI

map_memory dma_codes/Data_MM2S $ps(codes_memory) $board($BOARD,dma_memory) $ps(not_memory)
if {$two_ports} {
    join_buses dma_codes_high/M_AXIS_MM2S lut_mac/codes_high
    join_buses dma_codes_high/M_AXI_MM2S codes_high_memory/S00_AXI
    join_buses codes_high_memory/M00_AXI $ps(codes_high)
    join_buses dma_codes_high/M_AXI_MM2S monitor/SLOT_3_AXI
    map_memory dma_codes_high/Data_MM2S $ps(codes_high_memory) $board($BOARD,dma_memory) \
        $ps(not_memory)
}
map_memory dma_spectra/Data_MM2S $ps(spectra_memory) $board($BOARD,dma_memory) $ps(not_memory)
map_memory dma_spectra/Data_S2MM $ps(spectra_memory) $board($BOARD,dma_memory) $ps(not_memory)

# --- registers --------------------------------------------------------------------------------
join_buses $ps(control) control/S00_AXI
set base $spec(CONTROL_BASE,$board($BOARD,family))
set cells {
    M00 cordic_vectoring s_axi_control
    M01 lut_mac s_axi_control
    M02 cordic_rotation s_axi_control
    M03 dma_spectra S_AXI_LITE
    M04 dma_codes S_AXI_LITE
    M05 monitor S_AXI
    M06 kernel_reset S_AXI
}
if {$two_ports} { lappend cells M07 dma_codes_high S_AXI_LITE }
foreach {output name interface} $cells {
    join_buses control/${output}_AXI $name/$interface
    map_segment ps/Data $name/$interface/Reg [expr {$base + $cell($name,offset)}] \
        $spec(CONTROL_RANGE)
}

# --- one clock --------------------------------------------------------------------------------
drive $ps(clock) $ps(port_clocks)
drive $ps(clock) {
    cordic_vectoring/ap_clk lut_mac/ap_clk cordic_rotation/ap_clk polar_fifo/s_axis_aclk
    dma_spectra/s_axi_lite_aclk dma_spectra/m_axi_mm2s_aclk dma_spectra/m_axi_s2mm_aclk
    dma_codes/s_axi_lite_aclk dma_codes/m_axi_mm2s_aclk
    monitor/s_axi_aclk monitor/core_aclk
    monitor/slot_0_axi_aclk monitor/slot_1_axi_aclk monitor/slot_2_axi_aclk
    kernel_reset/s_axi_aclk system_resets/slowest_sync_clk kernel_resets/slowest_sync_clk
    control/aclk codes_memory/aclk spectra_memory/aclk
}

if {$two_ports} {
    drive $ps(clock) {
        dma_codes_high/s_axi_lite_aclk dma_codes_high/m_axi_mm2s_aclk
        monitor/slot_3_axi_aclk codes_high_memory/aclk
    }
}

# --- resets: the system's, and the kernels', which kernel_reset also drives -----------------------
drive $ps(reset) {system_resets/ext_reset_in kernel_resets/ext_reset_in}
drive kernel_reset/gpio_io_o kernel_resets/aux_reset_in
drive system_resets/interconnect_aresetn {
    control/aresetn codes_memory/aresetn spectra_memory/aresetn
}
drive system_resets/peripheral_aresetn {
    dma_spectra/axi_resetn dma_codes/axi_resetn kernel_reset/s_axi_aresetn
    monitor/s_axi_aresetn monitor/core_aresetn
    monitor/slot_0_axi_aresetn monitor/slot_1_axi_aresetn monitor/slot_2_axi_aresetn
}
if {$two_ports} {
    drive system_resets/interconnect_aresetn codes_high_memory/aresetn
    drive system_resets/peripheral_aresetn {dma_codes_high/axi_resetn monitor/slot_3_axi_aresetn}
}
drive kernel_resets/peripheral_aresetn {
    cordic_vectoring/ap_rst_n lut_mac/ap_rst_n cordic_rotation/ap_rst_n
    polar_fifo/s_axis_aresetn
}

validate_bd_design
save_bd_design
