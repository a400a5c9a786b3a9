// ap_int as other HLS compilers have it: another name for Siemens' ac_int, whose header the hls4ml
// package brings. Streams and side channels are ours.
#pragma once

#include <ac_int.h>

template <int W>
using ap_int = ac_int<W, true>;
template <int W>
using ap_uint = ac_int<W, false>;
