// One transfer of an AXI4-Stream, for simulation: the signals that the kernels use.
#pragma once

#include <ap_int.h>

// `user`, `id` and `dest` have no bits in this design, so they are left out.
template <int W, int USER, int ID, int DEST>
struct ap_axiu {
  static_assert(USER == 0 && ID == 0 && DEST == 0, "only data, keep, strb and last are modelled");
  ap_uint<W> data;
  ap_uint<(W + 7) / 8> keep;
  ap_uint<(W + 7) / 8> strb;
  ap_uint<1> last;
};
