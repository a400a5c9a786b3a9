// All layers of a network from one stream of codes.
//
//   codes -> gearbox -> 16 codes a step -> 16 LUTs -> 16 weights --+
//                                                                  v  (x 8 frames at once)
//   activation memories, 16 lanes x 8 frames ----------> 128 multipliers -> 8 adder trees
//        ^                                                                      |
//        +--- round, saturate, ReLU <--- + bias <--- 8 x 4 accumulators <-------+
//
// A block of more than 8 frames is 2 to 4 groups: each step is held for as many clocks.
#include "cores.hpp"
#include "features.hpp"
#include "layer.hpp"

namespace {

constexpr int LANES = spec::LANES;
constexpr int FRAME_LANES = spec::FRAME_LANES;
constexpr int MAX_GROUPS = (spec::MAX_BLOCK + FRAME_LANES - 1) / FRAME_LANES;
constexpr int PAST = spec::CONTEXT - 1;  // frames of context before the first
static_assert(FRAME_LANES >= spec::CONTEXT, "the stacks that a frame enters lie in different lanes");
static_assert(2 * ((spec::MAX_WIDTH + LANES - 1) / LANES) <= spec::ACTIVATION_DEPTH,
              "the widest layer's inputs and outputs fit at once");

// word [frame lane][lane] of an address: 128 memories that are read, or written, in one clock
using memory_t = activation_t[spec::ACTIVATION_DEPTH][FRAME_LANES][LANES];
using lut_t = weight_t[LANES][spec::LUT_ENTRIES];  // a copy for each lane, as a memory has few ports
using biases_t = beat_t[spec::MAX_WIDTH / BIASES_PER_BEAT];

// Where neuron `i` of frame `frame` lies: lane i % 16 of frame lane frame % 8, at this address.
address_t address(address_t base, int i, frames_t frame, groups_t groups) {
  return base + i / LANES * groups + frame / FRAME_LANES;
}

// A feature of frame `at` (counted from the oldest frame of context) enters the stacks of the
// frames at - 7 to at, which lie in eight different lanes: eight memories are written at once.
void enter(memory_t& memory, int at, bin_t bin, activation_t feature, frames_t frames,
           groups_t groups) {
ENTER:
  for (int lane = 0; lane < FRAME_LANES; ++lane) {
#pragma HLS UNROLL
    const int position = (at - lane) & (FRAME_LANES - 1);  // in the stack, oldest first
    const int frame = at - position;
    const int input = position * spec::BINS + bin.to_int();
    if (position < spec::CONTEXT && frame >= 0 && frame < frames) {
      memory[address(0, input, frame, groups)][lane][input % LANES] = feature;
    }
  }
}

// Fill the first layer's inputs: the seven frames before the block, then the block's own.
void load(beat_stream& magnitudes, memory_t& memory, frames_t frames, groups_t groups, bool log2,
          bool bank, bool reset) {
  static activation_t context[2][PAST][spec::BINS];
  static level_t floors[2][spec::BINS];
LOAD_FRAME:
  for (int at = 0; at < PAST + frames; ++at) {
#pragma HLS LOOP_TRIPCOUNT min = 8 max = 39
  LOAD:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1  // as fast as magnitudes come
// One bank is read and the other written; a bin's floor is read again 129 clocks after it was
// written, long after the pipeline is through.
#pragma HLS DEPENDENCE variable = context inter false
#pragma HLS DEPENDENCE variable = floors inter false
#pragma HLS DEPENDENCE variable = memory inter false
      activation_t feature = 0;
      if (at < PAST) {
        if (!reset) feature = context[bank][at][bin];
      } else {
        const magnitude_t magnitude =
            field<spec::MAGNITUDE_BEAT_MAGNITUDE_LOW, spec::MAGNITUDE_BEAT_MAGNITUDE_BITS>(magnitudes.read());
        const level_t level = log2_of(magnitude);
        const level_t before = at > PAST ? floors[!bank][bin] : reset ? level : floors[bank][bin];
        const level_t floor = followed(before, level);
        floors[!bank][bin] = floor;
        feature = log2 ? feature_of(level, floor) : activation_t(magnitude);
      }
      enter(memory, at, bin, feature, frames, groups);
      if (at >= frames) context[!bank][at - frames][bin] = feature;
    }
  }
}

