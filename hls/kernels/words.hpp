// The word types of the kernels, their widths, and access to the fields of beats.
#pragma once

#include <ap_int.h>
#include <hls_stream.h>

#include "nibblestream_spec.hpp"

using beat_t = ap_uint<spec::BEAT_BITS>;
using beat_stream = hls::stream<beat_t>;

// Beats of codes that arrive in one clock, one from each memory port.
struct codes_t {
  beat_t port[spec::PORTS];
};
using codes_stream = hls::stream<codes_t>;

using beats_t = ap_uint<32>;
using frames_t = ap_uint<8>;  // per block; as wide as its register, so that none wraps into range
static_assert(spec::BLOCK < 1 << 8, "a block's frames are counted in 8 bits");
// A register can hold more frames than a block may have; such a call is treated as 0 frames.
inline frames_t accepted(frames_t frames) { return frames <= spec::BLOCK ? frames : frames_t(0); }

// Beats of a block in memory: a beat for each bin of its frames, or `raw` beats if that is not 0.
inline beats_t block_beats(frames_t frames, beats_t raw) {
  const beats_t spectra = accepted(frames) * spec::BINS;
  return accepted(frames) == 0 || raw == 0 ? spectra : raw;
}

using bin_t = ap_uint<8>;
static_assert(spec::BINS < 1 << 8, "bins are counted in 8 bits");
using digest_t = ap_uint<32>;
using flag_t = ap_uint<1>;

using part_t = ap_int<spec::SPECTRUM_BITS>;  // real or imaginary
using magnitude_t = ap_uint<spec::MAGNITUDE_BITS>;
using phase_t = ap_uint<spec::PHASE_BITS>;  // a turn is 2^16, so it wraps by itself
using activation_t = ap_int<spec::ACTIVATION_BITS>;
using stored_t = ap_int<spec::STORED_BITS>;  // an activation in memory
using curved_t = ap_int<spec::CURVE_BITS>;   // sigmoid and tanh
using state_t = ap_int<spec::STATE_BITS>;    // of a unit of a memory
using weight_t = ap_int<spec::WEIGHT_BITS>;
using accumulator_t = ap_int<spec::ACCUMULATOR_BITS>;

// One DSP48E1 multiplies 25 x 18 signed bits and adds in 48.
static_assert(spec::ACTIVATION_BITS <= 25, "an activation is one side of a DSP48E1's product");
static_assert(spec::WEIGHT_BITS <= 18, "a weight is its other side");
static_assert(spec::ACCUMULATOR_BITS <= 48, "and it adds in 48 bits");
static_assert(spec::STORED_BITS <= spec::ACTIVATION_BITS, "what is stored is an activation");
static_assert(spec::MAGNITUDE_BITS < spec::ACTIVATION_BITS, "magnitudes are activations");
static_assert(spec::FEATURE_BITS <= spec::STORED_BITS, "features can be stored");
static_assert(spec::GAIN_BITS <= spec::STORED_BITS, "gains too");
static_assert(spec::CURVE_BITS <= spec::STORED_BITS, "and outputs of sigmoid and tanh");

// Bits that count from 0 to `most`.
constexpr int bits_for(int most) { return most < 2 ? 1 : 1 + bits_for(most / 2); }

// Bits LOW to LOW + BITS - 1 of a beat.
template <int LOW, int BITS>
ap_uint<BITS> bits_of(beat_t beat) {
  static_assert(LOW + BITS <= spec::BEAT_BITS, "the bits lie in the beat");
  return (beat >> LOW) & ((beat_t(1) << BITS) - 1);
}

// The same bits as two's complement.
template <int LOW, int BITS>
ap_int<BITS> signed_bits_of(beat_t beat) {
  const ap_int<BITS + 2> bits = bits_of<LOW, BITS>(beat);
  const ap_int<BITS + 2> sign = ap_int<BITS + 2>(1) << (BITS - 1);
  return (bits ^ sign) - sign;
}

// A field of the generated header.
template <typename Field>
ap_uint<Field::BITS> field(beat_t beat) {
  return bits_of<Field::LOW, Field::BITS>(beat);
}

template <typename Field>
ap_int<Field::BITS> signed_field(beat_t beat) {
  return signed_bits_of<Field::LOW, Field::BITS>(beat);
}

// A word shifted to the position of its field.
template <typename Field>
beat_t placed(ap_uint<Field::BITS> word) {
  return beat_t(word) << Field::LOW;
}

template <typename Field>
beat_t placed_signed(ap_int<Field::BITS> value) {
  const ap_int<Field::BITS + 2> mask = (ap_int<Field::BITS + 2>(1) << Field::BITS) - 1;
  return placed<Field>(ap_uint<Field::BITS>(value & mask));
}
