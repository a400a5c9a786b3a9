// AXI4-Stream at the rim of a kernel: the side channels are taken off and put on here.
#pragma once

#include <ap_axi_sdata.h>

#include "words.hpp"

using axis_t = ap_axiu<spec::BEAT_BITS, 0, 0, 0>;
using axis_stream = hls::stream<axis_t>;

// How many beats a block of spectra, magnitudes or the like has.
inline beats_t block_beats(frames_t frames) { return frames * spec::BINS; }

inline void strip(axis_stream& from, beat_stream& to, beats_t beats) {
STRIP:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 129 max = 524288
#pragma HLS PIPELINE II = 1
    const axis_t word = from.read();
    to.write(word.data);
  }
}

// TLAST marks the last beat: without it a DMA never ends.
inline void add(beat_stream& from, axis_stream& to, beats_t beats) {
ADD:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 129 max = 4128
#pragma HLS PIPELINE II = 1
    axis_t word;
    word.data = from.read();
    word.keep = -1;
    word.strb = -1;
    word.last = i + 1 == beats;
    to.write(word);
  }
}

// A constant that the driver reads before it trusts anything else.
inline void identify(ap_uint<32>* identity) { *identity = spec::IDENTITY; }
