// Simulate by_code_slice, which yosys converts to C++ (write_cxxrtl), with stimuli from standard
// input: for each clock the inputs, in the order below, 64 bits each. Print each valid result.
#include <cstdint>
#include <cstdio>

#include "by_code_slice.cc"

int main() {
  cxxrtl_design::p_by__code__slice slice;
  std::uint64_t in[21];
  while (std::fread(in, sizeof in, 1, stdin) == 1) {
    slice.p_clk.set(false);
    slice.p_activation__write.set(in[0]);
    slice.p_activation__address.set(in[1]);
    slice.p_activation.set(in[2]);
    slice.p_add.set(in[3]);
    slice.p_first.set(in[4]);
    slice.p_half.set(in[5]);
    slice.p_bank.set(in[6]);
    slice.p_address.set(in[7]);
    slice.p_codes.set(in[8]);
    slice.p_drain.set(in[9]);
    slice.p_begins.set(in[10]);
    slice.p_ends.set(in[11]);
    slice.p_code.set(in[12]);
    slice.p_turn.set(in[13]);
    slice.p_weight.set(in[14]);
    slice.p_take.set(in[15]);
    slice.p_which.set(in[16]);
    slice.p_bias.set(in[17]);
    slice.p_shift.set(in[18]);
    slice.p_high.set(in[19]);
    slice.p_relu.set(in[20]);
    slice.step();
    slice.p_clk.set(true);
    slice.step();
    if (slice.p_valid.get<bool>()) std::printf("%u\n", slice.p_result.get<unsigned>());
  }
}
