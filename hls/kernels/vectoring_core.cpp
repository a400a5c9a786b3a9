#include "cordic.hpp"
#include "cores.hpp"
#include "digest.hpp"

void vectoring_core(beat_stream& spectrum, beat_stream& magnitude, beat_stream& polar,
                    frames_t frames, beats_t raw, digest_t* digest) {
  const beats_t beats = block_beats(frames, raw);
  beat_t sum = 0;
VECTORING:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
#pragma HLS PIPELINE II = 1  // one bin per clock, the rate of the DMA
    const beat_t beat = spectrum.read();
    sum = digested(sum, beat);
    if (raw != 0) {
      magnitude.write(beat);
      continue;
    }
    const Polar found = vector(signed_field<spec::SPECTRUM_BEAT_RE>(beat),
                               signed_field<spec::SPECTRUM_BEAT_IM>(beat));
    magnitude.write(placed<spec::MAGNITUDE_BEAT_MAGNITUDE>(found.magnitude));
    polar.write(placed<spec::POLAR_BEAT_MAGNITUDE>(found.magnitude) |
                placed<spec::POLAR_BEAT_PHASE>(found.phase));
  }
  *digest = folded(sum);
}
