// Buckets of the kernel by code (by_code.hpp): activations are added by their code, then each
// bucket is multiplied by the weight of its code.
#pragma once

#include "mac.hpp"

constexpr int CODES = spec::LUT_ENTRIES;
constexpr int TURNS = 8;                    // lanes that share a multiplier, one after the other
constexpr int MULTIPLIERS = LANES / TURNS;  // per frame lane
constexpr int DRAIN = TURNS * CODES;        // clocks to multiply all buckets of a tile

// A sum of up to 2048 activations.
constexpr int BUCKET_BITS = spec::STORED_BITS + bits_for(spec::MAX_WIDTH - 1);
using bucket_t = ap_int<BUCKET_BITS>;

// A sum of products. The low and the high bits of buckets are multiplied apart, as a DSP48E1 takes
// 25 signed bits, and added up when all products are there: that saves an adder per multiplier.
constexpr int LOW_BITS = 24;
constexpr int WEIGHTED_BITS = spec::WEIGHT_BITS + bits_for(CODES - 1);  // of 16 products, besides
using low_t = ap_int<LOW_BITS + WEIGHTED_BITS>;
using high_t = ap_int<BUCKET_BITS - LOW_BITS + WEIGHTED_BITS>;
struct Split {
  low_t low;
  high_t high;
};

// [code, in either half][lane][frame lane]: one half is added to while the other one is drained.
using slot_t = ap_uint<5>;
using buckets_t = bucket_t[2 * CODES][LANES][FRAME_LANES];
using latest_t = bucket_t[LANES][FRAME_LANES];  // each lane's last sums, of slot `slots[lane]`
using slots_t = slot_t[LANES];
using used_t = ap_uint<CODES>[2][LANES];  // buckets that hold a sum of this tile: others are 0
using sums_t = Split[MULTIPLIERS][FRAME_LANES];

// The lane that a multiplier drains in a turn. Turns come in pairs, for the two lanes of a code of
// 8 bits.
constexpr int lane_of(int turn, int multiplier) {
  return turn / 2 * 2 * MULTIPLIERS + 2 * multiplier + turn % 2;
}

// Add an input's activations, of the first `live` frame lanes, to the buckets of its codes. A sum
// is written a clock too late for the next input to read it: if that has the same code, the sum is
// taken from `latest`.
inline void add(const codes_t& codes, const Layer& layer, const stored_t (&values)[FRAME_LANES],
                flag_t half, bool first, frames_t live, buckets_t& buckets, latest_t& latest,
                slots_t& slots, used_t& used) {
#pragma HLS INLINE  // part of the calling pipeline
ADD:
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL  // all lanes in one clock
    const ap_uint<4> code = code_at(codes, lane, layer);
    const slot_t slot = half * CODES + code;
    const ap_uint<CODES> before = first ? ap_uint<CODES>(0) : used[half][lane];
    const bool fresh = ((before >> code) & 1) == 0, again = slot == slots[lane];
  ADD_FRAMES:
    for (int frame = 0; frame < FRAME_LANES; ++frame) {
#pragma HLS UNROLL  // all frames, too
      if (frame >= live) continue;
      const bucket_t held = again ? latest[lane][frame] : buckets[slot][lane][frame];
      const bucket_t sum = (fresh ? bucket_t(0) : held) + values[frame];
      latest[lane][frame] = sum;
      buckets[slot][lane][frame] = sum;
    }
    slots[lane] = slot;
    used[half][lane] = before | (1 << code.to_int());
  }
}

// The weight of a code of 4 bits, or of the lower or upper half of a code of 8 bits.
inline weight_t weight_of(int code, const Layer& layer, const lut_t& lut, bool upper) {
#pragma HLS INLINE  // part of the calling pipeline
  const int half = !upper ? code : code < CODES / 2 ? CODES * code : CODES * (code - CODES);
  return layer.code_bits == 8 ? weight_t(half) : lut[0][code];
}

// Multiply a code's buckets, of one lane per multiplier, and add the products up.
inline void multiply(int code, int turn, flag_t half, const Layer& layer, const lut_t& lut,
                     frames_t live, const buckets_t& buckets, const used_t& used, sums_t& sums) {
#pragma HLS INLINE  // part of the calling pipeline
  const bool upper = turn % 2 != 0;
  const bool first = code == 0 && !(layer.code_bits == 8 && upper);
  const weight_t weight = weight_of(code, layer, lut, upper);
  const slot_t slot = half * CODES + code;
MULTIPLY:
  for (int i = 0; i < MULTIPLIERS; ++i) {
#pragma HLS UNROLL  // all multipliers in one clock
    const int lane = lane_of(turn, i);
    const bool empty = ((used[half][lane] >> code) & 1) == 0;
  MULTIPLY_FRAMES:
    for (int frame = 0; frame < FRAME_LANES; ++frame) {
#pragma HLS UNROLL  // all frames, too
      if (frame >= live) continue;
      const bucket_t bucket = empty ? bucket_t(0) : buckets[slot][lane][frame];
      const ap_uint<LOW_BITS> low = bucket & ((1 << LOW_BITS) - 1);
      const ap_int<BUCKET_BITS - LOW_BITS> high = bucket >> LOW_BITS;
      Split& sum = sums[i][frame];
      sum.low = (first ? low_t(0) : sum.low) + low * weight;
      sum.high = (first ? high_t(0) : sum.high) + high * weight;
    }
  }
}
