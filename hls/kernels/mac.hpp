// One layer: look codes up, multiply them with all frame lanes at once, accumulate and requantise.
#pragma once

#include "activation.hpp"

constexpr int BEAT_BYTES = spec::BEAT_BITS / 8;

// A copy for each lane, as a memory has one read port.
using lut_t = weight_t[LANES][spec::LUT_ENTRIES];
using biases_t = beat_t[spec::MAX_WIDTH / WIDE_BIASES_PER_BEAT];

// Decode the entries once, so that a step only looks them up (paper, eq. (8)).
inline void load_lut(codes_stream& codes, Reader& reader, const Layer& layer, lut_t& lut) {
#pragma HLS INLINE off                // a module for each loop and its pragmas
  if (lut_beats(layer) == 0) return;  // 8-bit codes are the weights themselves
  beat_t beat = 0;
LUT:
  for (int i = 0; i < spec::LUT_ENTRIES; ++i) {
#pragma HLS PIPELINE II = 1  // one entry, or one beat, per clock
    beat = i % ENTRIES_PER_BEAT == 0 ? next_beat(codes, reader) : beat >> spec::LUT_ENTRY_BITS;
    const weight_t mantissa = signed_field<spec::LUT_ENTRY_MANTISSA>(beat);
    const bool internal = field<spec::LUT_ENTRY_INTERNAL>(beat) != 0;
  COPIES:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL  // all copies in one clock
      lut[lane][i] = internal ? mantissa : mantissa << layer.k;
    }
  }
}

inline void load_biases(codes_stream& codes, Reader& reader, const Layer& layer, biases_t& biases) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
BIAS:
  for (int i = 0; i < bias_beats(layer); ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 512
#pragma HLS PIPELINE II = 1  // one entry, or one beat, per clock
    biases[i] = next_beat(codes, reader);
  }
}

// The bias of a neuron, on the accumulator's grid.
inline accumulator_t bias_of(const biases_t& biases, const Layer& layer, width_t row) {
#pragma HLS INLINE  // part of the calling pipeline
  const int at = layer.wide_bias ? row / WIDE_BIASES_PER_BEAT : row / BIASES_PER_BEAT;
  const int place = layer.wide_bias ? row % WIDE_BIASES_PER_BEAT * spec::WIDE_BIAS_BITS
                                    : row % BIASES_PER_BEAT * spec::BIAS_BITS;
  const beat_t beat = biases[at] >> place;
  const accumulator_t wide = signed_bits_of<0, spec::WIDE_BIAS_BITS>(beat);
  const accumulator_t narrow = signed_bits_of<0, spec::BIAS_BITS>(beat);
  return (layer.wide_bias ? wide : narrow) << layer.bias_shift;
}

// The code of a lane, at one of three fixed positions for codes of 2, 3 or 4 bits.
inline ap_uint<4> code_at(const codes_t& codes, int lane, const Layer& layer) {
#pragma HLS INLINE  // part of the calling pipeline
  const beat_t beat = codes.port[lane / PORT_LANES];
  const int at = lane % PORT_LANES;
  const ap_uint<2> two = (beat >> (2 * at)) & 3;
  const ap_uint<3> three = (beat >> (3 * at)) & 7;
  const ap_uint<4> four = (beat >> (4 * at)) & 15;
  return layer.code_bits == 2 ? ap_uint<4>(two) : layer.code_bits == 3 ? ap_uint<4>(three) : four;
}

// The weights of a step; 0 for lanes beyond the row's end, and for the half of the lanes that
// codes of 8 bits do not reach.
inline void decode(const codes_t& codes, const Layer& layer, const lut_t& lut, int step,
                   weight_t (&weights)[LANES]) {
#pragma HLS INLINE  // part of the calling pipeline
  const bool direct = layer.code_bits == 8;
  const int unit = direct ? step / 2 : step;
DECODE:
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL  // all lanes in one clock
    const int byte = lane % (LANES / 2);
    const beat_t beat = codes.port[byte / BEAT_BYTES];
    const weight_t value = signed_bits_of<0, 8>(beat >> (8 * (byte % BEAT_BYTES)));
    const bool other_half = direct && lane / (LANES / 2) != step % 2;
    const bool beyond = unit * LANES + lane >= layer.inputs;
    const weight_t weight = direct ? value : lut[lane][code_at(codes, lane, layer)];
    weights[lane] = other_half || beyond ? weight_t(0) : weight;
  }
}

