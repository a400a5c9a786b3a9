#include "cores.hpp"
#include "kernels.hpp"

#if NIBBLESTREAM_PORTS == 2
void lut_mac(axis_stream& magnitude, axis_stream& codes, axis_stream& codes_high,
             axis_stream& network, ap_uint<8> frames, ap_uint<32> beats, ap_uint<1> bank,
             ap_uint<1> reset, ap_uint<32> raw_in, ap_uint<32> raw_out, ap_uint<32>* digest,
             ap_uint<32>* identity) {
#pragma HLS INTERFACE axis port = codes_high
#else
void lut_mac(axis_stream& magnitude, axis_stream& codes, axis_stream& network, ap_uint<8> frames,
             ap_uint<32> beats, ap_uint<1> bank, ap_uint<1> reset, ap_uint<32> raw_in,
             ap_uint<32> raw_out, ap_uint<32>* digest, ap_uint<32>* identity) {
#endif
#pragma HLS INTERFACE axis port = magnitude
#pragma HLS INTERFACE axis port = codes
#pragma HLS INTERFACE axis port = network
#pragma HLS INTERFACE s_axilite port = frames bundle = control
#pragma HLS INTERFACE s_axilite port = beats bundle = control
#pragma HLS INTERFACE s_axilite port = bank bundle = control
#pragma HLS INTERFACE s_axilite port = reset bundle = control
#pragma HLS INTERFACE s_axilite port = raw_in bundle = control
#pragma HLS INTERFACE s_axilite port = raw_out bundle = control
#pragma HLS INTERFACE s_axilite port = digest bundle = control
#pragma HLS INTERFACE s_axilite port = identity bundle = control
#pragma HLS INTERFACE s_axilite port = return bundle = control
#pragma HLS DATAFLOW  // stripping, computing and adding overlap
  beat_stream magnitudes("lut_mac.magnitude"), outputs("lut_mac.network");
  codes_stream words("lut_mac.codes");
  strip_block(magnitude, magnitudes, frames, raw_in);
#if NIBBLESTREAM_PORTS == 2
  strip_both(codes_high, codes, words, frames, beats);
#else
  strip_codes(codes, words, frames, beats);
#endif
  lut_mac_core(magnitudes, words, outputs, frames, beats, bank, reset, raw_in, raw_out, digest);
  add_block(outputs, network, frames, raw_out);
  identify(identity);
}
