// The activation memories: a layer's inputs are at one end, its outputs at the other.
#pragma once

#include "words.hpp"

constexpr int LANES = spec::LANES;
constexpr int FRAME_LANES = spec::FRAME_LANES;
constexpr int MAX_GROUPS = (spec::MAX_BLOCK + FRAME_LANES - 1) / FRAME_LANES;

using groups_t = ap_uint<3>;  // number of groups of FRAME_LANES frames
static_assert(MAX_GROUPS < 1 << 3, "groups are counted in 3 bits");
using address_t = ap_uint<10>;  // one bit more than an address, to represent the end
static_assert(spec::ACTIVATION_DEPTH < 1 << 10, "addresses and their end have 10 bits");
static_assert(2 * ((spec::MAX_WIDTH + LANES - 1) / LANES) <= spec::ACTIVATION_DEPTH,
              "the widest layer's inputs and outputs fit at once");

// [address][frame lane][lane]: 128 memories, all read or written in one clock
using memory_t = activation_t[spec::ACTIVATION_DEPTH][FRAME_LANES][LANES];

// Address of neuron `i` of a group of frames, in the memory of lane i % 16.
inline address_t address(address_t base, int i, groups_t group, groups_t groups) {
  return base + i / LANES * groups + group;
}
