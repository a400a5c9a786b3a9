#include "cores.hpp"
#include "kernels.hpp"

void cordic_rotation(axis_stream& network, axis_stream& polar, axis_stream& spectrum,
                     ap_uint<8> frames, ap_uint<32> raw, ap_uint<32>* digest,
                     ap_uint<32>* identity) {
#pragma HLS INTERFACE axis port = network
#pragma HLS INTERFACE axis port = polar
#pragma HLS INTERFACE axis port = spectrum
#pragma HLS INTERFACE s_axilite port = frames bundle = control
#pragma HLS INTERFACE s_axilite port = raw bundle = control
#pragma HLS INTERFACE s_axilite port = digest bundle = control
#pragma HLS INTERFACE s_axilite port = identity bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS DATAFLOW  // stripping, computing and adding overlap
  beat_stream words("rotation.network"), polars("rotation.polar"), bins("rotation.spectrum");
  strip_block(network, words, frames, raw);
  strip_block(polar, polars, raw == 0 ? frames : frames_t(0), 0);
  rotation_core(words, polars, bins, frames, raw, digest);
  add_block(bins, spectrum, frames, raw);
  identify(identity);
}
