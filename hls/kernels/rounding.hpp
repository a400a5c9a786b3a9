// Rounding and saturation, as in fixed.py; no other code of the kernels rounds or saturates.
#pragma once

#include <ap_int.h>

// Divide by 2^shift, rounding halves away from zero: half an LSB, less one for negative values, is
// added before the shift, which takes one adder.
template <int W>
ap_int<W> round_shift(ap_int<W> value, int shift) {
  if (shift == 0) return value;
  const ap_int<W + 2> half = ap_int<W + 2>(1) << (shift - 1);
  const ap_int<W + 2> sum = value + half - (value < 0 ? 1 : 0);
  return sum >> shift;
}

template <int W>
ap_int<W> saturate(ap_int<W> value, ap_int<W> low, ap_int<W> high) {
  return value < low ? low : value > high ? high : value;
}
