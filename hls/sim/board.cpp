// Simulation of the design: the three kernels between two DMAs, wired as in the overlay.
// Each is a process; process.hpp says when a deadlock on a board is one here.
//
// Called by the Python package (backends/csim.py). The kernels keep state in static memories, as in
// hardware, so one loaded library is one board.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "cores.hpp"
#include "process.hpp"

static_assert(spec::POLAR_DEPTH >= spec::BLOCK * spec::BINS,
              "lut_mac reads a whole block before it sends anything");

namespace {

constexpr std::size_t BURST = 256;  // beats in a DMA's buffer or a short FIFO

void send(beat_stream& to, const std::uint64_t* beats, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to.write(beats[i]);
}

void send_codes(codes_stream& to, const std::uint64_t* beats, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    codes_t word;
    for (int port = 0; port < spec::PORTS; ++port) word.port[port] = *beats++;
    to.write(word);
  }
}

void receive(beat_stream& from, std::uint64_t* beats, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) beats[i] = from.read();
}

}  // namespace

// A block: the registers' values and the DMAs' data.
struct Block {
  const std::uint64_t* spectrum;
  std::uint64_t spectrum_beats;
  const std::uint64_t* codes;
  std::uint64_t code_beats;
  std::uint64_t* enhanced;
  std::uint32_t frames, beats, bank, reset, raw_in, raw_out;
  std::uint32_t spectrum_digest, codes_digest, enhanced_digest;  // out
};

// Run a block. Returns 0, or 1 with the reason in `error`. The only symbol that is exported.
extern "C" __attribute__((visibility("default"))) int nibblestream_run(Block* block, char* error,
                                                                       std::size_t size) {
  beat_stream spectrum("spectrum (DMA 0 to cordic_vectoring)", BURST);
  beat_stream magnitude("magnitude (cordic_vectoring to lut_mac)", BURST);
  beat_stream polar("polar (cordic_vectoring to cordic_rotation)", spec::POLAR_DEPTH);
  codes_stream codes("codes (DMA 1 to lut_mac)", BURST);
  beat_stream network("network (lut_mac to cordic_rotation)", BURST);
  beat_stream enhanced("enhanced (cordic_rotation to DMA 0)", BURST);
  const frames_t frames = block->frames;
  const beats_t raw_in = block->raw_in, raw_out = block->raw_out;
  const std::size_t expected =
      block->raw_out != 0 ? block->raw_out : std::size_t{block->frames} * spec::BINS;
  digest_t spectrum_digest = 0, codes_digest = 0, enhanced_digest = 0;
  try {
    sim::Schedule(
        {
            {"DMA 0 (read)", [&] { send(spectrum, block->spectrum, block->spectrum_beats); }},
            {"DMA 1", [&] { send_codes(codes, block->codes, block->code_beats / spec::PORTS); }},
            {"cordic_vectoring",
             [&] { vectoring_core(spectrum, magnitude, polar, frames, raw_in, &spectrum_digest); }},
            {"lut_mac",
             [&] {
               lut_mac_core(magnitude, codes, network, frames, block->beats, block->bank,
                            block->reset, raw_in, raw_out, &codes_digest);
             }},
            {"cordic_rotation",
             [&] { rotation_core(network, polar, enhanced, frames, raw_out, &enhanced_digest); }},
            {"DMA 0 (write)", [&] { receive(enhanced, block->enhanced, expected); }},
        })
        .run();
  } catch (const std::exception& problem) {
    std::strncpy(error, problem.what(), size - 1);
    error[size - 1] = '\0';
    return 1;
  }
  block->spectrum_digest = static_cast<std::uint32_t>(spectrum_digest);
  block->codes_digest = static_cast<std::uint32_t>(codes_digest);
  block->enhanced_digest = static_cast<std::uint32_t>(enhanced_digest);
  return 0;
}
