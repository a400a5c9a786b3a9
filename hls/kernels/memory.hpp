// The activation memories: a layer's inputs are at one end, its outputs at the other.
#pragma once

#include "words.hpp"

constexpr int LANES = spec::LANES;
constexpr int FRAME_LANES = spec::FRAME_LANES;
constexpr int BANKS = spec::BANKS;
constexpr int MAX_GROUPS = (spec::BLOCK + FRAME_LANES - 1) / FRAME_LANES;

using groups_t = ap_uint<bits_for(MAX_GROUPS)>;  // number of groups of FRAME_LANES frames
// One address more than there are words, to represent the end.
using address_t = ap_uint<bits_for(spec::ACTIVATION_DEPTH)>;

// [address][bank][frame lane]: memories that are all read or written in one clock
using memory_t = stored_t[spec::ACTIVATION_DEPTH][BANKS][FRAME_LANES];

// Address of neuron `i` of a group of frames, in bank i % BANKS.
inline address_t address(address_t base, int i, groups_t group, groups_t groups) {
  return base + i / BANKS * groups + group;
}
