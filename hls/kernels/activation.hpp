// From a sum to a layer's output: rounding, limits, activation (lutmac.py, curve.py).
#pragma once

#include "layer.hpp"
#include "rounding.hpp"

constexpr int CURVE_STEP_BITS = spec::CURVE_INPUT_BITS - spec::CURVE_INDEX_BITS;

// Sigmoid or tanh: the upper bits of the input's magnitude select a chord, the lower bits
// interpolate on it.
inline activation_t curve(activation_t x, bool sigmoid) {
#pragma HLS INLINE  // part of the calling pipeline
  constexpr int LAST = (1 << spec::CURVE_INPUT_BITS) - 1, ONE = 1 << spec::CURVE_FRAC;
  const activation_t length = x < 0 ? activation_t(-x) : x;
  const ap_uint<spec::CURVE_INPUT_BITS> magnitude = length > LAST ? activation_t(LAST) : length;
  const ap_uint<spec::CURVE_INDEX_BITS> chord = magnitude >> CURVE_STEP_BITS;
  const ap_uint<CURVE_STEP_BITS> along = magnitude & ((1 << CURVE_STEP_BITS) - 1);
  using rise_t = ap_int<2 * CURVE_STEP_BITS + 2>;
  const rise_t rise = spec::CURVE_RISES[chord] * along;
  const activation_t height = spec::CURVE_STARTS[chord] + round_shift(rise, CURVE_STEP_BITS);
  const activation_t tanh = x < 0 ? activation_t(-height) : height;
  return sigmoid ? round_shift(activation_t(ONE + tanh), 1) : tanh;
}

// Convert an accumulator to the layer's output word. In a memory, `gate` counts a unit's sums: the
// forget gate is the sigmoid of 4 times its sum, and the inputs of sigmoid have one fractional bit
// less than those of tanh.
inline activation_t requantise(accumulator_t sum, const Layer& layer, ap_uint<2> gate) {
#pragma HLS INLINE  // part of the calling pipeline
  const bool leaks = layer.activation == spec::ACTIVATION_LEAKY && sum < 0;
  const bool clips = layer.activation == spec::ACTIVATION_CLIP;
  const bool memory = remembers(layer);
  const bool sigmoid = layer.activation == spec::ACTIVATION_SIGMOID || (memory && gate != 1);
  const accumulator_t most = (accumulator_t(1) << layer.output_bits) - 1;
  const accumulator_t least = layer.relu ? accumulator_t(0) : accumulator_t(-most - 1);
  const accumulator_t low = clips ? accumulator_t(layer.low) : least;
  const accumulator_t high = clips ? accumulator_t(layer.high) : most;
  constexpr int FORGET = 1 - spec::GATE_GAIN_BITS, OUTPUT = 1;
  const int more = leaks                  ? layer.places.to_int()
                   : !memory || gate == 1 ? 0
                   : gate == 0            ? FORGET
                                          : OUTPUT;
  const int shift = layer.shift.to_int() + more;
  const activation_t word = saturate(round_shift(sum, shift), low, high);
  if (!sigmoid && !memory && layer.activation != spec::ACTIVATION_TANH) return word;
  return curve(word << layer.places, sigmoid);
}
