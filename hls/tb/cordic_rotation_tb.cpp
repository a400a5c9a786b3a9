// cordic_rotation against its golden vectors.
#include "golden.hpp"

namespace {

void block(golden::Vectors& vectors) {
  static axis_stream network("network"), polar("polar"), spectrum("spectrum");
  ap_uint<32> digest = 0, identity = 0;

  const ap_uint<8> frames = vectors.argument();
  const ap_uint<32> raw = vectors.argument();
  vectors.feed(network);
  vectors.feed(polar);
  cordic_rotation(network, polar, spectrum, frames, raw, &digest, &identity);
  vectors.expect_taken("network", network);
  vectors.expect_taken("polar", polar);
  vectors.expect_stream("spectrum", spectrum);
  vectors.expect_register("digest", digest);
  vectors.expect_register("identity", identity);
}

}  // namespace

int main(int argc, char** argv) { return golden::run("cordic_rotation", 2, argc, argv, block); }