// Decode the entries once, so that a step only looks them up (paper, eq. (8)).
void load_lut(beat_stream& codes, Reader& reader, const Layer& layer, lut_t& lut) {
  if (lut_beats(layer) == 0) return;  // 8-bit codes are the weights themselves
  beat_t beat = 0;
LUT:
  for (int i = 0; i < spec::LUT_ENTRIES; ++i) {
#pragma HLS PIPELINE II = 1
    beat = i % ENTRIES_PER_BEAT == 0 ? next_beat(codes, reader) : beat >> spec::LUT_ENTRY_BITS;
    const weight_t mantissa =
        signed_field<spec::LUT_ENTRY_MANTISSA_LOW, spec::LUT_ENTRY_MANTISSA_BITS>(beat);
    const bool internal = field<spec::LUT_ENTRY_INTERNAL_LOW, 1>(beat) != 0;
  COPIES:
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL
      lut[lane][i] = internal ? mantissa : mantissa << layer.k;
    }
  }
}

void load_biases(beat_stream& codes, Reader& reader, const Layer& layer, biases_t& biases) {
BIAS:
  for (int i = 0; i < bias_beats(layer); ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 256
#pragma HLS PIPELINE II = 1
    biases[i] = next_beat(codes, reader);
  }
}

// The bias of a neuron, on the accumulator's grid.
accumulator_t bias_of(const biases_t& biases, const Layer& layer, width_t row) {
  const beat_t beat = biases[row / BIASES_PER_BEAT] >> (row % BIASES_PER_BEAT * spec::BIAS_BITS);
  return accumulator_t(signed_field<0, spec::BIAS_BITS>(beat)) << layer.bias_shift;
}

// Code `lane` of a step: one of three fixed places, as codes have 2, 3 or 4 bits.
ap_uint<4> code_at(beat_t codes, int lane, const Layer& layer) {
  const ap_uint<2> two = (codes >> (2 * lane)) & 3;
  const ap_uint<3> three = (codes >> (3 * lane)) & 7;
  const ap_uint<4> four = (codes >> (4 * lane)) & 15;
  return layer.code_bits == 2 ? ap_uint<4>(two) : layer.code_bits == 3 ? ap_uint<4>(three) : four;
}

// The weights of a step; 0 for lanes beyond the row's end, and for the half of the lanes that
// 8 codes of 8 bits do not reach.
void decode(beat_t codes, const Layer& layer, const lut_t& lut, int step, weight_t (&weights)[LANES]) {
  const bool direct = layer.code_bits == 8;
  const int unit = direct ? step / 2 : step;
DECODE:
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL
    const int byte = lane % (LANES / 2);
    const weight_t value = signed_field<0, 8>(codes >> (8 * byte));
    const bool other_half = direct && lane / (LANES / 2) != step % 2;
    const bool beyond = unit * LANES + lane >= layer.inputs;
    const weight_t weight = direct ? value : lut[lane][code_at(codes, lane, layer)];
    weights[lane] = other_half || beyond ? weight_t(0) : weight;
  }
}

// 16 products, added in a tree. That no sum overflows is proved when a model is built (formats.py).
accumulator_t products(const weight_t (&weights)[LANES], const activation_t (&activations)[LANES]) {
#pragma HLS INLINE
  accumulator_t sum = 0;
PRODUCTS:
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL
    using product_t = ap_int<spec::ACTIVATION_BITS + spec::WEIGHT_BITS>;
    const product_t product = activations[lane] * weights[lane];
    sum = sum + product;
  }
  return sum;
}

// The accumulator as the layer's output word.
activation_t requantise(accumulator_t sum, const Layer& layer) {
  const accumulator_t high = (accumulator_t(1) << layer.output_bits) - 1;
  const accumulator_t low = layer.relu ? accumulator_t(0) : accumulator_t(-high - 1);
  return saturate(round_shift(sum, layer.shift.to_int()), low, high);
}

