// Rows of a network without spectra around it: several values per beat, in and out.
#pragma once

#include "layer.hpp"

constexpr int NARROW_PER_BEAT = spec::BEAT_BITS / spec::NARROW_VALUE_BITS;
constexpr int WIDE_PER_BEAT = spec::BEAT_BITS / spec::WIDE_VALUE_BITS;
static_assert(BANKS % NARROW_PER_BEAT == 0, "a beat's values lie in one word of the memory");

inline beats_t beats_per_row(width_t width, bool wide) {
  return wide ? (width + WIDE_PER_BEAT - 1) / WIDE_PER_BEAT
              : (width + NARROW_PER_BEAT - 1) / NARROW_PER_BEAT;
}

// Whether a block of rows fits the memory, and has as many beats as its registers say.
inline bool rows_fit(const Model& model, frames_t frames, groups_t groups, beats_t raw_in) {
  const bool width = model.inputs > 0 && model.inputs <= spec::MAX_WIDTH;
  const bool fits = units(model.inputs) * groups <= spec::ACTIVATION_DEPTH;
  const bool bits = !model.wide || spec::STORED_BITS == spec::ACTIVATION_BITS;
  return width && bits && fits && raw_in == beats_per_row(model.inputs, model.wide) * frames;
}

// The value of a beat for a bank; wide values have the bits of an activation.
inline stored_t value_of(beat_t beat, int bank, bool wide) {
#pragma HLS INLINE  // part of the calling pipeline
  const int place = wide ? bank % WIDE_PER_BEAT * spec::WIDE_VALUE_BITS
                         : bank % NARROW_PER_BEAT * spec::NARROW_VALUE_BITS;
  const beat_t bits = beat >> place;
  return wide ? stored_t(signed_bits_of<0, spec::STORED_BITS>(bits))
              : stored_t(signed_bits_of<0, spec::NARROW_VALUE_BITS>(bits));
}

// Fill the first layer's inputs, row by row; if the rows do not fit, take their beats only.
inline void load_rows(beat_stream& values, memory_t& memory, const Model& model, groups_t groups,
                      beats_t raw_in, bool fit) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  const int each = model.wide ? WIDE_PER_BEAT : NARROW_PER_BEAT;
  frames_t row = 0;
  width_t at = 0;
LOAD_ROWS:
  for (beats_t i = 0; i < raw_in; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
#pragma HLS PIPELINE II = 1  // one beat per clock
    const beat_t beat = values.read();
    if (!fit) continue;
    const address_t word = address(0, at.to_int(), row / FRAME_LANES, groups);
  VALUES:
    for (int bank = 0; bank < BANKS; ++bank) {
#pragma HLS UNROLL                   // all values of the beat in one clock
      const int first = at % BANKS;  // the bank of the beat's first value
      if (bank >= first && bank < first + each) {
        memory[word][bank][row % FRAME_LANES] = value_of(beat, bank, model.wide);
      }
    }
    const bool last = at + each >= model.inputs;
    at = last ? width_t(0) : width_t(at + each);
    row = last ? frames_t(row + 1) : row;
  }
}

// Send the last layer's outputs, two per beat, row by row; zeros if the stream was refused.
inline void send_rows(const memory_t& memory, beat_stream& network, width_t width, address_t from,
                      groups_t groups, beats_t raw_out, bool refused) {
#pragma HLS INLINE off  // a module for each loop and its pragmas
  frames_t row = 0;
  width_t at = 0;
SEND_ROWS:
  for (beats_t i = 0; i < raw_out; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
#pragma HLS PIPELINE II = 1  // one beat per clock
    beat_t beat = 0;
    const bool last = at + WIDE_PER_BEAT >= width;
    if (!refused) {
      const address_t word = address(from, at.to_int(), row / FRAME_LANES, groups);
    OUTPUTS:
      for (int slot = 0; slot < WIDE_PER_BEAT; ++slot) {
#pragma HLS UNROLL  // both values of the beat in one clock
        using value_t = ap_int<spec::WIDE_VALUE_BITS>;
        value_t value = 0;
        if (at + slot < width) value = memory[word][at % BANKS + slot][row % FRAME_LANES];
        const ap_uint<spec::WIDE_VALUE_BITS> bits =
            value & ((std::int64_t(1) << spec::WIDE_VALUE_BITS) - 1);
        beat = beat | (beat_t(bits) << (slot * spec::WIDE_VALUE_BITS));
      }
    }
    network.write(beat);
    at = last ? width_t(0) : width_t(at + WIDE_PER_BEAT);
    row = last ? frames_t(row + 1) : row;
  }
}
