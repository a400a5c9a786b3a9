// Digest of a stream's beats, updated with each beat: the hardware of code_stream.digest.
//
// A 64-bit register is rotated left by a bit before each beat is XORed into it. A single wrong bit,
// in memory or in transfer, always changes the digest.
#pragma once

#include "words.hpp"

inline beat_t digested(beat_t digest, beat_t beat) {
  return ((digest << 1) | (digest >> (spec::BEAT_BITS - 1))) ^ beat;
}

// XOR of both halves; zero is reserved for a refused stream.
inline digest_t folded(beat_t digest) {
  const digest_t word = bits_of<0, 32>(digest) ^ bits_of<32, 32>(digest);
  return word == 0 ? digest_t(1) : word;
}
