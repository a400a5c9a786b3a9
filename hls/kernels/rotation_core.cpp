#include "cordic.hpp"
#include "cores.hpp"
#include "digest.hpp"

namespace {

// The output magnitude: the network's output, or its gain times the noisy magnitude.
magnitude_t output_magnitude(beat_t network, magnitude_t noisy) {
  const magnitude_t value = field<spec::NETWORK_BEAT_VALUE>(network);
  const bool is_gain = field<spec::NETWORK_BEAT_IS_GAIN>(network) != 0;
  if (!is_gain) return value;
  using gain_t = ap_int<spec::GAIN_BITS>;  // 0 to 1
  using product_t = ap_int<spec::MAGNITUDE_BITS + 1 + spec::GAIN_BITS>;
  const activation_t magnitude = noisy;
  const product_t product = magnitude * gain_t(value);
  return round_shift(product, spec::GAIN_FRAC);
}

// A bin of the enhanced spectrum.
beat_t enhanced(beat_t network, beat_t noisy) {
  Polar clean;
  clean.magnitude = output_magnitude(network, field<spec::POLAR_BEAT_MAGNITUDE>(noisy));
  clean.phase = field<spec::POLAR_BEAT_PHASE>(noisy);
  const Vector turned = rotate(clean);
  return placed_signed<spec::SPECTRUM_BEAT_RE>(to_part(turned.x)) |
         placed_signed<spec::SPECTRUM_BEAT_IM>(to_part(turned.y));
}

}  // namespace

void rotation_core(beat_stream& network, beat_stream& polar, beat_stream& spectrum, frames_t frames,
                   beats_t raw, digest_t* digest) {
  const beats_t beats = block_beats(frames, raw);
  beat_t sum = 0;
ROTATION:
  for (beats_t i = 0; i < beats; i = i + 1) {
#pragma HLS LOOP_TRIPCOUNT min = 1 max = 32768
#pragma HLS PIPELINE II = 1  // one bin per clock, the rate of the DMA
    const beat_t word = network.read();
    const beat_t beat = raw != 0 ? word : enhanced(word, polar.read());
    sum = digested(sum, beat);
    spectrum.write(beat);
  }
  *digest = folded(sum);
}
