// One layer by code: activations are added by their code, one bucket per code and output, and each
// bucket is multiplied by its weight at the end: 16 products per output instead of one per input
// (PASM, parallel accumulate shared MAC: Garland and Gregg, arXiv:1801.10219). All sums are exact,
// so the outputs are those of mac.hpp.
//
//   an input's activations, one per frame --> + --> 16 buckets per output and frame
//                                                     |  drained while the next tile is added
//                                     16 weights --> multipliers
//                                                     |
//                        sums of 16 products --> requantisers --> activation memories
//
// A tile is the rows (outputs) whose codes for an input are one step: one row per lane, or one per
// two lanes, as a code of 8 bits is taken as two of 4 bits. Tiles are added input by input; groups
// of frames after the first take a tile's codes from a memory.
#pragma once

#include "buckets.hpp"

using replay_t = codes_t[spec::BY_CODE ? spec::MAX_WIDTH : 1];  // a tile's codes

// Clocks of a tile, at least: the drain starts a clock late, when the last sum is in its bucket.
constexpr int LEAST_TILE = DRAIN + 1;

// A turn's sums are requantised during the next turn; a requantiser takes one of them per clock.
constexpr int ALL_SUMS = MULTIPLIERS * FRAME_LANES;
constexpr int REQUANTISERS = ALL_SUMS > CODES ? ALL_SUMS / CODES : 1;
constexpr int SHARED = MULTIPLIERS / REQUANTISERS;  // multipliers per requantiser
static_assert(SHARED * FRAME_LANES <= CODES, "the requantisers are done with a turn in time");
static_assert(!spec::BY_CODE || BANKS % (2 * MULTIPLIERS) == 0,
              "the rows of a turn lie in different banks, at the same address");

// A tile's rows for a group of frames.
struct Tile {
  bool live;
  width_t row;  // the first one
  groups_t group;
};

// The frames of its group.
inline frames_t live(const Tile& tile, frames_t frames) {
  const int left = frames - tile.group * FRAME_LANES;
  return left < FRAME_LANES ? left : FRAME_LANES;
}

// A row whose buckets are drained.
struct Row {
  width_t row;
  ap_uint<2> gate;  // row % GATES
  accumulator_t bias;
};
using turn_t = Row[MULTIPLIERS];

// The row of a multiplier's lane; lanes without a row have padding for codes.
inline Row row_of(const Tile& tile, int lane, const Layer& layer, const biases_t& biases) {
#pragma HLS INLINE  // part of the calling pipeline
  Row found;
  found.row = tile.row + (layer.code_bits == 8 ? lane / 2 : lane);
  found.gate = found.row % GATES;
  found.bias = found.row < layer.outputs ? bias_of(biases, layer, found.row) : accumulator_t(0);
  return found;
}

// Requantise a frame's sums, one per requantiser, and store the outputs. Multipliers that share a
// requantiser take it one after the other, at `clock`.
inline void store(const sums_t& sums, const turn_t& rows, int clock, groups_t group, frames_t live,
                  const Layer& layer, memory_t& memory, address_t to, groups_t groups) {
#pragma HLS INLINE  // part of the calling pipeline
  const int frame = clock % FRAME_LANES;
  const address_t write = address(to, rows[0].row.to_int(), group, groups);
  stored_t outputs[BANKS];
  bool given[BANKS] = {};
#pragma HLS ARRAY_PARTITION variable = outputs complete
#pragma HLS ARRAY_PARTITION variable = given complete
REQUANTISE:
  for (int i = 0; i < REQUANTISERS; ++i) {
#pragma HLS UNROLL  // all requantisers in one clock
    const int at = i * SHARED + clock / FRAME_LANES;
    const Row row = rows[at];
    if (row.row >= layer.outputs || frame >= live) continue;
    const ap_int<BUCKET_BITS + WEIGHTED_BITS> high = sums[at][frame].high;
    const accumulator_t sum = (high << LOW_BITS) + sums[at][frame].low + row.bias;
    outputs[row.row % BANKS] = requantise(sum, layer, row.gate);
    given[row.row % BANKS] = true;
  }
STORE:
  for (int bank = 0; bank < BANKS; ++bank) {
#pragma HLS UNROLL  // one write port per memory
    if (given[bank]) memory[write][bank][frame] = outputs[bank];
  }
}

// The tile or group of frames after this one.
inline Tile after(const Tile& tile, const Layer& layer, groups_t groups) {
  const bool last = tile.group + 1 == groups;
  Tile next;
  next.group = last ? groups_t(0) : groups_t(tile.group + 1);
  next.row = last ? width_t(tile.row + step_codes(layer)) : tile.row;
  next.live = next.row < layer.outputs;
  return next;
}

// The codes of a tile's input: from the stream for the first group of frames, then as they were.
inline codes_t codes_of(codes_stream& codes, Reader& reader, const Layer& layer, Gearbox& box,
                        replay_t& replay, groups_t group, width_t input) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  if (group != 0) return replay[input];
  const codes_t found = next_codes(codes, reader, box, step_quarters(layer.code_bits));
  replay[input] = found;
  return found;
}

