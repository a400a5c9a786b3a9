// lut_mac against its golden vectors.
#include "golden.hpp"

namespace {

void block(golden::Vectors& vectors) {
  static axis_stream magnitude("magnitude"), codes("codes"), network("network");
#if NIBBLESTREAM_PORTS == 2
  static axis_stream codes_high("codes_high");
#endif
  ap_uint<32> digest = 0, identity = 0;

  const ap_uint<8> frames = vectors.argument();
  const ap_uint<32> beats = vectors.argument();
  const ap_uint<1> bank = vectors.argument();
  const ap_uint<1> reset = vectors.argument();
  const ap_uint<32> raw_in = vectors.argument();
  const ap_uint<32> raw_out = vectors.argument();
  vectors.feed(magnitude);
  vectors.feed(codes);
#if NIBBLESTREAM_PORTS == 2
  vectors.feed(codes_high);
  lut_mac(magnitude, codes, codes_high, network, frames, beats, bank, reset, raw_in, raw_out,
          &digest, &identity);
  vectors.expect_taken("codes_high", codes_high);
#else
  lut_mac(magnitude, codes, network, frames, beats, bank, reset, raw_in, raw_out, &digest,
          &identity);
#endif
  vectors.expect_taken("magnitude", magnitude);
  vectors.expect_taken("codes", codes);
  vectors.expect_stream("network", network);
  vectors.expect_register("digest", digest);
  vectors.expect_register("identity", identity);
}

}  // namespace

int main(int argc, char** argv) { return golden::run("lut_mac", 1, argc, argv, block); }
