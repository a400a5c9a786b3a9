#include "cores.hpp"
#include "kernels.hpp"

void cordic_rotation(axis_stream& network, axis_stream& polar, axis_stream& spectrum,
                     ap_uint<6> frames, ap_uint<32>* identity) {
#pragma HLS INTERFACE axis port = network
#pragma HLS INTERFACE axis port = polar
#pragma HLS INTERFACE axis port = spectrum
#pragma HLS INTERFACE s_axilite port = frames bundle = control
#pragma HLS INTERFACE s_axilite port = identity bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS DATAFLOW
  beat_stream words("rotation.network"), polars("rotation.polar"), bins("rotation.spectrum");
  strip(network, words, block_beats(frames));
  strip(polar, polars, block_beats(frames));
  rotation_core(words, polars, bins, frames);
  add(bins, spectrum, block_beats(frames));
  identify(identity);
}
