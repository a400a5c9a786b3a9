# Build one kernel with the classic tool, Vitis HLS 2020.2 to 2024.1. In the folder of its hls.cfg:
#
#     vitis_hls -f .../hls/build.tcl -tclargs steps=csim,csynth
#     vitis_hls -f .../hls/build.tcl -tclargs steps=cosim,export
#
# If the first step is csim or csynth, the project `work` is recreated, else reopened. Without
# arguments all four steps run: vitis-run, which takes this script from 2023.2 on, passes none:
#
#     vitis-run --mode hls --tcl .../hls/build.tcl
#
# config.py writes hls.cfg, which the new tool reads directly. The solution is called `hls`, so that
# reports and IP are where the new tool puts them: work/hls/syn/report and work/hls/impl/ip.

# Return all settings as a dict of lists, as some keys occur more than once.
proc read_settings {path} {
    set file [open $path]
    foreach line [split [read $file] \n] {
        if {[regexp {^([\w.]+)=(.*)$} $line -> key value]} { dict lappend settings $key $value }
    }
    close $file
    return $settings
}

proc setting {settings key} { return [lindex [dict get $settings $key] 0] }

proc make_project {settings} {
    open_project -reset work
    set_top [setting $settings syn.top]
    foreach file [dict get $settings syn.file] {
        add_files -cflags [setting $settings syn.cflags] $file
    }
    foreach file [dict get $settings tb.file] {
        add_files -tb -cflags [setting $settings tb.cflags] $file
    }
    open_solution -reset hls -flow_target [setting $settings flow_target]
    set_part [setting $settings part]
    create_clock -period [setting $settings clock] -name default
}

proc export_ip {settings} {
    export_design -format [setting $settings package.output.format] \
        -vendor [setting $settings package.ip.vendor] \
        -library [setting $settings package.ip.library] \
        -ipname [setting $settings package.ip.name] \
        -version [setting $settings package.ip.version]
}

proc run_step {step settings} {
    switch $step {
        csim { csim_design -O -argv [setting $settings csim.argv] }
        csynth { csynth_design }
        cosim { cosim_design -O -argv [setting $settings cosim.argv] }
        export { export_ip $settings }
        default { error "no step is called $step; choose from csim, csynth, cosim, export" }
    }
}

proc build_kernel {steps} {
    set settings [read_settings hls.cfg]
    if {[lindex $steps 0] in {csim csynth}} {
        make_project $settings
    } else {
        open_project work
        open_solution hls
    }
    foreach step $steps { run_step $step $settings }
}

# Some releases put their whole command line into argv, so search it for `steps=`.
if {![regexp {steps=(\S+)} $::argv -> steps]} { set steps csim,csynth,cosim,export }

# Without `exit` the tool waits for commands; after an uncaught error its exit status depends on
# the release.
if {[catch { build_kernel [split $steps ,] }]} {
    puts stderr $::errorInfo
    exit 1
}
exit 0
