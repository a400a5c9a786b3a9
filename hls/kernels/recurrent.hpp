// A recurrent layer, a GRU (recurrent.py): its codes are kept on chip for a block; then, frame by
// frame, its matrix multiplies the outputs of the frame before, 16 codes a clock. A row's sum
// becomes a gate, r or 1 - z; with the third row of a unit, its state takes a step.
//
//   kept codes -> gearbox -> 16 LUTs -> 16 weights --+
//                                                    v
//   outputs of the frame before ---> 16 multipliers -> adder tree -> 3 sums -> gates -> state
//        ^                                                                                |
//        +---------------------------- rounded: an output --------------------------------+
#pragma once

#include "mac.hpp"
#include "remember.hpp"

// At least one word, as C++ has no empty arrays: without recurrent layers none is used.
using kept_t = codes_t[spec::KEPT_DEPTH > 0 ? spec::KEPT_DEPTH : 1];
using recent_t = curved_t[2][(MOST_RECURRENT + LANES - 1) / LANES][LANES];

// Read the layer's codes, once for all frames of the block.
inline void keep_codes(codes_stream& codes, Reader& reader, const Layer& layer, kept_t& kept) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const beats_t beats = code_beats(layer);
KEEP:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 4096
#pragma HLS PIPELINE II = 1  // one beat per clock
    kept[i] = next_beats(codes, reader);
  }
}

// A unit's output: its state, rounded.
inline curved_t output_of(state_t state) {
#pragma HLS INLINE  // part of the calling pipeline
  return round_shift(state, spec::STATE_FRAC - spec::CURVE_FRAC);
}

// The outputs of the frame before the block, from the states.
inline void recall(const states_t& states, recent_t& recent, width_t units, width_t before,
                   flag_t bank, flag_t reset) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
RECALL:
  for (width_t unit = 0; unit < units; unit = unit + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 208
#pragma HLS PIPELINE II = 1  // one unit per clock
    const state_t state =
        reset != 0 ? state_t(0) : states[bank][(before + unit) / UNITS][(before + unit) % UNITS];
    recent[0][unit / LANES][unit % LANES] = output_of(state);
  }
}

// A sum on the grid of its use, and limited to its range: of n (`fresh`), before r multiplies it;
// of r and z, the inputs of sigmoid, which have a bit less than those of tanh.
inline activation_t word_of(accumulator_t sum, const Layer& layer, bool fresh) {
#pragma HLS INLINE  // part of the calling pipeline
  constexpr int FINER = spec::HIDDEN_FRAC - spec::CURVE_INPUT_FRAC, COARSER = 1;
  const accumulator_t most =
      (accumulator_t(1) << (fresh ? spec::HIDDEN_BITS - 1 : spec::CURVE_INPUT_BITS)) - 1;
  const int shift = layer.shift.to_int() + (fresh ? -FINER : COARSER);
  return saturate(round_shift(sum, shift), accumulator_t(-most - 1), most);
}

// The candidate n: tanh of the input and of r times the sum of n.
inline curved_t candidate_of(curved_t reset, activation_t fresh, accumulator_t input,
                             const Layer& layer) {
#pragma HLS INLINE  // part of the calling pipeline
  constexpr int MOST = (1 << spec::CURVE_INPUT_BITS) - 1;
  using product_t = ap_int<spec::CURVE_BITS + spec::HIDDEN_BITS>;
  const product_t product = reset * fresh;
  const accumulator_t passed =
      round_shift(product, spec::CURVE_FRAC + spec::HIDDEN_FRAC - spec::CURVE_INPUT_FRAC);
  const accumulator_t sum = passed + round_shift(input, layer.shift.to_int());
  return curve(saturate(sum, accumulator_t(-MOST), accumulator_t(MOST)), false);
}

