// The kernels without their AXI side channels: plain streams of 64-bit beats, layouts in spec.py.
// Each call processes one block: `frames` frames of spec::BINS bins, frame by frame, or as many
// rows of values, in as many beats as `raw`, `raw_in` and `raw_out` say; 0 of them means spectra.
// `digest` is the digest (digest.hpp) of the beats that come from memory or go to it.
#pragma once

#include "words.hpp"

// Real and imaginary parts -> magnitudes for lut_mac; magnitudes and phases for cordic_rotation.
// Rows pass to `magnitude` as they are.
void vectoring_core(beat_stream& spectrum, beat_stream& magnitude, beat_stream& polar,
                    frames_t frames, beats_t raw, digest_t* digest);

// Magnitudes -> the network's gains or magnitudes; rows of inputs -> rows of outputs. `codes`
// carries the whole model in `beats` beats of each memory port (code_stream.py). For spectra, the
// state before the block is read from `bank` (or taken as empty: `reset`) and the state after it
// written to the other bank, so a block can be repeated. `digest` is 0 if the stream of codes was
// refused: then all outputs are zero.
void lut_mac_core(beat_stream& magnitude, codes_stream& codes, beat_stream& network,
                  frames_t frames, beats_t beats, flag_t bank, flag_t reset, beats_t raw_in,
                  beats_t raw_out, digest_t* digest);

// The network's outputs, with the magnitudes and phases from cordic_vectoring -> spectra. Rows pass
// from `network` as they are.
void rotation_core(beat_stream& network, beat_stream& polar, beat_stream& spectrum, frames_t frames,
                   beats_t raw, digest_t* digest);
