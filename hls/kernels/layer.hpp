// Headers of the model and of its layers in the stream of codes.
#pragma once

#include "gearbox.hpp"
#include "memory.hpp"

using width_t = ap_uint<12>;
static_assert(spec::MAX_WIDTH < 1 << 12, "widths are counted in 12 bits");

struct Model {
  bool valid, log2, gain, raw, wide, single;
  ap_uint<spec::MODEL_BEAT_LAYERS::BITS> layers;
  width_t inputs;  // of a raw network
  ap_uint<spec::MODEL_BEAT_GAIN_FLOOR::BITS> gain_floor;
};

inline Model read_model(codes_stream& codes, Reader& reader) {
  const beat_t beat = next_beat(codes, reader);
  Model model;
  model.valid = field<spec::MODEL_BEAT_MAGIC>(beat) == spec::STREAM_MAGIC &&
                field<spec::MODEL_BEAT_VERSION>(beat) == spec::STREAM_VERSION;
  model.log2 = field<spec::MODEL_BEAT_LOG2>(beat) != 0;
  model.gain = field<spec::MODEL_BEAT_GAIN>(beat) != 0;
  model.raw = field<spec::MODEL_BEAT_RAW>(beat) != 0;
  model.wide = field<spec::MODEL_BEAT_WIDE>(beat) != 0;
  model.single = field<spec::MODEL_BEAT_SINGLE>(beat) != 0;
  model.layers = field<spec::MODEL_BEAT_LAYERS>(beat);
  model.inputs = model.raw      ? width_t(field<spec::MODEL_BEAT_INPUTS>(beat))
                 : model.single ? width_t(spec::BINS)
                                : width_t(spec::CONTEXT * spec::BINS);
  model.gain_floor = field<spec::MODEL_BEAT_GAIN_FLOOR>(beat);
  return model;
}

struct Layer {
  width_t inputs, outputs;
  ap_uint<spec::LAYER_BEAT_CODE_BITS::BITS> code_bits;
  ap_uint<spec::LAYER_BEAT_K::BITS> k;
  ap_uint<spec::LAYER_BEAT_SHIFT::BITS> shift;
  ap_uint<spec::LAYER_BEAT_BIAS_SHIFT::BITS> bias_shift;
  ap_uint<spec::LAYER_BEAT_OUTPUT_BITS::BITS> output_bits;
  bool relu, wide_bias, whole;  // whole: no beat of the header is missing
  ap_uint<spec::LAYER_BEAT_ACTIVATION::BITS> activation;
  activation_t low, high;                             // limits of a clip
  width_t units;                                      // of a memory or GRU
  ap_uint<spec::ACTIVATION_BEAT_ALIGN::BITS> align;   // left shift of a GRU's inputs
  ap_uint<spec::ACTIVATION_BEAT_SHIFT::BITS> places;  // shift of a leaky ReLU, sigmoid or tanh
};

inline Layer read_layer(codes_stream& codes, Reader& reader) {
  const beat_t beat = next_beat(codes, reader);
  Layer layer;
  layer.inputs = field<spec::LAYER_BEAT_INPUTS>(beat);
  layer.outputs = field<spec::LAYER_BEAT_OUTPUTS>(beat);
  layer.code_bits = field<spec::LAYER_BEAT_CODE_BITS>(beat);
  layer.k = field<spec::LAYER_BEAT_K>(beat);
  layer.shift = field<spec::LAYER_BEAT_SHIFT>(beat);
  layer.bias_shift = field<spec::LAYER_BEAT_BIAS_SHIFT>(beat);
  layer.output_bits = field<spec::LAYER_BEAT_OUTPUT_BITS>(beat);
  layer.relu = field<spec::LAYER_BEAT_RELU>(beat) != 0;
  layer.wide_bias = field<spec::LAYER_BEAT_WIDE_BIAS>(beat) != 0;
  layer.activation = field<spec::LAYER_BEAT_ACTIVATION>(beat);
  layer.whole = layer.activation == 0 || reader.left > 0;
  beat_t more = 0;
  if (layer.activation != 0 && layer.whole) more = next_beat(codes, reader);
  layer.low = signed_field<spec::ACTIVATION_BEAT_LOW>(more);
  layer.high = signed_field<spec::ACTIVATION_BEAT_HIGH>(more);
  layer.units = field<spec::ACTIVATION_BEAT_UNITS>(more);
  layer.align = field<spec::ACTIVATION_BEAT_ALIGN>(more);
  layer.places = field<spec::ACTIVATION_BEAT_SHIFT>(more);
  return layer;
}

// Number of words, of BANKS activations each, for `width` neurons.
inline ap_uint<10> units(width_t width) { return (width + BANKS - 1) / BANKS; }

// Codes per step: one per lane, or half as many of 8 bits.
inline ap_uint<6> step_codes(const Layer& layer) {
  return layer.code_bits == 8 ? LANES / 2 : LANES;
}

// Steps per row of a layer that runs by rows.
inline ap_uint<10> steps(const Layer& layer) {
  return (layer.inputs + step_codes(layer) - 1) / step_codes(layer);
}

