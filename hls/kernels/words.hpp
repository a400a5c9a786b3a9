// The words that the kernels compute with, their widths, and how beats are taken apart.
#pragma once

#include <ap_int.h>
#include <hls_stream.h>

#include "nibblestream_spec.hpp"

using beat_t = ap_uint<spec::BEAT_BITS>;
using beat_stream = hls::stream<beat_t>;

using frames_t = ap_uint<6>;  // of a block
static_assert(spec::MAX_BLOCK < 1 << 6, "a block's frames are counted in 6 bits");
using bin_t = ap_uint<8>;
static_assert(spec::BINS < 1 << 8, "bins are counted in 8 bits");
using beats_t = ap_uint<32>;
using digest_t = ap_uint<32>;

using part_t = ap_int<spec::SPECTRUM_BITS>;        // real or imaginary
using magnitude_t = ap_uint<spec::MAGNITUDE_BITS>;
using phase_t = ap_uint<spec::PHASE_BITS>;         // a turn is 2^16, so it wraps by itself
using activation_t = ap_int<spec::ACTIVATION_BITS>;
using weight_t = ap_int<spec::WEIGHT_BITS>;
using accumulator_t = ap_int<spec::ACCUMULATOR_BITS>;

// One DSP48E1 multiplies 25 x 18 signed bits and adds in 48.
static_assert(spec::ACTIVATION_BITS <= 25, "an activation is one side of a DSP48E1's product");
static_assert(spec::WEIGHT_BITS <= 18, "a weight is its other side");
static_assert(spec::ACCUMULATOR_BITS <= 48, "and it adds in 48 bits");
static_assert(spec::MAGNITUDE_BITS < spec::ACTIVATION_BITS, "magnitudes are activations");
static_assert(spec::FEATURE_BITS <= spec::ACTIVATION_BITS, "features are activations");

// Bits LOW to LOW + BITS - 1 of a beat.
template <int LOW, int BITS>
ap_uint<BITS> field(beat_t beat) {
  static_assert(LOW + BITS <= spec::BEAT_BITS, "the field lies in the beat");
  return (beat >> LOW) & ((beat_t(1) << BITS) - 1);
}

// The same field as two's complement.
template <int LOW, int BITS>
ap_int<BITS> signed_field(beat_t beat) {
  const ap_int<BITS + 2> bits = field<LOW, BITS>(beat);
  const ap_int<BITS + 2> sign = bits >> (BITS - 1);
  return bits - (sign << BITS);
}

// A value of two's complement as BITS bits at LOW of a beat.
template <int LOW, int BITS>
beat_t placed(ap_int<BITS> value) {
  const ap_int<BITS + 2> wide = value;
  const ap_uint<BITS> bits = value < 0 ? ap_int<BITS + 2>(wide + (ap_int<BITS + 2>(1) << BITS)) : wide;
  return beat_t(bits) << LOW;
}
