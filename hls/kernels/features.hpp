// The network's input feature: log2 of a magnitude over a tracked floor, as in features.py.
#pragma once

#include "rounding.hpp"
#include "words.hpp"

// log2 in octaves, with FLOOR_FRAC fractional bits; up to 24.01 octaves, and a sign for
// differences.
using level_t = ap_int<spec::FLOOR_FRAC + 7>;
using value_t = ap_uint<spec::MAGNITUDE_BITS + 1>;  // a magnitude plus the offset

constexpr int FLOOR_SHIFT = spec::FLOOR_FRAC - spec::LOG2_FRAC;

// Position of the leading one: a priority encoder.
inline int leading_one(value_t value) {
  int position = 0;
LEADING_ONE:
  for (int i = 0; i <= spec::MAGNITUDE_BITS; ++i) {
#pragma HLS UNROLL  // one chain of multiplexers
    if (((value >> i) & 1) != 0) position = i;
  }
  return position;
}

// The leading one's position is the integer part; the eight bits below it approximate the fraction,
// and a table addressed by six of them holds the correction.
inline level_t log2_of(magnitude_t magnitude) {
  const value_t value = magnitude + spec::LOG2_OFFSET;
  const int exponent = leading_one(value);
  const value_t aligned = value << (spec::MAGNITUDE_BITS - exponent);
  const ap_uint<spec::LOG2_FRAC> fraction =
      (aligned >> (spec::MAGNITUDE_BITS - spec::LOG2_FRAC)) & ((1 << spec::LOG2_FRAC) - 1);
  const int correction = spec::LOG2_TABLE[fraction >> (spec::LOG2_FRAC - spec::LOG2_TABLE_BITS)];
  const level_t level = (exponent << spec::LOG2_FRAC) + fraction + correction;
  return level << FLOOR_SHIFT;
}

// The floor rises slowly and falls quickly.
inline level_t followed(level_t floor, level_t level) {
  const level_t difference = level - floor;
  const level_t rise = round_shift(difference, spec::FLOOR_RISE);
  const level_t fall = round_shift(difference, spec::FLOOR_FALL);
  return floor + (difference > 0 ? rise : fall);
}

inline activation_t feature_of(level_t level, level_t floor) {
  constexpr int LIMIT = 1 << (spec::FEATURE_BITS - 1);
  const level_t over = round_shift(level_t(level - floor), FLOOR_SHIFT);
  return saturate(over, level_t(-LIMIT), level_t(LIMIT - 1));
}
