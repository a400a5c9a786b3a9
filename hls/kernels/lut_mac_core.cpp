// All layers of a network, run from one stream of codes.
//
// With the default geometry, of 16 lanes and 8 frame lanes:
//
//   codes -> gearbox -> 16 codes a step -> 16 LUTs -> 16 weights --+
//                                                                  v  (x 8 frames at once)
//   activation memories, 16 lanes x 8 frames ----------> 128 multipliers -> 8 adder trees
//        ^                                                                      |
//        +--- round, limit, activate <--- + bias <--- 8 x 4 accumulators <-------+
//
// A block of more than 8 frames is 2 to 4 groups of frames: each step takes as many clocks. In
// geometries by code (by_code.hpp), adders take the place of most multipliers.
#include "by_code.hpp"
#include "cores.hpp"
#include "recurrent.hpp"
#include "rows.hpp"
#include "stack.hpp"

namespace {

// Send the last layer's outputs, frame by frame; zeros if the stream was refused.
void send(const memory_t& memory, beat_stream& network, const Model& model, address_t from,
          frames_t frames, groups_t groups, bool refused) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
SEND_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  SEND:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1  // one beat per clock
      constexpr int ONE = 1 << spec::GAIN_FRAC;
      activation_t value = 0;
      if (!refused) {
        value = memory[address(from, bin.to_int(), frame / FRAME_LANES, groups)][bin % BANKS]
                      [frame % FRAME_LANES];
      }
      const bool is_gain = model.gain && !refused;
      const activation_t gain = saturate(value, activation_t(model.gain_floor), activation_t(ONE));
      const magnitude_t word = is_gain ? gain : value;
      network.write(placed<spec::NETWORK_BEAT_VALUE>(word) |
                    placed<spec::NETWORK_BEAT_IS_GAIN>(is_gain ? 1 : 0));
    }
  }
}

// Read the rest of a refused stream, which would otherwise precede the next one.
void drain(codes_stream& codes, Reader& reader) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
DRAIN:
  for (beats_t left = reader.left; left > 0; left = left - 1) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 822037
#pragma HLS PIPELINE II = 1  // one beat per clock
    next_beats(codes, reader);
  }
}

}  // namespace

void lut_mac_core(beat_stream& magnitude, codes_stream& codes, beat_stream& network,
                  frames_t frames, beats_t beats, flag_t bank, flag_t reset, beats_t raw_in,
                  beats_t raw_out, digest_t* digest) {
  // All frame lanes and banks are accessed at once; a memory has one read and one write port.
  static memory_t memory;
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 2
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 3
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = bram
  // A copy of 16 words for each lane: too small for a block RAM.
  lut_t lut;
#pragma HLS ARRAY_PARTITION variable = lut complete dim = 1
#pragma HLS BIND_STORAGE variable = lut type = ram_s2p impl = lutram
  biases_t biases;
  static states_t states;
#pragma HLS ARRAY_PARTITION variable = states complete dim = 3
  kept_t kept;
#pragma HLS BIND_STORAGE variable = kept type = ram_s2p impl = bram
  // Read in all lanes at once, and too small for block RAMs. Lanes beyond the last unit hold zeros
  // or old outputs, whose weights are 0.
  static recent_t recent;
#pragma HLS ARRAY_PARTITION variable = recent complete dim = 3
#pragma HLS BIND_STORAGE variable = recent type = ram_s2p impl = lutram
  const groups_t groups = (frames + FRAME_LANES - 1) / FRAME_LANES;
  if (accepted(frames) == 0) {
    *digest = 0;
    return;
  }
  Reader reader = {beats, 0};
  Model model = {};
  if (beats > 0) model = read_model(codes, reader);
  const bool raw = raw_in != 0;  // as the registers say; a model of the other kind is refused
  bool valid = model.valid && model.layers > 0 && model.raw == raw;
  if (raw) {
    valid = valid && rows_fit(model, frames, groups, raw_in);
    load_rows(magnitude, memory, model, groups, raw_in, valid);
  } else {
    // Magnitudes are as wide as activations can be.
    valid = valid && (model.log2 || spec::STORED_BITS == spec::ACTIVATION_BITS);
    const bool fit = frames_fit(model.single, groups);
    load(magnitude, memory, frames, groups, model.log2, model.single, bank, reset, fit);
  }

  // The inputs of a layer are at one end of the memory, its outputs at the other.
  address_t from = 0;
  width_t width = model.inputs;
  width_t remembered = 0;  // units of the memories so far
LAYERS:
  for (int i = 0; i < model.layers; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 4
    valid = valid && reader.left > 0;
    if (!valid) break;
    const Layer layer = read_layer(codes, reader);
    valid = runnable(layer, width, groups, remembered, reader);
    if (!valid) break;
    const address_t to = from == 0
                             ? address_t(spec::ACTIVATION_DEPTH - units(stored(layer)) * groups)
                             : address_t(0);
    load_lut(codes, reader, layer, lut);
    load_biases(codes, reader, layer, biases);
    if (spec::KEPT_DEPTH > 0 && recurs(layer)) {
      keep_codes(codes, reader, layer, kept);
      recall(states, recent, layer.units, remembered, bank, reset);
      recur(layer, kept, lut, biases, memory, states, recent, from, to, remembered, frames, groups,
            bank, reset);
    } else if (spec::BY_CODE) {
      by_code(codes, reader, layer, lut, biases, memory, from, to, frames, groups);
    } else {
      mac(codes, reader, layer, lut, biases, memory, from, to, frames, groups);
    }
    if (remembers(layer)) {
      remember(memory, states, to, layer.units, remembered, frames, groups, bank, reset);
    }
    if (remembers(layer) || recurs(layer)) remembered = remembered + layer.units;
    from = to;
    width = width_of(layer);
  }
  const bool fits = raw ? raw_out == beats_per_row(width, true) * frames : width == spec::BINS;
  valid = valid && fits && reader.left == 0;
  drain(codes, reader);
  if (raw) {
    send_rows(memory, network, width, from, groups, raw_out, !valid);
  } else {
    send(memory, network, model, from, frames, groups, !valid);
  }
  *digest = valid ? folded(reader.digest) : digest_t(0);
}
