// The recurrence of a layer with memory, after its matrix (memory.py): frame by frame and unit by
// unit, from three words of gates to one word of output, in place.
#pragma once

#include "layer.hpp"
#include "rounding.hpp"

using states_t = state_t[2][spec::MAX_UNITS];  // a bank before a block, a bank after it

// One step of a unit: h + f (c - h).
inline state_t stepped(state_t state, curved_t forget, curved_t candidate) {
#pragma HLS INLINE  // part of the calling pipeline
  constexpr int FINER = spec::STATE_FRAC - spec::CURVE_FRAC;
  using difference_t = ap_int<spec::STATE_BITS + 1>;
  using product_t = ap_int<spec::CURVE_BITS + spec::STATE_BITS + 1>;
  const difference_t difference = (difference_t(candidate) << FINER) - difference_t(state);
  const product_t product = forget * difference;
  return state + round_shift(product, spec::CURVE_FRAC);
}

// The unit's output: its state times the output gate.
inline curved_t shown(state_t state, curved_t gate) {
#pragma HLS INLINE  // part of the calling pipeline
  using product_t = ap_int<spec::CURVE_BITS + spec::STATE_BITS>;
  const product_t product = gate * state;
  return round_shift(product, spec::STATE_FRAC);
}

// Run the units of a layer, whose gates are at `at`; `before` units belong to layers before it.
inline void remember(memory_t& memory, states_t& states, address_t at, width_t units,
                     width_t before, frames_t frames, groups_t groups, flag_t bank, flag_t reset) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const flag_t next = 1 - bank;
  const width_t turn = units > spec::LEAST_TURN ? units : width_t(spec::LEAST_TURN);
REMEMBER_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  REMEMBER:
    for (width_t unit = 0; unit < turn; unit = unit + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 16 max = 682
#pragma HLS PIPELINE II = 1  // one unit per clock
// A unit's state is read a turn after it was written. Its gates are read before an output takes
// their place: output u lies where the gates of unit u / 3 were.
#pragma HLS DEPENDENCE variable = states inter false
#pragma HLS DEPENDENCE variable = memory inter false
      if (unit >= units) continue;  // wait for the states of a small layer
      const address_t word = address(at, unit.to_int() * GATES, frame / FRAME_LANES, groups);
      const int first = unit.to_int() * GATES % BANKS, lane = frame % FRAME_LANES;
      const bool wraps = first + GATES > BANKS;  // the last gates are in the next word
      stored_t words[BANKS];
    GATHER:
      for (int i = 0; i < BANKS; ++i) {
#pragma HLS UNROLL  // a unit's three words are in three banks
        words[i] = memory[wraps && i < first ? address_t(word + groups) : word][i][lane];
      }
      const curved_t forget = words[first], candidate = words[(first + 1) % BANKS];
      const curved_t gate = words[(first + 2) % BANKS];
      // A single address, as the memory has one read port.
      const state_t kept = states[frame == 0 ? bank : next][before + unit];
      const state_t state = frame == 0 && reset != 0 ? state_t(0) : kept;
      const state_t after = stepped(state, forget, candidate);
      states[next][before + unit] = after;
      const address_t write = address(at, unit.to_int(), frame / FRAME_LANES, groups);
      memory[write][unit % BANKS][lane] = shown(after, gate);
    }
  }
}
