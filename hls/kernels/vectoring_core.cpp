#include "cores.hpp"
#include "cordic.hpp"

void vectoring_core(beat_stream& spectrum, beat_stream& magnitude, beat_stream& polar,
                    frames_t frames) {
VECTORING_FRAME:
  for (frames_t frame = 0; frame < frames; frame = frame + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32
  VECTORING:
    for (bin_t bin = 0; bin < spec::BINS; bin = bin + 1) {
#pragma HLS PIPELINE II = 1  // a bin a clock, as the DMA delivers them
      const beat_t beat = spectrum.read();
      const Polar found =
          vector(signed_field<spec::SPECTRUM_BEAT_RE_LOW, spec::SPECTRUM_BEAT_RE_BITS>(beat),
                 signed_field<spec::SPECTRUM_BEAT_IM_LOW, spec::SPECTRUM_BEAT_IM_BITS>(beat));
      magnitude.write(beat_t(found.magnitude) << spec::MAGNITUDE_BEAT_MAGNITUDE_LOW);
      polar.write((beat_t(found.magnitude) << spec::POLAR_BEAT_MAGNITUDE_LOW) |
                  (beat_t(found.phase) << spec::POLAR_BEAT_PHASE_LOW));
    }
  }
}