// Run a recurrent layer, whose inputs are at `from`: write its outputs to `to`. `before` units
// belong to layers before it.
inline void recur(const Layer& layer, const kept_t& kept, const lut_t& lut, const biases_t& biases,
                  memory_t& memory, states_t& states, recent_t& recent, address_t from,
                  address_t to, width_t before, frames_t frames, groups_t groups, flag_t bank,
                  flag_t reset) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const flag_t next = 1 - bank;
  weight_t weights[LANES];
#pragma HLS ARRAY_PARTITION variable = weights complete
  const ap_uint<10> last_step = steps(layer) - 1;
  const int clocks = layer.outputs.to_int() * steps(layer).to_int();
RECUR_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
    const groups_t group = frame / FRAME_LANES;
    const int lane = frame % FRAME_LANES, old = frame % 2;
    Gearbox box = empty_box();
    ap_uint<13> beat = 0;
    width_t row = 0, at = 0;  // row of the matrix, unit
    ap_uint<2> gate = 0;
    ap_uint<10> step = 0;
    accumulator_t sum = 0;
    curved_t reset_gate = 0, keep_not = 0;  // r, 1 - z
  RECUR:
    for (int clock = 0; clock < clocks; ++clock) {
#pragma HLS LOOP_TRIPCOUNT min = 3 max = 8192
#pragma HLS PIPELINE II = 1   // one step per clock
#pragma HLS LOOP_FLATTEN off  // a frame starts when the last unit of the frame before is done
// Within a frame, the loop never reads what it writes: other words, other states, other outputs.
#pragma HLS DEPENDENCE variable = memory inter false
#pragma HLS DEPENDENCE variable = states inter false
#pragma HLS DEPENDENCE variable = recent inter false
      const ap_uint<3> take = step_quarters(layer.code_bits);
      const bool refill = box.quarters < take;
      const codes_t word = geared(box, kept[beat], take);
      beat = refill ? ap_uint<13>(beat + 1) : beat;
      decode(word, layer, lut, step.to_int(), weights);
      const int unit = layer.code_bits == 8 ? step.to_int() / 2 : step.to_int();
      curved_t outputs[LANES][1];
#pragma HLS ARRAY_PARTITION variable = outputs complete dim = 0
    BEFORE:
      for (int i = 0; i < LANES; ++i) {
#pragma HLS UNROLL  // all lanes in one clock
        outputs[i][0] = recent[old][unit][i];
      }
      const accumulator_t first = step == 0 ? bias_of(biases, layer, row) : accumulator_t(0);
      const accumulator_t added = summed(weights, outputs, 0) + first;
      sum = (step == 0 ? accumulator_t(0) : sum) + added;
      if (step < last_step) {
        step = step + 1;
        continue;
      }
      step = 0;
      const activation_t x = memory[address(from, row.to_int(), group, groups)][row % BANKS][lane];
      row = row + 1;
      const accumulator_t input = accumulator_t(x) << layer.align;
      const bool fresh = gate == GATES - 1;
      const activation_t rounded = word_of(fresh ? sum : accumulator_t(sum + input), layer, fresh);
      const activation_t turned = gate == 1 ? activation_t(-rounded) : rounded;
      const curved_t open = curve(fresh ? activation_t(0) : turned, true);
      if (gate == 0) reset_gate = open;
      if (gate == 1) keep_not = open;
      gate = fresh ? ap_uint<2>(0) : ap_uint<2>(gate + 1);
      if (!fresh) continue;
      const curved_t candidate = candidate_of(reset_gate, rounded, input, layer);
      // A single address, as the memory has one read port.
      const int place = before + at;
      const state_t kept_state = states[frame == 0 ? bank : next][place / UNITS][place % UNITS];
      const state_t state = frame == 0 && reset != 0 ? state_t(0) : kept_state;
      const state_t after = stepped(state, keep_not, candidate);
      states[next][place / UNITS][place % UNITS] = after;
      recent[1 - old][at / LANES][at % LANES] = output_of(after);
      memory[address(to, at.to_int(), group, groups)][at % BANKS][lane] = output_of(after);
      at = at + 1;
    }
  }
}
