// cordic_vectoring against its golden vectors.
#include "golden.hpp"

namespace {

void block(golden::Vectors& vectors) {
  static axis_stream spectrum("spectrum"), magnitude("magnitude"), polar("polar");
  ap_uint<32> digest = 0, identity = 0;

  const ap_uint<8> frames = vectors.argument();
  const ap_uint<32> raw = vectors.argument();
  vectors.feed(spectrum);
  cordic_vectoring(spectrum, magnitude, polar, frames, raw, &digest, &identity);
  vectors.expect_taken("spectrum", spectrum);
  vectors.expect_stream("magnitude", magnitude);
  vectors.expect_stream("polar", polar);
  vectors.expect_register("digest", digest);
  vectors.expect_register("identity", identity);
}

}  // namespace

int main(int argc, char** argv) { return golden::run("cordic_vectoring", 0, argc, argv, block); }