// Tiles of rows of a layer that runs by code: a step is the codes of a tile for one input.
inline ap_uint<10> tiles(const Layer& layer) {
  return (layer.outputs + step_codes(layer) - 1) / step_codes(layer);
}

constexpr int ENTRIES_PER_BEAT = spec::BEAT_BITS / spec::LUT_ENTRY_BITS;
constexpr int LUT_BEATS = spec::LUT_ENTRIES / ENTRIES_PER_BEAT;
constexpr int BIASES_PER_BEAT = spec::BEAT_BITS / spec::BIAS_BITS;
constexpr int WIDE_BIASES_PER_BEAT = spec::BEAT_BITS / spec::WIDE_BIAS_BITS;

inline ap_uint<3> lut_beats(const Layer& layer) { return layer.code_bits == 8 ? 0 : LUT_BEATS; }
inline ap_uint<10> bias_beats(const Layer& layer) {
  return layer.wide_bias ? (layer.outputs + WIDE_BIASES_PER_BEAT - 1) / WIDE_BIASES_PER_BEAT
                         : (layer.outputs + BIASES_PER_BEAT - 1) / BIASES_PER_BEAT;
}

constexpr int GATES = 3;  // sums per unit of a memory or GRU

inline bool remembers(const Layer& layer) { return layer.activation == spec::ACTIVATION_MEMORY; }
inline bool recurs(const Layer& layer) { return layer.activation == spec::ACTIVATION_GRU; }

// Beats of each port for the codes, which are whole steps; recurrent layers run by rows always.
inline beats_t code_beats(const Layer& layer) {
  const bool by_code = spec::BY_CODE && !recurs(layer);
  const ap_uint<22> all = by_code ? layer.inputs * tiles(layer) : layer.outputs * steps(layer);
  const ap_uint<24> quarters = all * step_quarters(layer.code_bits);
  return (quarters + 3) / 4;
}

// The layer's inputs, as the previous layer gives them: for a GRU, one beside each of its sums.
inline width_t taken(const Layer& layer) { return recurs(layer) ? layer.outputs : layer.inputs; }

// What the layer writes to the activation memory; the sums of a memory become outputs there.
inline width_t stored(const Layer& layer) { return recurs(layer) ? layer.units : layer.outputs; }

// The layer's outputs, as the next layer takes them.
inline width_t width_of(const Layer& layer) {
  return remembers(layer) || recurs(layer) ? layer.units : layer.outputs;
}

// The most units of a recurrent layer: more have too many beats even of 2 bits.
constexpr int MOST_RECURRENT = 208;
static_assert(GATES * (MOST_RECURRENT + 1) * ((MOST_RECURRENT + PORT_LANES) / PORT_LANES) * 2 >
                  4 * spec::RECURRENT_DEPTH,
              "no model has layers with more units");

// Whether a word of an activation's header fits the memory.
inline bool storable(activation_t word) {
  constexpr int END = 1 << (spec::STORED_BITS - 1);
  return word >= -END && word < END;
}

// Whether the kernel can run the layer on the `given` outputs of the previous one with the beats
// left, and its memory beside the units `before` it: a damaged header must not cause a read or
// write out of range.
inline bool runnable(const Layer& layer, width_t given, groups_t groups, width_t before,
                     const Reader& reader) {
  const bool widths = taken(layer) == given && layer.inputs > 0 && layer.outputs > 0 &&
                      layer.outputs <= spec::MAX_WIDTH;
  const bool bits = (layer.code_bits >= 2 && layer.code_bits <= 4) || layer.code_bits == 8;
  const bool curved =
      layer.activation == spec::ACTIVATION_SIGMOID || layer.activation == spec::ACTIVATION_TANH;
  const bool word = layer.output_bits < spec::ACTIVATION_BITS &&
                    (!curved || layer.output_bits + layer.places == spec::CURVE_INPUT_BITS);
  const bool cell = remembers(layer) || recurs(layer);
  const bool stays = curved || cell || layer.output_bits < spec::STORED_BITS;
  const bool limits =
      layer.activation != spec::ACTIVATION_CLIP || (storable(layer.low) && storable(layer.high));
  const bool known = layer.whole && layer.activation <= spec::ACTIVATION_GRU;
  const bool memory = !cell || (layer.outputs == GATES * layer.units && layer.shift > 0 &&
                                layer.output_bits == spec::CURVE_INPUT_BITS &&
                                before + layer.units <= spec::MAX_UNITS);
  const bool kept =
      !recurs(layer) || (layer.inputs == layer.units && layer.units <= MOST_RECURRENT &&
                         code_beats(layer) <= spec::KEPT_DEPTH);
  const bool fits = (units(taken(layer)) + units(stored(layer))) * groups <= spec::ACTIVATION_DEPTH;
  const beats_t needed = lut_beats(layer) + bias_beats(layer) + code_beats(layer);
  return known && memory && kept && widths && bits && word && stays && limits && fits &&
         needed <= reader.left;
}
