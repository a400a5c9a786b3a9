// Runs one block of silence through lut_mac, compiled to count its lines: from standard input the
// frames, then the stream of codes, 64 bits each.
#include <cstdint>
#include <cstdio>

#include "cores.hpp"

int main() {
  beat_stream magnitude("magnitude"), codes("codes"), network("network");
  std::uint64_t frames = 0, beat = 0;
  if (std::fread(&frames, sizeof frames, 1, stdin) != 1) return 2;
  while (std::fread(&beat, sizeof beat, 1, stdin) == 1) codes.write(beat);
  for (std::uint64_t i = 0; i < frames * spec::BINS; ++i) magnitude.write(0);
  digest_t digest = 0;
  lut_mac_core(magnitude, codes, network, frames, codes.size(), 0, 1, 0, 0, &digest);
  return digest == 0;  // refused
}
