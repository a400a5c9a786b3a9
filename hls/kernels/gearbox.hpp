// Gearbox of the code stream: beats in, the codes of one step out, and a digest of all beats read.
#pragma once

#include "digest.hpp"

// The beats left of the number announced, and the digest of those read. No read goes beyond them:
// headers are read only if beats are left, and each layer's beats are counted before it runs.
struct Reader {
  beats_t left;
  beat_t digest;
};

inline beat_t next_beat(beat_stream& codes, Reader& reader) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const beat_t beat = codes.read();
  reader.digest = digested(reader.digest, beat);
  reader.left = reader.left - 1;
  return beat;
}

// A step takes 2, 3 or 4 quarters of a beat (16 codes of 2, 3, 4 bits, or 8 of 8); up to three
// quarters of a beat are kept for the next step.
constexpr int QUARTER_BITS = spec::BEAT_BITS / 4;

struct Gearbox {
  beat_t rest;
  ap_uint<2> quarters;  // in `rest`
};

inline ap_uint<3> step_quarters(ap_uint<4> code_bits) {
  return code_bits < 4 ? ap_uint<3>(code_bits) : ap_uint<3>(4);
}
static_assert(spec::LANES == QUARTER_BITS, "16 codes of n bits are n quarters of a beat");

// The next step's codes, in the lowest bits; the bits above them are not cleared. `beat` is the
// next one if the box holds too few quarters, else 0.
inline beat_t geared(Gearbox& box, beat_t beat, ap_uint<3> take) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const bool refill = box.quarters < take;
  const beat_t word = box.rest | (beat << (QUARTER_BITS * box.quarters));
  const ap_uint<3> there = refill ? ap_uint<3>(box.quarters + 4) : ap_uint<3>(box.quarters);
  box.rest =
      refill ? beat >> (QUARTER_BITS * (take - box.quarters)) : box.rest >> (QUARTER_BITS * take);
  box.quarters = there - take;
  return word;
}

// The same, from a stream.
inline beat_t next_codes(beat_stream& codes, Reader& reader, Gearbox& box, ap_uint<3> take) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const bool refill = box.quarters < take;
  return geared(box, refill ? next_beat(codes, reader) : beat_t(0), take);
}
