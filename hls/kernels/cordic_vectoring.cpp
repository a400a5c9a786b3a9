#include "cores.hpp"
#include "kernels.hpp"

void cordic_vectoring(axis_stream& spectrum, axis_stream& magnitude, axis_stream& polar,
                      ap_uint<8> frames, ap_uint<32> raw, ap_uint<32>* digest,
                      ap_uint<32>* identity) {
#pragma HLS INTERFACE axis port = spectrum
#pragma HLS INTERFACE axis port = magnitude
#pragma HLS INTERFACE axis port = polar
#pragma HLS INTERFACE s_axilite port = frames bundle = control
#pragma HLS INTERFACE s_axilite port = raw bundle = control
#pragma HLS INTERFACE s_axilite port = digest bundle = control
#pragma HLS INTERFACE s_axilite port = identity bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS DATAFLOW  // stripping, computing and adding overlap
  beat_stream bins("vectoring.spectrum"), magnitudes("vectoring.magnitude"),
      polars("vectoring.polar");
  strip_block(spectrum, bins, frames, raw);
  vectoring_core(bins, magnitudes, polars, frames, raw, digest);
  add_block(magnitudes, magnitude, frames, raw);
  add_block(polars, polar, raw == 0 ? frames : frames_t(0), 0);
  identify(identity);
}
