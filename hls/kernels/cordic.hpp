// CORDIC in 18 consecutive shift-and-add stages: the hardware of cordic.py.
//
// The stages are unrolled and pipelined, so a new vector enters each clock. A stage is three adders
// and no multiplier; one multiplication corrects the gain of all stages.
#pragma once

#include "rounding.hpp"
#include "words.hpp"

// Internal lengths: the spectrum's 24 bits, guard bits, and two for sqrt(2) and the gain 1.65.
using length_t = ap_int<32>;
static_assert(spec::SPECTRUM_BITS + 2 + spec::CORDIC_GUARD <= 32, "internal lengths fit 32 bits");
// Angles: an initial half turn, and the sum of all stages' angles, under 0.28 turns.
using angle_t = ap_int<spec::CORDIC_ANGLE_BITS + 2>;
using inverse_gain_t = ap_int<spec::CORDIC_INVERSE_GAIN_FRAC + 1>;
using scaled_t = ap_int<32 + spec::CORDIC_INVERSE_GAIN_FRAC + 1>;
static_assert(spec::CORDIC_INVERSE_GAIN < 1 << spec::CORDIC_INVERSE_GAIN_FRAC, "below one");

constexpr int PHASE_SHIFT = spec::CORDIC_ANGLE_BITS - spec::PHASE_BITS;

struct Polar {
  magnitude_t magnitude;
  phase_t phase;
};

struct Vector {
  length_t x, y;
  angle_t angle;
};

// a + b, or a - b as a + ~b + 1: one carry chain, whose carry in is the last term.
template <int BITS>
ap_int<BITS> plus_or_minus(ap_int<BITS> a, ap_int<BITS> b, bool minus) {
  const ap_int<BITS> ones = minus ? -1 : 0;
  return a + (b ^ ones) + (minus ? 1 : 0);
}

// Stage i rotates forward, or back, by atan(2^-i), and reduces, or increases, `angle` by as much.
inline Vector stage(Vector v, int i, bool forward) {
  const length_t dx = v.y >> i, dy = v.x >> i;
  Vector turned;
  turned.x = plus_or_minus(v.x, dx, forward);
  turned.y = plus_or_minus(v.y, dy, !forward);
  turned.angle = plus_or_minus(v.angle, angle_t(spec::CORDIC_ANGLES[i]), forward);
  return turned;
}

// Correct the stages' gain, and shift right with rounding.
inline length_t ungained(length_t length, int shift) {
  const scaled_t scaled = length * inverse_gain_t(spec::CORDIC_INVERSE_GAIN);
  return round_shift(scaled, shift);
}

// The low 16 bits, as phases wrap.
inline phase_t wrapped(angle_t phase) { return phase & ((1 << spec::PHASE_BITS) - 1); }

// Vectoring: rotate the vector onto the x axis; its length is the magnitude, its turn the phase.
inline Polar vector(part_t re, part_t im) {
  const bool behind = re < 0;  // in the left half plane: start from the opposite vector
  const length_t x = re, y = im;
  Vector v;
  v.x = (behind ? length_t(-x) : x) << spec::CORDIC_GUARD;
  v.y = (behind ? length_t(-y) : y) << spec::CORDIC_GUARD;
  v.angle = behind ? 1 << (spec::CORDIC_ANGLE_BITS - 1) : 0;
VECTOR:
  for (int i = 0; i < spec::CORDIC_ITERATIONS; ++i) {
#pragma HLS UNROLL  // hardware for each stage: a new vector enters every clock
    v = stage(v, i, v.y < 0);
  }
  Polar polar;
  polar.magnitude = ungained(v.x, spec::CORDIC_INVERSE_GAIN_FRAC + spec::CORDIC_GUARD);
  polar.phase = wrapped(round_shift(v.angle, PHASE_SHIFT));
  return polar;
}

// Rotation: rotate (magnitude, 0) by the phase.
inline Vector rotate(Polar polar) {
  constexpr int QUARTER = 1 << (spec::PHASE_BITS - 2);
  const angle_t phase = polar.phase;  // 0 to 4 quarters
  const bool behind = phase >= QUARTER && phase < 3 * QUARTER;
  const angle_t turn = behind ? 2 * QUARTER : phase < QUARTER ? 0 : 4 * QUARTER;
  const length_t x =
      ungained(length_t(polar.magnitude), spec::CORDIC_INVERSE_GAIN_FRAC - spec::CORDIC_GUARD);
  Vector v;
  v.x = behind ? length_t(-x) : x;
  v.y = 0;
  v.angle = angle_t(phase - turn) << PHASE_SHIFT;
ROTATE:
  for (int i = 0; i < spec::CORDIC_ITERATIONS; ++i) {
#pragma HLS UNROLL  // as above
    v = stage(v, i, v.angle >= 0);
  }
  return v;
}

// Convert an internal length to a real or imaginary part of the spectrum.
inline part_t to_part(length_t length) {
  constexpr int LIMIT = 1 << (spec::SPECTRUM_BITS - 1);
  const length_t rounded = round_shift(length, spec::CORDIC_GUARD);
  return saturate(rounded, length_t(-LIMIT), length_t(LIMIT - 1));
}
