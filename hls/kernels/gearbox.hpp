// Gearbox of the code stream: beats in, the codes of one step out, and a digest of all beats read.
#pragma once

#include "digest.hpp"

// The beats left of the number announced, and the digest of those read. No read goes beyond them:
// headers are read only if beats are left, and each layer's beats are counted before it runs.
struct Reader {
  beats_t left;
  beat_t digest;
};

// The next beat of each memory port.
inline codes_t next_beats(codes_stream& codes, Reader& reader) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const codes_t beats = codes.read();
PORTS:
  for (int port = 0; port < spec::PORTS; ++port) {
#pragma HLS UNROLL  // all in one clock
    reader.digest = digested(reader.digest, beats.port[port]);
  }
  reader.left = reader.left - 1;
  return beats;
}

// The next beat of the first port, which alone carries headers and tables.
inline beat_t next_beat(codes_stream& codes, Reader& reader) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const codes_t beats = next_beats(codes, reader);
  return beats.port[0];
}

// A step takes 2, 3 or 4 quarters of each port's beat (16 codes of 2, 3, 4 bits, or 8 of 8); up to
// three quarters of a beat are kept for the next step.
constexpr int QUARTER_BITS = spec::BEAT_BITS / 4;
constexpr int PORT_LANES = spec::LANES / spec::PORTS;

struct Gearbox {
  codes_t rest;
  ap_uint<2> quarters;  // in each beat of `rest`
};

inline Gearbox empty_box() {
  Gearbox box;
PORTS:
  for (int port = 0; port < spec::PORTS; ++port) {
#pragma HLS UNROLL  // all in one clock
    box.rest.port[port] = 0;
  }
  box.quarters = 0;
  return box;
}

inline ap_uint<3> step_quarters(ap_uint<4> code_bits) {
  return code_bits < 4 ? ap_uint<3>(code_bits) : ap_uint<3>(4);
}
static_assert(PORT_LANES == QUARTER_BITS, "16 codes of n bits are n quarters of a beat");

// The next step's codes, in the lowest bits of each beat; the bits above them are not cleared.
// `beats` are the next ones if the box holds too few quarters, else anything.
inline codes_t geared(Gearbox& box, const codes_t& beats, ap_uint<3> take) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  const bool refill = box.quarters < take;
  codes_t words;
PORTS:
  for (int port = 0; port < spec::PORTS; ++port) {
#pragma HLS UNROLL  // all in one clock
    const beat_t rest = box.rest.port[port], beat = beats.port[port];
    words.port[port] = refill ? beat_t(rest | (beat << (QUARTER_BITS * box.quarters))) : rest;
    box.rest.port[port] =
        refill ? beat >> (QUARTER_BITS * (take - box.quarters)) : rest >> (QUARTER_BITS * take);
  }
  const ap_uint<3> there = refill ? ap_uint<3>(box.quarters + 4) : ap_uint<3>(box.quarters);
  box.quarters = there - take;
  return words;
}

// The same, from a stream.
inline codes_t next_codes(codes_stream& codes, Reader& reader, Gearbox& box, ap_uint<3> take) {
#pragma HLS INLINE  // its state must not cross a module boundary within a clock
  codes_t beats = box.rest;
  if (box.quarters < take) beats = next_beats(codes, reader);
  return geared(box, beats, take);
}
