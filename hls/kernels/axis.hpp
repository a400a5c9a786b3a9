// AXI4-Stream ports of a kernel: strip the side channels from inputs, add them to outputs.
#pragma once

#include <ap_axi_sdata.h>

#include "words.hpp"

using axis_t = ap_axiu<spec::BEAT_BITS, 0, 0, 0>;
using axis_stream = hls::stream<axis_t>;
constexpr int ALL_BYTES = (1 << spec::BEAT_BITS / 8) - 1;

inline void strip(axis_stream& from, beat_stream& to, beats_t beats) {
STRIP:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 129 max = 822037
#pragma HLS PIPELINE II = 1  // one beat per clock
    const axis_t word = from.read();
    to.write(word.data);
  }
}

// Strip a block of spectra, magnitudes or rows.
inline void strip_block(axis_stream& from, beat_stream& to, frames_t frames, beats_t raw) {
  strip(from, to, block_beats(frames, raw));
}

// Strip the codes for a block; with 0 frames the kernel reads none.
inline beats_t codes_of(frames_t frames, beats_t beats) {
  return accepted(frames) == 0 ? beats_t(0) : beats;
}

inline void strip_codes(axis_stream& from, codes_stream& to, frames_t frames, beats_t beats) {
STRIP_CODES:
  for (beats_t left = codes_of(frames, beats); left > 0; left = left - 1) {
#pragma HLS LOOP_TRIPCOUNT min = 129 max = 822037
#pragma HLS PIPELINE II = 1  // one beat per clock
    const axis_t word = from.read();
    codes_t codes;
    codes.port[0] = word.data;
    to.write(codes);
  }
}

#if NIBBLESTREAM_PORTS == 2
// The same from two memory ports, a beat of each at once.
inline void strip_both(axis_stream& high, axis_stream& low, codes_stream& to, frames_t frames,
                       beats_t beats) {
STRIP_BOTH:
  for (beats_t left = codes_of(frames, beats); left > 0; left = left - 1) {
#pragma HLS LOOP_TRIPCOUNT min = 129 max = 411019
#pragma HLS PIPELINE II = 1  // one beat of each port per clock
    const axis_t first = low.read(), second = high.read();
    codes_t codes;
    codes.port[0] = first.data;
    codes.port[1] = second.data;
    to.write(codes);
  }
}
#endif

// TLAST marks a block's last beat: without it a DMA transfer never ends.
inline void add_block(beat_stream& from, axis_stream& to, frames_t frames, beats_t raw) {
  const beats_t beats = block_beats(frames, raw);
ADD:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
#pragma HLS PIPELINE II = 1  // one beat per clock
    axis_t word;
    word.data = from.read();
    word.keep = ALL_BYTES;
    word.strb = ALL_BYTES;
    word.last = i + 1 == beats;
    to.write(word);
  }
}

// The version of the kernel, which the driver checks first.
inline void identify(ap_uint<32>* identity) { *identity = spec::IDENTITY; }
