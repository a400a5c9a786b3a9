# Build the overlay with Vivado 2020.2 or newer, in two steps that Makefile calls:
#
#     vivado -mode batch -notrace -source build.tcl -tclargs block_design BOARD BUILD
#     vivado -mode batch -notrace -source build.tcl -tclargs bitstream BOARD BUILD JOBS
#
# BUILD has overlays/BOARD/spec.tcl, from `python -m nibblestream.hardware.generate tcl`, and the
# kernels' IP in hls/BOARD. The project is in BUILD/overlays/BOARD/project; bitstream and hardware handoff,
# with the same stem, are in BUILD/overlays/BOARD. In batch mode an error ends Vivado with status 1.

lassign $argv step BOARD build jobs
set here [file dirname [file normalize [info script]]]
source $build/overlays/$BOARD/spec.tcl
set overlay $build/overlays/$BOARD
set project $overlay/project/$spec(OVERLAY)

if {[string range [version -short] 0 5] < 2020.2} {
    error "Vivado 2020.2 or newer is needed, this is [version -short]"
}

if {$step eq "block_design"} {
    source $here/boards/$BOARD.tcl
    create_project -force $spec(OVERLAY) $overlay/project -part $board($BOARD,part)
    set_property ip_repo_paths [list $build/hls/$BOARD] [current_project]
    update_ip_catalog
    source $here/nibblestream.tcl
    add_files -norecurse [make_wrapper -files [get_files $spec(OVERLAY).bd] -top]
    set_property top $spec(OVERLAY)_wrapper [current_fileset]
    update_compile_order -fileset sources_1
} elseif {$step eq "bitstream"} {
    open_project $project.xpr
    launch_runs impl_1 -to_step write_bitstream -jobs $jobs
    wait_on_run impl_1
    if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} {
        error "implementation ended with: [get_property STATUS [get_runs impl_1]]"
    }
    set handoff $project.gen/sources_1/bd/$spec(OVERLAY)/hw_handoff
    file copy -force $handoff/$spec(OVERLAY).hwh $overlay/$spec(OVERLAY).hwh
    file copy -force $project.runs/impl_1/$spec(OVERLAY)_wrapper.bit $overlay/$spec(OVERLAY).bit
} else {
    error "no step is called $step; choose from block_design, bitstream"
}
