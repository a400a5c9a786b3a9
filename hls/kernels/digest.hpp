// A digest of a stream's beats as they pass: code_stream.digest in hardware.
//
// One 64-bit register that turns left by a bit before each beat is added without carries. A single
// wrong bit always shows, in memory or on its way from there.
#pragma once

#include "words.hpp"

inline beat_t digested(beat_t digest, beat_t beat) {
  return ((digest << 1) | (digest >> (spec::BEAT_BITS - 1))) ^ beat;
}

// Both halves in one word; zero is kept for a refused stream.
inline digest_t folded(beat_t digest) {
  const digest_t word = bits_of<0, 32>(digest) ^ bits_of<32, 32>(digest);
  return word == 0 ? digest_t(1) : word;
}
