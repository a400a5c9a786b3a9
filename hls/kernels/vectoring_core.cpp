#include "cordic.hpp"
#include "cores.hpp"
#include "digest.hpp"

void vectoring_core(beat_stream& spectrum, beat_stream& magnitude, beat_stream& polar,
                    frames_t frames, digest_t* digest) {
  const frames_t count = accepted(frames);  // computed here, so that the loops are flattened
  beat_t sum = 0;
VECTORING_FRAME:
  for (frames_t frame = 0; frame < count; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  VECTORING:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1  // one bin per clock, the rate of the DMA
      const beat_t beat = spectrum.read();
      sum = digested(sum, beat);
      const Polar found = vector(signed_field<spec::SPECTRUM_BEAT_RE>(beat),
                                 signed_field<spec::SPECTRUM_BEAT_IM>(beat));
      magnitude.write(placed<spec::MAGNITUDE_BEAT_MAGNITUDE>(found.magnitude));
      polar.write(placed<spec::POLAR_BEAT_MAGNITUDE>(found.magnitude) |
                  placed<spec::POLAR_BEAT_PHASE>(found.phase));
    }
  }
  *digest = folded(sum);
}
