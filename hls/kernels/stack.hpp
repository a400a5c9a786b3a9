// The network's inputs: each frame's features, by themselves or stacked with those of the seven
// frames before it.
#pragma once

#include "features.hpp"
#include "memory.hpp"

constexpr int PAST = spec::CONTEXT - 1;  // frames of context before the first
static_assert(FRAME_LANES >= spec::CONTEXT, "the stacks of a frame are in different lanes");

// A feature of frame `at` (counted from the oldest frame of context) enters the stacks of the
// frames at - 7 to at, which are in eight different lanes: eight memories are written at once.
inline void enter(memory_t& memory, int at, bin_t bin, activation_t feature, frames_t frames,
                  groups_t groups, bool single) {
#pragma HLS INLINE  // part of the calling pipeline
ENTER:
  for (int lane = 0; lane < FRAME_LANES; ++lane) {
#pragma HLS UNROLL                                         // all eight in one clock
    const int position = (at - lane) & (FRAME_LANES - 1);  // in the stack, oldest first
    const int frame = at - position;
    const int input = (single ? 0 : position * spec::BINS) + bin.to_int();
    const bool seen = single ? position == PAST : position < spec::CONTEXT;
    if (seen && frame >= 0 && frame < frames) {
      memory[address(0, input, frame / FRAME_LANES, groups)][lane][input % LANES] = feature;
    }
  }
}

// Fill the first layer's inputs: the seven frames before the block, unless frames are `single`,
// then the block's own.
inline void load(beat_stream& magnitudes, memory_t& memory, frames_t frames, groups_t groups,
                 bool log2, bool single, flag_t bank, flag_t reset) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const flag_t next = 1 - bank;
  static activation_t context[2][PAST][spec::BINS];
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
      activation_t feature = 0;
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
        feature = log2 ? feature_of(level, floor) : activation_t(magnitude);
      }
      enter(memory, at, bin, feature, frames, groups, single);
      if (at >= frames) context[next][at - frames][bin] = feature;
    }
  }
}
