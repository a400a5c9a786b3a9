// Simulate activation.v, which yosys converts to C++ (write_cxxrtl), with stimuli from standard
// input: for each clock the inputs, in the order below, 64 bits each. Print each valid result.
#include <cstdint>
#include <cstdio>

#include "activation.cc"

int main() {
  cxxrtl_design::p_activation lane;
  std::uint64_t in[7];
  while (std::fread(in, sizeof in, 1, stdin) == 1) {
    lane.p_clk.set(false);
    lane.p_shifted.set(in[0]);
    lane.p_low.set(in[1]);
    lane.p_high.set(in[2]);
    lane.p_places.set(in[3]);
    lane.p_curved.set(in[4]);
    lane.p_sigmoid.set(in[5]);
    lane.p_step.set(in[6]);
    lane.step();
    lane.p_clk.set(true);
    lane.step();
    if (lane.p_valid.get<bool>()) std::printf("%u\n", lane.p_result.get<unsigned>());
  }
}
