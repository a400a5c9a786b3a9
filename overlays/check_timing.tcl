# Fail if the implemented overlay misses its timing: setup, hold, or pulse width.
#
#     vivado -mode batch -notrace -source check_timing.tcl -tclargs BOARD BUILD

lassign $argv BOARD build
source $build/overlays/$BOARD/spec.tcl
open_project $build/overlays/$BOARD/project/$spec(OVERLAY).xpr
foreach {name what} {WNS setup WHS hold TPWS "pulse width"} {
    set slack [get_property STATS.$name [get_runs impl_1]]
    if {$slack eq "" || $slack < 0} {
        error "$BOARD misses its timing: $what slack is $slack ns"
    }
    puts "$BOARD: $what slack is $slack ns"
}
