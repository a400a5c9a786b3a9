// The network's inputs: each frame's features, by themselves or stacked with those of the seven
// frames before it.
#pragma once

#include "features.hpp"
#include "layer.hpp"
#include "memory.hpp"

constexpr int PAST = spec::CONTEXT - 1;  // frames of context before the first
static_assert(spec::BINS % BANKS == 1 && BANKS >= spec::CONTEXT,
              "a bin's places in the stacks lie in banks next to each other");

// Whether the memory holds the inputs of all frames, which a damaged header may say are stacked.
inline bool frames_fit(bool single, groups_t groups) {
  const width_t inputs = single ? spec::BINS : spec::CONTEXT * spec::BINS;
  return units(inputs) * groups <= spec::ACTIVATION_DEPTH;
}

// A feature of frame `at` (counted from the oldest frame of context) enters the stacks of the
// frames at - 7 to at, each one place further, which are in eight different banks.
inline void enter(memory_t& memory, int at, bin_t bin, stored_t feature, frames_t frames,
                  groups_t groups, bool single) {
#pragma HLS INLINE  // part of the calling pipeline
ENTER:
  for (int bank = 0; bank < BANKS; ++bank) {
#pragma HLS UNROLL                                             // all in one clock
    const int position = (bank - bin.to_int()) & (BANKS - 1);  // in the stack, oldest first
    const int frame = single ? at - PAST : at - position;
    const int input = (single ? 0 : position * spec::BINS) + bin.to_int();
    const bool seen = single ? position == 0 : position < spec::CONTEXT;
    if (seen && frame >= 0 && frame < frames) {
      memory[address(0, input, frame / FRAME_LANES, groups)][bank][frame % FRAME_LANES] = feature;
    }
  }
}

// A magnitude; where memories are too narrow for it, its stream is refused and this is not used.
inline stored_t stored_of(magnitude_t magnitude) {
  return signed_bits_of<0, spec::STORED_BITS>(beat_t(magnitude));
}

// Fill the first layer's inputs: the seven frames before the block, unless frames are `single`,
// then the block's own; if they do not fit, take their magnitudes only.
inline void load(beat_stream& magnitudes, memory_t& memory, frames_t frames, groups_t groups,
                 bool log2, bool single, flag_t bank, flag_t reset, bool fit) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const flag_t next = 1 - bank;
  static stored_t context[2][PAST][spec::BINS];
  static level_t floors[2][spec::BINS];
LOAD_FRAME:
  for (int at = single ? PAST : 0; at < PAST + frames; ++at) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 39
  LOAD:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1  // as fast as magnitudes arrive
// One bank is read and the other written; a bin's floor is read 129 clocks after it was written,
// long after the write has left the pipeline.
#pragma HLS DEPENDENCE variable = context inter false
#pragma HLS DEPENDENCE variable = floors inter false
#pragma HLS DEPENDENCE variable = memory inter false
      stored_t feature = 0;
      if (at < PAST) {
        if (reset == 0) feature = context[bank][at][bin];
      } else {
        const magnitude_t magnitude = field<spec::MAGNITUDE_BEAT_MAGNITUDE>(magnitudes.read());
        const level_t level = log2_of(magnitude);
        // A single address, as the memory has one read port.
        const level_t kept = floors[at == PAST ? bank : next][bin];
        const level_t before = at == PAST && reset != 0 ? level : kept;
        const level_t floor = followed(before, level);
        floors[next][bin] = floor;
        feature = log2 ? stored_t(feature_of(level, floor)) : stored_of(magnitude);
      }
      if (fit) enter(memory, at, bin, feature, frames, groups, single);
      if (at >= frames) context[next][at - frames][bin] = feature;
    }
  }
}
