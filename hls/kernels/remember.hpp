// The recurrence of a layer with memory, after its matrix (memory.py): frame by frame and unit by
// unit, or two units a clock beside a matrix by code, from three words of gates to one word of
// output per unit, in place.
#pragma once

#include "layer.hpp"
#include "rounding.hpp"

constexpr int UNITS = spec::BY_CODE ? 2 : 1;  // per clock
static_assert(GATES * UNITS <= BANKS, "the words of all units of a clock are in different banks");

// [bank before a block, bank after it][unit / UNITS][unit % UNITS]
using states_t = state_t[2][spec::MAX_UNITS / UNITS][UNITS];

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
  const width_t clocks = (units + UNITS - 1) / UNITS;
  const width_t turn = clocks > spec::LEAST_TURN ? clocks : width_t(spec::LEAST_TURN);
REMEMBER_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  REMEMBER:
    for (width_t clock = 0; clock < turn; clock = clock + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 16 max = 682
#pragma HLS PIPELINE II = 1  // one unit, or two, per clock
// A unit's state is read a turn after it was written. Its gates are read before an output takes
// their place: output u lies where the gates of unit u / 3 were.
#pragma HLS DEPENDENCE variable = states inter false
#pragma HLS DEPENDENCE variable = memory inter false
      if (clock >= clocks) continue;  // wait for the states of a small layer
      const int unit = clock * UNITS, lane = frame % FRAME_LANES;
      const address_t word = address(at, unit * GATES, frame / FRAME_LANES, groups);
      const int first = unit * GATES % BANKS;
      const bool wraps = first + GATES * UNITS > BANKS;  // the last gates are in the next word
      stored_t words[BANKS];
    GATHER:
      for (int i = 0; i < BANKS; ++i) {
#pragma HLS UNROLL  // all units' words are in different banks
        words[i] = memory[wraps && i < first ? address_t(word + groups) : word][i][lane];
      }
      curved_t outputs[UNITS];
    STEP:
      for (int side = 0; side < UNITS; ++side) {
#pragma HLS UNROLL  // all units in one clock; which one's state lies here depends on `before`
        const int i = (side + before) % UNITS, place = before + unit + i;
        if (unit + i >= units) continue;
        const int gate = first + GATES * i;
        const curved_t forget = words[gate % BANKS], candidate = words[(gate + 1) % BANKS];
        // A single address, as the memory has one read port.
        const state_t kept = states[frame == 0 ? bank : next][place / UNITS][side];
        const state_t state = frame == 0 && reset != 0 ? state_t(0) : kept;
        const state_t after = stepped(state, forget, candidate);
        states[next][place / UNITS][side] = after;
        outputs[i] = shown(after, words[(gate + 2) % BANKS]);
      }
      const address_t write = address(at, unit, frame / FRAME_LANES, groups);
    SCATTER:
      for (int i = 0; i < BANKS; ++i) {
#pragma HLS UNROLL  // one write port per memory
        const int of = i - unit % BANKS;
        if (of >= 0 && of < UNITS && unit + of < units) memory[write][i][lane] = outputs[of];
      }
    }
  }
}