// Run a layer: `outputs` rows of `steps` steps, each held for `groups` clocks.
void mac(beat_stream& codes, Reader& reader, const Layer& layer, const lut_t& lut,
         const biases_t& biases, memory_t& memory, address_t from, address_t to, frames_t frames,
         groups_t groups) {
  accumulator_t accumulators[MAX_GROUPS][FRAME_LANES];
#pragma HLS ARRAY_PARTITION variable = accumulators complete dim = 0  // all are added to at once
  weight_t weights[LANES];
#pragma HLS ARRAY_PARTITION variable = weights complete
  Gearbox box = {0, 0};
  width_t row = 0;
  ap_uint<9> step = 0;
  groups_t group = 0;
  const ap_uint<9> last_step = steps(layer) - 1;
  const int clocks = layer.outputs.to_int() * steps(layer).to_int() * groups.to_int();
MAC:
  for (int clock = 0; clock < clocks; ++clock) {
#pragma HLS LOOP_TRIPCOUNT min = 1161 avg = 74816 max = 2097152
#pragma HLS PIPELINE II = 1  // a beat of 4-bit codes a clock
// Inputs and outputs are different words: read here, written there.
#pragma HLS DEPENDENCE variable = memory inter false
    if (group == 0) decode(next_codes(codes, reader, box, step_quarters(layer.code_bits)), layer, lut, step.to_int(), weights);
    const int input = (layer.code_bits == 8 ? step.to_int() / 2 : step.to_int()) * LANES;
  FRAMES:
    for (int lane = 0; lane < FRAME_LANES; ++lane) {
#pragma HLS UNROLL
      const frames_t frame = group * FRAME_LANES + lane;
      if (frame < frames) {
        const accumulator_t before =
            step == 0 ? bias_of(biases, layer, row) : accumulators[group][lane];
        const accumulator_t sum =
            before + products(weights, memory[address(from, input, frame, groups)][lane]);
        accumulators[group][lane] = sum;
        if (step == last_step) {
          memory[address(to, row.to_int(), frame, groups)][lane][row % LANES] = requantise(sum, layer);
        }
      }
    }
    if (group + 1 < groups) {
      group = group + 1;
    } else {
      group = 0;
      row = step == last_step ? width_t(row + 1) : row;
      step = step == last_step ? ap_uint<9>(0) : ap_uint<9>(step + 1);
    }
  }
}

// Give the last layer's outputs, frame by frame; zeros if the stream was refused.
void send(const memory_t& memory, beat_stream& network, const Model& model, address_t from,
          frames_t frames, groups_t groups, bool refused) {
SEND_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  SEND:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1
      constexpr int ONE = 1 << spec::GAIN_FRAC;
      const activation_t value =
          memory[address(from, bin.to_int(), frame, groups)][frame % FRAME_LANES][bin % LANES];
      const activation_t gain =
          saturate(value, activation_t(model.gain_floor), activation_t(ONE));
      const magnitude_t word = refused ? activation_t(0) : model.gain ? gain : value;
      network.write((beat_t(word) << spec::NETWORK_BEAT_VALUE_LOW) |
                    (beat_t(model.gain) << spec::NETWORK_BEAT_IS_GAIN_LOW));
    }
  }
}

// What a refused stream still holds must not stand in the way of the next one.
void drain(beat_stream& codes, Reader& reader) {
DRAIN:
  for (beats_t left = reader.left; left > 0; left = left - 1) {
#pragma HLS LOOP_TRIPCOUNT min = 0 max = 524288
#pragma HLS PIPELINE II = 1
    next_beat(codes, reader);
  }
}

}  // namespace

void lut_mac_core(beat_stream& magnitude, beat_stream& codes, beat_stream& network,
                  frames_t frames, beats_t beats, bool bank, bool reset, digest_t& digest) {
  static memory_t memory;
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 2  // 8 frames at once
#pragma HLS ARRAY_PARTITION variable = memory complete dim = 3  // 16 lanes of each
#pragma HLS BIND_STORAGE variable = memory type = ram_s2p impl = bram  // one read, one write
  lut_t lut;
#pragma HLS ARRAY_PARTITION variable = lut complete dim = 1
#pragma HLS BIND_STORAGE variable = lut type = ram_s2p impl = lutram  // 16 words: too few for a BRAM
  biases_t biases;
  const groups_t groups = (frames + FRAME_LANES - 1) / FRAME_LANES;
  digest = 0;
  if (frames == 0 || frames > spec::MAX_BLOCK) return;
  Reader reader = {beats, 0};
  const Model model = read_model(codes, reader);
  bool valid = model.valid && model.layers > 0;
  load(magnitude, memory, frames, groups, model.log2, bank, reset);

  // The inputs of a layer lie at one end of the memory, its outputs at the other.
  address_t from = 0;
  width_t width = spec::CONTEXT * spec::BINS;
LAYERS:
  for (int i = 0; i < model.layers; ++i) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 4
    if (!valid) break;
    const Layer layer = read_layer(codes, reader);
    valid = runnable(layer, width, groups, reader);
    if (!valid) break;
    const address_t to = from == 0 ? address_t(spec::ACTIVATION_DEPTH - units(layer.outputs) * groups) : address_t(0);
    load_lut(codes, reader, layer, lut);
    load_biases(codes, reader, layer, biases);
    mac(codes, reader, layer, lut, biases, memory, from, to, frames, groups);
    from = to;
    width = layer.outputs;
  }
  valid = valid && width == spec::BINS && reader.left == 0;
  drain(codes, reader);
  send(memory, network, model, from, frames, groups, !valid);
  digest = valid ? digest_of(reader) : digest_t(0);
}