// A sum of a step's products, of any values.
constexpr int PRODUCT_BITS = spec::ACTIVATION_BITS + spec::WEIGHT_BITS;
using sum_t = ap_int<PRODUCT_BITS + bits_for(LANES - 1)>;

// The sum of a step's products, added in a tree, for one of the frames. There is a row of values
// per lane; geometries by code have fewer, and do not run this.
template <typename Value, int ROWS, int FRAMES>
sum_t summed(const weight_t (&weights)[LANES], const Value (&values)[ROWS][FRAMES], int frame) {
#pragma HLS INLINE  // part of the calling pipeline
  sum_t sum = 0;
PRODUCTS:
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL  // all lanes in one clock
    const ap_int<PRODUCT_BITS> product = values[lane][frame] * weights[lane];
    sum = sum + product;
  }
  return sum;
}

// Run a layer: `outputs` rows of `steps` steps, each taking `groups` clocks.
inline void mac(codes_stream& codes, Reader& reader, const Layer& layer, const lut_t& lut,
                const biases_t& biases, memory_t& memory, address_t from, address_t to,
                frames_t frames, groups_t groups) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  // Registers, not memories: a group's accumulators and all weights are used in every clock.
  accumulator_t accumulators[MAX_GROUPS][FRAME_LANES];
#pragma HLS ARRAY_PARTITION variable = accumulators complete dim = 0
  weight_t weights[LANES];
#pragma HLS ARRAY_PARTITION variable = weights complete
  Gearbox box = empty_box();
  width_t row = 0;
  ap_uint<2> gate = 0;  // row % GATES
  ap_uint<10> step = 0;
  groups_t group = 0;
  const ap_uint<10> last_step = steps(layer) - 1;
  const int clocks = layer.outputs.to_int() * steps(layer).to_int() * groups.to_int();
MAC:
  for (int clock = 0; clock < clocks; ++clock) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 2097152
#pragma HLS PIPELINE II = 1  // one step per clock
// Inputs and outputs are different words: the loop never reads what it writes.
#pragma HLS DEPENDENCE variable = memory inter false
    if (group == 0) {
      const codes_t word = next_codes(codes, reader, box, step_quarters(layer.code_bits));
      decode(word, layer, lut, step.to_int(), weights);
    }
    const int unit = layer.code_bits == 8 ? step.to_int() / 2 : step.to_int();
    const address_t read = address(from, unit * LANES, group, groups);
    const address_t write = address(to, row.to_int(), group, groups);
    // The bias is added in the tree, which leaves one adder and one multiplexer in the feedback.
    const accumulator_t first = step == 0 ? bias_of(biases, layer, row) : accumulator_t(0);
    const int inside = frames - group * FRAME_LANES;  // lanes with a frame
  FRAMES:
    for (int lane = 0; lane < FRAME_LANES; ++lane) {
#pragma HLS UNROLL  // all lanes in one clock
      const accumulator_t before = step == 0 ? accumulator_t(0) : accumulators[group][lane];
      const sum_t sum = summed(weights, memory[read], lane);
      const accumulator_t added = lane < inside ? accumulator_t(sum + first) : accumulator_t(0);
      accumulators[group][lane] = before + added;
    }
    if (step == last_step) {
    OUTPUTS:
      for (int lane = 0; lane < FRAME_LANES; ++lane) {
#pragma HLS UNROLL  // all lanes in one clock
        if (lane >= inside) continue;
        memory[write][row % BANKS][lane] = requantise(accumulators[group][lane], layer, gate);
      }
    }
    if (group + 1 < groups) {
      group = group + 1;
    } else {
      group = 0;
      if (step == last_step) {
        row = row + 1;
        gate = gate == GATES - 1 ? ap_uint<2>(0) : ap_uint<2>(gate + 1);
      }
      step = step == last_step ? ap_uint<10>(0) : ap_uint<10>(step + 1);
    }
  }
}
