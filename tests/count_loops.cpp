// Runs one block of zeros through lut_mac, compiled to count its lines: from standard input the
// frames and the beats of rows in and out (0: spectra), then the stream of codes, 64 bits each.
#include <cstdint>
#include <cstdio>

#include "cores.hpp"

int main() {
  beat_stream magnitude("magnitude"), network("network");
  codes_stream codes("codes");
  std::uint64_t block[3] = {}, beat = 0;
  if (std::fread(block, sizeof beat, 3, stdin) != 3) return 2;
  codes_t beats;
  for (int port = 0; std::fread(&beat, sizeof beat, 1, stdin) == 1;) {
    beats.port[port] = beat;
    port = (port + 1) % spec::PORTS;
    if (port == 0) codes.write(beats);
  }
  const frames_t frames = block[0];
  const beats_t raw_in = block[1], raw_out = block[2];
  for (beats_t i = 0; i < block_beats(frames, raw_in); i = i + 1) magnitude.write(0);
  digest_t digest = 0;
  lut_mac_core(magnitude, codes, network, frames, codes.size(), 0, 1, raw_in, raw_out, &digest);
  return digest == 0;  // refused
}