// Let a turn's sums wait for the requantisers, as the next turn's products follow at once.
inline void hand_on(const sums_t& sums, const turn_t& rows, sums_t& waiting, turn_t& waiting_rows) {
#pragma HLS INLINE  // part of the calling pipeline
HAND_ON:
  for (int i = 0; i < MULTIPLIERS; ++i) {
#pragma HLS UNROLL  // all sums in one clock
    waiting_rows[i] = rows[i];
  HAND_ON_FRAMES:
    for (int frame = 0; frame < FRAME_LANES; ++frame) {
#pragma HLS UNROLL  // all frames, too
      waiting[i][frame] = sums[i][frame];
    }
  }
}

// Run a layer: add the inputs of each tile and group of frames, and drain the one before.
inline void by_code(codes_stream& codes, Reader& reader, const Layer& layer, const lut_t& lut,
                    const biases_t& biases, memory_t& memory, address_t from, address_t to,
                    frames_t frames, groups_t groups) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  // LUTs as memories of 32 words, one copy to add to and one to drain.
  buckets_t buckets;
#pragma HLS ARRAY_PARTITION variable = buckets complete dim = 2
#pragma HLS ARRAY_PARTITION variable = buckets complete dim = 3
#pragma HLS BIND_STORAGE variable = buckets type = ram_1wnr impl = lutram
  replay_t replay;
#pragma HLS BIND_STORAGE variable = replay type = ram_s2p impl = bram
  // Registers: all are used in every clock.
  latest_t latest;
  slots_t slots = {};
  used_t used;
  sums_t sums, waiting;
  turn_t rows, waiting_rows;
#pragma HLS ARRAY_PARTITION variable = latest complete dim = 0
#pragma HLS ARRAY_PARTITION variable = slots complete
#pragma HLS ARRAY_PARTITION variable = used complete dim = 0
#pragma HLS ARRAY_PARTITION variable = sums complete dim = 0
#pragma HLS ARRAY_PARTITION variable = waiting complete dim = 0
#pragma HLS ARRAY_PARTITION variable = rows complete
#pragma HLS ARRAY_PARTITION variable = waiting_rows complete
  Gearbox box = empty_box();
  Tile tile = {true, 0, 0}, drained = {false, 0, 0}, finished = {false, 0, 0};
  flag_t half = 0;       // of the buckets, that is added to
  width_t at = 0;        // clock of the tile
  ap_uint<5> clock = 0;  // since a turn's sums wait
  const width_t span = layer.inputs > LEAST_TILE ? layer.inputs : width_t(LEAST_TILE);
  const int clocks = tiles(layer).to_int() * groups.to_int() * span.to_int() + LEAST_TILE + CODES;
BY_CODE:
  for (int i = 0; i < clocks; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 274 max = 524433
#pragma HLS PIPELINE II = 1  // one input per clock
// Inputs and outputs are different words: the loop never reads what it writes.
#pragma HLS DEPENDENCE variable = memory inter false
// A group's codes are read at least 129 clocks after they were written.
#pragma HLS DEPENDENCE variable = replay inter false
// No bucket is read in the clock after it was written: its sum is taken from `latest`, and the
// drain starts a clock late.
#pragma HLS DEPENDENCE variable = buckets inter RAW distance = 2 true
    if (finished.live && clock < SHARED * FRAME_LANES) {
      store(waiting, waiting_rows, clock, finished.group, live(finished, frames), layer, memory, to,
            groups);
    }
    clock = clock < CODES ? ap_uint<5>(clock + 1) : clock;
    if (drained.live && at > 0 && at <= DRAIN) {
      const int code = (at - 1) % CODES, turn = (at - 1) / CODES;
      multiply(code, turn, 1 - half, layer, lut, live(drained, frames), buckets, used, sums);
      if (code < MULTIPLIERS) {
        rows[code] = row_of(drained, lane_of(turn, code), layer, biases);
      }
      if (code == CODES - 1 && (layer.code_bits < 8 || turn % 2 != 0)) {
        hand_on(sums, rows, waiting, waiting_rows);
        finished = drained;
        clock = 0;
      }
    }
    if (tile.live && at < layer.inputs) {
      const codes_t step = codes_of(codes, reader, layer, box, replay, tile.group, at);
      const address_t read = address(from, at.to_int(), tile.group, groups);
      stored_t values[FRAME_LANES];
#pragma HLS ARRAY_PARTITION variable = values complete
    VALUES:
      for (int frame = 0; frame < FRAME_LANES; ++frame) {
#pragma HLS UNROLL  // all frames in one clock
        values[frame] = memory[read][at % BANKS][frame];
      }
      add(step, layer, values, half, at == 0, live(tile, frames), buckets, latest, slots, used);
    }
    if (at + 1 < span) {
      at = at + 1;
    } else {
      at = 0;
      half = 1 - half;
      drained = tile;
      tile = after(tile, layer, groups);
    }
  }
}
